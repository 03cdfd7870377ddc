package conformance_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/conformance"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// altered is a wire on which forms are changed, or answered, on their way.
type altered struct {
	next  http.RoundTripper
	alter func(form url.Values) (answer string)
	after func(form url.Values) error
}

func (a altered) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	if a.alter != nil {
		if answer := a.alter(form); answer != "" {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
		}
	}
	text := form.Encode()
	out := r.Clone(r.Context())
	out.Body, out.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	resp, err := a.next.RoundTrip(out)
	if err == nil && a.after != nil {
		err = a.after(form)
	}
	return resp, err
}

// leave has a run end without its cleaning, after it made both.
func leave(t *testing.T, sim *ec2sim.Server, id string) {
	t.Helper()
	dead := &failing{next: sim.Transport(), at: 8}
	dead.how = func(http.RoundTripper, *http.Request) (*http.Response, error) {
		dead.next = silent{}
		return nil, io.ErrUnexpectedEOF
	}
	cfg := config(dead)
	cfg.Run = id
	_, _ = conformance.Run(t.Context(), cfg)
	if left, err := conformance.Left(t.Context(), config(sim.Transport())); err != nil || len(left) == 0 {
		t.Fatalf("%v, %v", left, err)
	}
}

func TestWhatAListingDoesNotShowYetIsDeletedToo(t *testing.T) {
	for name, after := range map[string]func(stop func()) error{
		"the run is interrupted": func(stop func()) error { stop(); return nil },
		"the answer is lost":     func(func()) error { return io.ErrUnexpectedEOF },
	} {
		for _, creation := range []string{"CreateNatGateway", "CreateNetworkInterface"} {
			t.Run(creation+": "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sim := simulator(t, nil)
					if err := sim.Inject(ec2sim.Fault{Kind: "lagging-reads", Times: new(0), Delay: ec2sim.Duration(40 * time.Second)}); err != nil {
						t.Fatal(err)
					}
					ctx, stop := context.WithCancel(t.Context())
					defer stop()
					_, err := conformance.Run(ctx, config(altered{next: sim.Transport(), after: func(form url.Values) error {
						if form.Get("Action") == creation {
							return after(stop)
						}
						return nil
					}}))
					if err == nil {
						t.Error("nothing failed")
					}
					time.Sleep(5 * time.Minute) // a gateway takes its time to go
					wantNothingLeft(t, sim)
				})
			})
		}
	}
}

func TestCleanReadsEveryPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator(t, nil)
		leave(t, sim, run)
		paged := config(altered{next: sim.Transport(), alter: func(form url.Values) string {
			action := form.Get("Action")
			if !strings.HasPrefix(action, "DescribeN") {
				return ""
			}
			if form.Get("NextToken") == "" { // EC2 may answer with a page that has nothing but a token
				return "<" + action + "Response><requestId>r</requestId><nextToken>more</nextToken></" + action + "Response>"
			}
			form.Del("NextToken")
			return ""
		}})
		left, err := conformance.Left(t.Context(), paged)
		if err != nil || len(left) != 2 {
			t.Fatalf("%v, %v", left, err)
		}
		if err := conformance.Clean(t.Context(), paged, left); err != nil {
			t.Fatal(err)
		}
		wantNothingLeft(t, sim)
	})
}

// What was shown to a person is what goes: no other run's, which may be on its way, nothing
// in another VPC, and nothing whose tag says what no run would.
func TestCleanDeletesWhatWasShownAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator(t, func(w *ec2sim.World) {
			w.NatGateways[0].Tags = map[string]string{conformance.TagKey: "until Friday"}
		})
		leave(t, sim, run)
		left, err := conformance.Left(t.Context(), config(sim.Transport()))
		if err != nil || len(left) != 2 {
			t.Fatalf("%v, %v", left, err)
		}
		other := run[:len(run)-1] + "z"
		leave(t, sim, other)
		elsewhere := config(altered{next: sim.Transport(), alter: func(form url.Values) string {
			for key := range form { // an endpoint that knows no such filter
				if form.Get(key) == "vpc-00000000000000000" {
					form.Set(key, vpc)
				}
			}
			return ""
		}})
		elsewhere.VPC = "vpc-00000000000000000"
		if list, err := conformance.Left(t.Context(), elsewhere); err != nil || len(list) != 0 {
			t.Errorf("in another VPC: %v, %v", list, err)
		}
		if err := conformance.Clean(t.Context(), config(sim.Transport()), left); err != nil {
			t.Fatal(err)
		}
		rest, err := conformance.Left(t.Context(), config(sim.Transport()))
		if err != nil || len(rest) != 2 || rest[0].Run != other || rest[1].Run != other {
			t.Errorf("%v, %v", rest, err)
		}
		if g := sim.World().NatGateways[0]; g.State != "available" && g.State != "" {
			t.Errorf("somebody's gateway is %s", g.State)
		}
	})
}

// An answer that tells of another gateway than was asked for makes nobody's interface the run's.
func TestAnAnswerAboutAnotherGatewayIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator(t, nil)
		before := sim.World().NatGateways[0]
		_, err := conformance.Run(t.Context(), config(altered{next: sim.Transport(), alter: func(form url.Values) string {
			if form.Get("Action") == "DescribeNatGateways" && form.Get("NatGatewayId.1") != "" {
				form.Set("NatGatewayId.1", before.ID)
			}
			return ""
		}}))
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		for _, c := range sim.Calls() {
			if c.Parameters.Get("NetworkInterfaceId") == before.NetworkInterfaceID {
				t.Errorf("%s %v", c.Action, c.Parameters)
			}
		}
		wantNothingLeft(t, sim)
	})
}
