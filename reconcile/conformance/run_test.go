package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/seed-6ca89210/sluice/reconcile/conformance"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

const (
	vpc = "vpc-0123456789abcdef0"
	run = "20261122-120000-abcdef"
)

// account has a gateway and an interface of somebody's beside the free addresses.
const account = `
apiVersion: sluice/v1
kind: World
subnets:
  - {id: subnet-0a1b2c3d4e5f60001, vpcId: vpc-0123456789abcdef0, cidr: 10.0.1.0/24, reservations: [{cidr: 10.0.1.240/28, type: prefix}]}
  - {id: subnet-0a1b2c3d4e5f60002, vpcId: vpc-0123456789abcdef0, cidr: 10.0.2.0/28}
natGateways: [{id: nat-0ee3edd182361f662, subnetId: subnet-0a1b2c3d4e5f60001, primary: 10.0.1.10, secondary: [10.0.1.239]}]
networkInterfaces: [{id: eni-0065a61b324d1897a, subnetId: subnet-0a1b2c3d4e5f60001, primary: 10.0.1.100}]
`

func simulator(t *testing.T, change func(*ec2sim.World)) *ec2sim.Server {
	w, err := ec2sim.ParseWorld("account", []byte(account))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&w)
	}
	return ec2sim.New(w, ec2sim.Options{})
}

func config(transport http.RoundTripper) conformance.Config {
	return conformance.Config{
		AWS:       aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("tester", "secret", "")},
		Transport: transport, Endpoint: "http://sim", VPC: vpc, Run: run,
	}
}

// wantNothingLeft fails if anything is there that was not there before, or not as it was.
func wantNothingLeft(t *testing.T, sim *ec2sim.Server) {
	t.Helper()
	w := sim.World()
	for _, g := range w.NatGateways {
		if g.ID != "nat-0ee3edd182361f662" && g.State != "deleted" {
			t.Errorf("%s is left, %s", g.ID, g.State)
		}
	}
	if len(w.NetworkInterfaces) != 1 || len(w.NatGateways[0].Secondary) != 1 || len(w.NetworkInterfaces[0].Secondary) != 0 {
		t.Errorf("left: %+v, %+v", w.NetworkInterfaces, w.NatGateways[0])
	}
}

func TestTheAnswersAreThoseOfTheSimulatorsTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator(t, nil)
		got, err := conformance.Run(t.Context(), config(sim.Transport()))
		if err != nil {
			t.Fatal(err)
		}
		wantNothingLeft(t, sim)
		want := map[string]string{
			"gateway-missing": "NatGatewayNotFound", "gateway-pending": "IncorrectState", "gateway-deleting": "IncorrectState", "gateway-interface": "OperationNotPermitted",
			"unassign-primary": "InvalidParameterValue", "unassign-not-there": "InvalidParameterValue", "address-outside-subnet": "InvalidParameterValue",
			"address-taken": "InvalidParameterValue", "address-on-gateway-already": "InvalidParameterValue", "ninth-address": "PrivateIpAddressLimitExceeded",
			"several-one-taken": "InvalidParameterValue", "busy-assigning": "OperationInProgress", "busy-draining": "OperationInProgress",
			"interface-address-taken": "InvalidParameterValue", "interface-address-not-there": "InvalidParameterValue",
		}
		if !maps.Equal(got.Codes, want) {
			t.Errorf("got  %v\nwant %v", got.Codes, want)
		}
		for question, code := range got.DryRun {
			if code != "DryRunOperation" {
				t.Errorf("DryRun of %s: %s", question, code)
			}
		}
		if !*got.DryRunTakesTokens || *got.PartialSuccess || got.Assign != "3s" || got.Create != "10s" || got.DrainEnds != "" || len(got.Missing()) != 0 || len(got.Unasked) != 2 {
			t.Errorf("%+v", got)
		}
	})
}

// What AWS may answer in place of that comes through whole: a simulator that was given the answers
// gives them to the next run.
func TestASimulatorThatLoadsAnswersGivesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := ec2sim.Behaviour{
			Codes: map[string]string{
				"gateway-missing": "InvalidNatGatewayID.NotFound", "gateway-pending": "UnsupportedOperation", "gateway-deleting": "NatGatewayNotFound", "gateway-interface": "AuthFailure",
				"unassign-primary": "InvalidParameter", "unassign-not-there": "InvalidAddress.NotFound", "address-outside-subnet": "InvalidParameter", "address-taken": "InvalidIPAddress.InUse",
				"address-on-gateway-already": "Resource.AlreadyAssigned", "ninth-address": "NatGatewayAddressLimitExceeded", "several-one-taken": "InvalidIPAddress.InUse",
				"busy-assigning": "IncorrectState", "busy-draining": "OperationInProgress", "interface-address-taken": "PrivateIpAddress.InUse", "interface-address-not-there": "accepted",
			},
			DryRun: map[string]string{
				"gateway-missing": "NatGatewayNotFound", "unassign-primary": "InvalidParameter", "unassign-not-there": "DryRunOperation", "address-outside-subnet": "InvalidParameter",
				"address-taken": "DryRunOperation", "address-on-gateway-already": "DryRunOperation", "ninth-address": "LimitExceeded", "busy-draining": "OperationInProgress",
			},
			DryRunTakesTokens: aws.Bool(false), PartialSuccess: aws.Bool(true), DrainEnds: ec2sim.Duration(12 * time.Second), Assign: ec2sim.Duration(7 * time.Second),
		}
		first := simulator(t, func(w *ec2sim.World) { w.Behaviour, w.Timing = other, ec2sim.Timing{} })
		answers, err := conformance.Run(t.Context(), config(first.Transport()))
		if err != nil {
			t.Fatal(err)
		}
		wantNothingLeft(t, first)
		file, err := answers.YAML()
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := ec2sim.ParseBehaviour("answers.yaml", file)
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		if !maps.Equal(loaded.Codes, other.Codes) || !maps.Equal(loaded.DryRun, other.DryRun) || *loaded.DryRunTakesTokens || !*loaded.PartialSuccess ||
			loaded.DrainEnds != other.DrainEnds || loaded.Assign != other.Assign {
			t.Errorf("got  %+v\nwant %+v", loaded, other)
		}
		second := simulator(t, func(w *ec2sim.World) { w.Behaviour, w.Timing = loaded, ec2sim.Timing{} })
		again, err := conformance.Run(t.Context(), config(second.Transport()))
		if err != nil || !maps.Equal(again.Codes, answers.Codes) || !maps.Equal(again.DryRun, answers.DryRun) || *again.DryRunTakesTokens != *answers.DryRunTakesTokens {
			t.Errorf("%v\nfirst  %+v\nsecond %+v", err, answers, again)
		}
	})
}

// failing makes the nth request fail in a way of its own.
type failing struct {
	next http.RoundTripper
	at   int
	how  func(next http.RoundTripper, r *http.Request) (*http.Response, error)
	seen int
}

func (f *failing) RoundTrip(r *http.Request) (*http.Response, error) {
	if f.seen++; f.seen == f.at {
		return f.how(f.next, r)
	}
	return f.next.RoundTrip(r)
}

// page has the call carried out and its answer replaced.
func page(next http.RoundTripper, r *http.Request, text string) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.StatusCode, resp.Body, resp.ContentLength = http.StatusOK, io.NopCloser(strings.NewReader(text)), -1
	return resp, nil
}

// As EC2's lists are late, a run that takes a page for an answer would look a few times,
// see nothing and leave what it made.
func TestAPageIsNoAnswer(t *testing.T) {
	for name, text := range map[string]string{"a page": "<html/>", "an empty answer": "<CreateNatGatewayResponse/>"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := simulator(t, nil)
				var late time.Time // until when lists do not show it
				wire := roundTrip(func(r *http.Request) (*http.Response, error) {
					body, err := io.ReadAll(r.Body)
					if err != nil {
						return nil, err
					}
					r.Body = io.NopCloser(bytes.NewReader(body))
					switch {
					case bytes.Contains(body, []byte("Action=CreateNatGateway&")):
						late = time.Now().Add(15 * time.Second)
						return page(sim.Transport(), r, text)
					case time.Now().Before(late) && bytes.Contains(body, []byte("Action=DescribeNatGateways&")):
						return page(sim.Transport(), r, "<DescribeNatGatewaysResponse><natGatewaySet/></DescribeNatGatewaysResponse>")
					}
					return sim.Transport().RoundTrip(r)
				})
				_, err := conformance.Run(t.Context(), config(wire))
				if err == nil || strings.Contains(err.Error(), "accepted") || !strings.Contains(err.Error(), "no answer") {
					t.Errorf("%v", err)
				}
				wantNothingLeft(t, sim)
			})
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNothingIsLeftBehindWhicheverCallFails(t *testing.T) {
	var cancel context.CancelFunc
	ways := map[string]func(next http.RoundTripper, r *http.Request) (*http.Response, error){
		"lost before it came": func(http.RoundTripper, *http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"lost after its effect": func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			_, err := next.RoundTrip(r)
			return nil, errors.Join(io.ErrUnexpectedEOF, err)
		},
		"a page in the place of the answer": func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			return page(next, r, `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>Please log in</body></html>`)
		},
		"an answer with nothing in it": func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			if err := r.ParseForm(); err != nil {
				return nil, err
			}
			return page(next, r, "<"+r.PostForm.Get("Action")+"Response/>")
		},
		"refused": func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
			body := "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>"
			return &http.Response{StatusCode: 403, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		},
		"interrupted": func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			defer cancel()
			return next.RoundTrip(r)
		},
		"a panic": func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			_, _ = next.RoundTrip(r)
			panic("a bug")
		},
	}
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		t.Run(way, func(t *testing.T) {
			for at := 1; ; at++ {
				ended := false
				synctest.Test(t, func(t *testing.T) {
					sim := simulator(t, func(w *ec2sim.World) { // so that few of the calls are looks at something on its way
						w.Timing.Create, w.Behaviour.DrainEnds = ec2sim.Duration(2*time.Second), ec2sim.Duration(2*time.Second)
					})
					wire := &failing{next: sim.Transport(), at: at, how: ways[way]}
					ctx, stop := context.WithCancel(t.Context())
					defer stop()
					cancel = stop
					func() {
						defer func() {
							if p := recover(); p != nil && p != "a bug" {
								panic(p)
							}
						}()
						_, _ = conformance.Run(ctx, config(wire))
					}()
					ended = wire.seen < at
					wantNothingLeft(t, sim)
				})
				if ended {
					break
				}
				if t.Failed() {
					t.Fatalf("at call %d", at)
				}
			}
		})
	}
}

func TestCleanRemovesWhatAKilledRunLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator(t, nil)
		dead := &failing{next: sim.Transport(), at: 12, how: func(http.RoundTripper, *http.Request) (*http.Response, error) { return nil, nil }}
		dead.how = func(http.RoundTripper, *http.Request) (*http.Response, error) {
			dead.next = silent{} // from here on the process does not exist
			return nil, io.ErrUnexpectedEOF
		}
		if _, err := conformance.Run(t.Context(), config(dead)); err == nil || !strings.Contains(err.Error(), "sluice conformance --clean --vpc "+vpc) {
			t.Fatalf("%v", err)
		}
		left, err := conformance.Left(t.Context(), config(sim.Transport()))
		if err != nil || len(left) != 2 || !strings.Contains(left[0].String(), "run "+run) {
			t.Fatalf("%v, %v", left, err)
		}
		if err := conformance.Clean(t.Context(), config(sim.Transport()), left); err != nil {
			t.Fatal(err)
		}
		wantNothingLeft(t, sim)
	})
}

// silent lets nothing out.
type silent struct{}

func (silent) RoundTrip(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

// Whatever a run does, the calls that left name what it made, and every creation carries its tag.
func TestOnlyWhatTheRunMadeIsEverChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator(t, nil)
		if _, err := conformance.Run(t.Context(), config(sim.Transport())); err != nil {
			t.Fatal(err)
		}
		for _, c := range sim.Calls() {
			for _, foreign := range []string{"nat-0ee3edd182361f662", "eni-0065a61b324d1897a"} {
				if !strings.HasPrefix(c.Action, "Describe") && strings.Contains(fmt.Sprint(c.Parameters), foreign) {
					t.Errorf("%s %v", c.Action, c.Parameters)
				}
			}
			if strings.HasPrefix(c.Action, "Create") && c.Parameters.Get("TagSpecification.1.Tag.1.Value") != run {
				t.Errorf("%s %v", c.Action, c.Parameters)
			}
		}
	})
}

func TestASubnetWithTooFewAddressesIsRefusedBeforeAnythingIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator(t, nil)
		cfg := config(sim.Transport())
		cfg.Subnet = "subnet-0a1b2c3d4e5f60002"
		_, err := conformance.Run(t.Context(), cfg)
		if err == nil || !strings.Contains(err.Error(), "choose another with --subnet") {
			t.Errorf("%v", err)
		}
		cfg.Subnet, cfg.VPC = "", "vpc-00000000000000000"
		if _, err := conformance.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "check --vpc") {
			t.Errorf("%v", err)
		}
		for _, c := range sim.Calls() {
			if strings.HasPrefix(c.Action, "Create") {
				t.Errorf("%s was sent", c.Action)
			}
		}
	})
}

func TestAnEndpointThatDoesNotKnowACallIsNoMatterOfIAM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for code, want := range map[string]string{"InvalidAction": "this endpoint does not know the call", "UnauthorizedOperation": "`sluice iam-policy --conformance` prints"} {
			sim, forever := simulator(t, nil), 0
			if err := sim.Inject(ec2sim.Fault{Kind: "error", Action: "CreateNetworkInterface", Code: code, Times: &forever}); err != nil {
				t.Fatal(err)
			}
			_, err := conformance.Run(t.Context(), config(sim.Transport()))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", code, err)
			}
		}
	})
}
