package ec2

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

func TestGuardLetsOutWhatTheModeAllows(t *testing.T) {
	const (
		read     = "Action=DescribeNatGateways&MaxResults=1000"
		nat      = "Action=AssignPrivateNatGatewayAddress&NatGatewayId=nat-1&PrivateIpAddress.1=10.0.0.9"
		unNat    = "Action=UnassignPrivateNatGatewayAddress&NatGatewayId=nat-1&PrivateIpAddress.1=10.0.0.9"
		eni      = "Action=AssignPrivateIpAddresses&NetworkInterfaceId=eni-1&PrivateIpAddress.1=10.0.0.9"
		unEni    = "Action=UnassignPrivateIpAddresses&NetworkInterfaceId=eni-1&PrivateIpAddress.1=10.0.0.9"
		dryTrue  = "&DryRun=true"
		dryFalse = "&DryRun=false"
	)
	tests := []struct {
		name, form string
		modes      string // those in which it passes
	}{
		{"a read", read, "observe dry-run apply"},
		{"a Get", "Action=GetSubnetCidrReservations", "observe dry-run apply"},
		{"assign on a gateway", nat, "apply"},
		{"assign on a gateway as a dry-run", nat + dryTrue, "dry-run apply"},
		{"unassign on a gateway as a dry-run", unNat + dryTrue, "dry-run apply"},
		{"DryRun=false", nat + dryFalse, "apply"},
		{"DryRun in other letters", nat + "&dryrun=true&DryRun=false", "apply"},
		{"DryRun=True", nat + "&DryRun=True", "apply"},
		{"DryRun twice", nat + dryTrue + dryFalse, "apply"},
		{"DryRun=true twice", nat + dryTrue + dryTrue, "apply"},
		{"assign on an interface", eni, "apply"},
		{"unassign on an interface", unEni, "apply"},
		{"a DryRun that EC2 would ignore", eni + dryTrue, ""},
		{"another mutating action", "Action=DeleteNatGateway&NatGatewayId=nat-1", ""},
		{"another mutating action as a dry-run", "Action=DeleteNatGateway&NatGatewayId=nat-1" + dryTrue, ""},
		{"an action in other letters", strings.Replace(nat, "Assign", "assign", 1) + dryTrue, ""},
		{"describe in small letters, which EC2 does not have", "Action=describeNatGateways", ""},
		{"a count on a gateway", nat + "&PrivateIpAddressCount=1" + dryTrue, ""},
		{"a count on an interface", eni + "&SecondaryPrivateIpAddressCount=1", ""},
		{"a count of prefixes", eni + "&Ipv4PrefixCount=1", ""},
		{"a count in other letters", eni + "&ipv4prefixcount=1", ""},
		{"no action", "NatGatewayId=nat-1", ""},
		{"two actions", read + "&Action=DeleteNatGateway", ""},
		{"no form", "%zz", ""},
	}
	for _, tt := range tests {
		for _, mode := range []string{modeObserve, modeDryRun, modeApply} {
			t.Run(tt.name+" in "+mode, func(t *testing.T) {
				w := always(200, "")
				g := &guard{mode: mode, reads: w, once: w}
				req, _ := http.NewRequest("POST", "http://ec2.test/", strings.NewReader(tt.form))
				_, err := g.RoundTrip(req)
				want := strings.Contains(" "+tt.modes+" ", " "+mode+" ")
				if (err == nil) != want || (w.sent() == 1) != want {
					t.Fatalf("error %v, %d sent; passes: %v", err, w.sent(), want)
				}
				if !want {
					if refused := new(refusal); !errors.As(err, &refused) {
						t.Errorf("the error is %T", err)
					}
					return
				}
				if form, _ := url.ParseQuery(tt.form); w.forms[0].Encode() != form.Encode() {
					t.Errorf("sent %s", w.forms[0].Encode())
				}
			})
		}
	}
}

func TestGuardLooksAtTheWholeRequest(t *testing.T) {
	const form = "Action=DescribeNatGateways"
	tests := []struct {
		name, method, url string
		body              io.Reader
	}{
		{"parameters in the URL", "POST", "http://ec2.test/?Action=DeleteNatGateway", strings.NewReader(form)},
		{"a GET", "GET", "http://ec2.test/", strings.NewReader(form)},
		{"no body", "POST", "http://ec2.test/", nil},
		{"a huge form", "POST", "http://ec2.test/", strings.NewReader(form + "&A=" + strings.Repeat("x", 1<<20))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := always(200, "")
			req, _ := http.NewRequest(tt.method, tt.url, tt.body)
			if _, err := (&guard{mode: modeApply, reads: w, once: w}).RoundTrip(req); err == nil || w.sent() != 0 {
				t.Errorf("error %v, %d sent", err, w.sent())
			}
		})
	}
}

func TestGuardMakesRequestsThatCannotBeSentAgain(t *testing.T) {
	var seen *http.Request
	keep := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		seen = req
		return nil, errors.New("no")
	})
	req, _ := http.NewRequest("POST", "http://ec2.test/", strings.NewReader("Action=UnassignPrivateIpAddresses"))
	if req.GetBody == nil {
		t.Fatal("the request is no test: it has no GetBody")
	}
	_, _ = (&guard{mode: modeApply, once: keep}).RoundTrip(req)
	if seen == nil || seen.GetBody != nil {
		t.Error("a mutating request went out with GetBody: net/http could replay it")
	}
}

func TestDoIsRefusedByTheGuard(t *testing.T) {
	environment(t)
	tests := []struct {
		name, mode string
		call       inventory.Call
		want       string
	}{
		{"observe and a real call", modeObserve, assignNatCall, "mode observe"},
		{"observe and a dry-run", modeObserve, dry(assignNatCall), "mode observe"},
		{"no mode is observe", "", dry(assignNatCall), "mode observe"},
		{"dry-run and a real call", modeDryRun, unassignNatCall, "DryRun=true only"},
		{"dry-run and an interface", modeDryRun, moveEniCall, "no DryRun"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := answering(func(int, url.Values) string { return "" })
			_, err := client(t, tt.mode, w).Do(t.Context(), tt.call)
			f := faultOf(t, err)
			if f.Class != inventory.ClassNotSent || !strings.Contains(f.Message, tt.want) || w.sent() != 0 {
				t.Errorf("fault %q of class %s, %d sent", f, f.Class, w.sent())
			}
		})
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// woken is the context of a process that was stopped and goes on: its time is over, and
// the timer that says so has not fired yet.
type woken struct{ context.Context }

func (woken) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

func TestACallWhoseTimeIsOverIsNotSent(t *testing.T) {
	for action, want := range map[string]int{"DescribeNatGateways": 1, "AssignPrivateNatGatewayAddress": 0, "UnassignPrivateIpAddresses": 0} {
		w := always(200, "")
		g := &guard{mode: modeApply, reads: w, once: w}
		req, _ := http.NewRequestWithContext(woken{t.Context()}, "POST", "http://ec2.test/", strings.NewReader("Action="+action))
		_, err := g.RoundTrip(req)
		if refused := new(refusal); w.sent() != want || errors.As(err, &refused) != (want == 0) {
			t.Errorf("%s: %d sent, %v", action, w.sent(), err)
		}
	}
	environment(t)
	w := answering(func(int, url.Values) string { return "<return>true</return>" })
	_, err := client(t, modeApply, w).Do(woken{t.Context()}, assignNatCall)
	if f := new(inventory.Fault); !errors.As(err, &f) || f.Class != inventory.ClassNotSent || w.sent() != 0 {
		t.Errorf("%d sent, %v", w.sent(), err)
	}
}

// stopped is a process that goes on after its time, of which no timer has fired yet.
type stopped struct {
	context.Context
	over atomic.Bool
}

func (s *stopped) Deadline() (time.Time, bool) {
	if s.over.Load() {
		return time.Now().Add(-time.Millisecond), true
	}
	return time.Now().Add(time.Hour), true
}

func TestACallWhoseTimeEndsWhileItsConnectionIsMadeIsNotSent(t *testing.T) {
	environment(t)
	for name, stop := range map[string]bool{"in time": false, "stopped meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			var forms atomic.Int64 // that came whole
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if form, err := io.ReadAll(r.Body); err == nil && len(form) > 0 {
					forms.Add(1)
				}
			}))
			defer server.Close()
			ctx := &stopped{Context: t.Context()}
			reads, once := newTransports(nil)
			once.DialContext = func(_ context.Context, network, addr string) (net.Conn, error) {
				defer ctx.over.Store(stop)
				return net.Dial(network, addr)
			}
			x := &exchange{caller: ctx}
			req, _ := http.NewRequestWithContext(context.WithValue(ctx, exchangeKey{}, x), "POST", server.URL, strings.NewReader("Action=AssignPrivateNatGatewayAddress"))
			resp, err := (&guard{mode: modeApply, reads: reads, once: once, reportsConns: true}).RoundTrip(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			if (err != nil) != stop || (forms.Load() == 0) != stop || !x.sent.Load() {
				t.Fatalf("%d forms came, %v", forms.Load(), err)
			}
			if stop {
				if f := client(t, modeApply, once).fault("AssignPrivateNatGatewayAddress", x, err); f.Class != inventory.ClassNotSent {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}
