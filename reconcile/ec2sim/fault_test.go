package ec2sim

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const assignCall = "AssignPrivateNatGatewayAddress"

func armed(t *testing.T, w World, faults ...Fault) *Server {
	t.Helper()
	s := New(w, Options{Seed: 1})
	for _, f := range faults {
		if err := s.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestALostAnswerComesBeforeOrAfterTheEffect(t *testing.T) {
	for kind, effect := range map[string]bool{faultLostBefore: false, faultLostAfter: true} {
		t.Run(kind, func(t *testing.T) {
			s := armed(t, quickstart(t), Fault{Kind: kind, Action: assignCall})
			got := ask(s, assignCall, "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30")
			if !errors.Is(got.err, io.EOF) {
				t.Fatalf("want a closed connection, got %+v", got)
			}
			if has := strings.Contains(gateway(s, egressA), "10.0.1.30"); has != effect {
				t.Errorf("the effect happened: %v, want %v", has, effect)
			}
			call := s.Calls()[0]
			if !call.Lost || call.Effect != effect || call.Status != 0 {
				t.Errorf("the log says %+v", call)
			}
			if s.Fired()[kind] != 1 || len(s.World().Faults) != 0 {
				t.Errorf("fired %v, still armed %v", s.Fired(), s.World().Faults)
			}
		})
	}
}

func TestALostAnswerWaitsForACallThatHasAnEffect(t *testing.T) {
	s := armed(t, quickstart(t), Fault{Kind: faultLostAfter, Action: assignCall})
	mustFail(t, ask(s, assignCall, "NatGatewayId", egressA, "PrivateIpAddressCount", "1", "DryRun", "true"), 412, "DryRunOperation")
	if n := s.Fired()[faultLostAfter]; n != 0 {
		t.Errorf("fired %d times on a dry-run", n)
	}
}

func TestFaultsStandInForTheAnswer(t *testing.T) {
	cases := []struct {
		name   string
		fault  Fault
		status int
		code   string
	}{
		{"throttle", Fault{Kind: faultThrottle}, 503, "RequestLimitExceeded"},
		{"expired credentials", Fault{Kind: faultExpired, Action: "*"}, 400, "RequestExpired"},
		{"an error of one's own", Fault{Kind: faultError, Code: "Unavailable", Status: 503}, 503, "Unavailable"},
		{"an error with the status of its code", Fault{Kind: faultError, Code: "UnauthorizedOperation"}, 403, "UnauthorizedOperation"},
		{"an error that says nothing", Fault{Kind: faultError}, 500, "InternalError"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := armed(t, quickstart(t), c.fault)
			mustFail(t, ask(s, assignCall, "NatGatewayId", egressA, "PrivateIpAddressCount", "1"), c.status, c.code)
			if s.Calls()[0].Effect {
				t.Error("it had an effect")
			}
			mustOK(t, ask(s, assignCall, "NatGatewayId", egressA, "PrivateIpAddressCount", "1"))
		})
	}
}

func TestAFaultFiresAsOftenAsItSaysAndOnlyOnItsAction(t *testing.T) {
	s := armed(t, quickstart(t), Fault{Kind: faultThrottle, Action: "DescribeSubnets", Times: new(2)})
	mustOK(t, ask(s, "DescribeNatGateways"))
	mustFail(t, ask(s, "DescribeSubnets"), 503, "RequestLimitExceeded")
	mustFail(t, ask(s, "DescribeSubnets"), 503, "RequestLimitExceeded")
	mustOK(t, ask(s, "DescribeSubnets"))

	if err := s.Inject(Fault{Kind: faultThrottle, Times: new(0)}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		mustFail(t, ask(s, "DescribeSubnets"), 503, "RequestLimitExceeded")
	}
	s.Edit(func(w *World) { w.Faults = nil })
	mustOK(t, ask(s, "DescribeSubnets"))
	if n := s.Fired()[faultThrottle]; n != 7 {
		t.Errorf("fired %d times, want 7", n)
	}
}

func TestAProbabilityIsDecidedByTheSeed(t *testing.T) {
	pattern := func(seed uint64) string {
		w := quickstart(t)
		w.Throttling = new(false)
		s := New(w, Options{Seed: seed})
		if err := s.Inject(Fault{Kind: faultThrottle, Times: new(0), Probability: new(0.5)}); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for range 200 {
			b.WriteString(ask(s, "DescribeSubnets").code + ";")
		}
		return b.String()
	}
	one, again, other := pattern(1), pattern(1), pattern(2)
	if one != again || one == other {
		t.Error("the same seed must give the same faults, another seed others")
	}
	if n := strings.Count(one, "RequestLimitExceeded"); n < 60 || n > 140 {
		t.Errorf("%d of 200 calls were hit by an even chance", n)
	}
}

func TestReadsLagBehindWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := armed(t, quickstart(t), Fault{Kind: faultLagging, Delay: Duration(5 * time.Second), Times: new(0)})
		const before = "10.0.1.10=succeeded 10.0.1.20=succeeded 10.0.1.21=succeeded"
		time.Sleep(time.Minute)
		mustOK(t, ask(s, assignCall, "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30"))
		for _, step := range []struct {
			wait time.Duration
			want string
		}{
			{4 * time.Second, before},
			{time.Second, before + " 10.0.1.30=assigning"}, // 5 s after: the moment of the call
			{2 * time.Second, before + " 10.0.1.30=assigning"},
			{time.Second, before + " 10.0.1.30=succeeded"}, // 3 s of assigning, 5 s of lag
		} {
			time.Sleep(step.wait)
			if rows := gateway(s, egressA); rows != step.want {
				t.Errorf("got %s, want %s", rows, step.want)
			}
		}
		// A write sees the present.
		mustFail(t, ask(s, assignCall, "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30"), 400, "InvalidParameterValue")
	})
}

func TestReadsFlapBetweenOldAndNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := armed(t, quickstart(t), Fault{Kind: faultFlapping, Delay: Duration(time.Minute), Times: new(0)})
		time.Sleep(time.Hour)
		s.Edit(func(w *World) { w.NatGateways[0].Secondary = nil })
		time.Sleep(time.Second)
		var seen []string
		for range 4 {
			seen = append(seen, gateway(s, egressA))
		}
		const old, now = "10.0.1.10=succeeded 10.0.1.20=succeeded 10.0.1.21=succeeded", "10.0.1.10=succeeded"
		if strings.Join(seen, "|") != strings.Join([]string{old, now, old, now}, "|") {
			t.Errorf("got %q", seen)
		}
	})
}

func TestASlowAnswerHasItsEffectEvenWhenTheClientGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := armed(t, quickstart(t), Fault{Kind: faultSlow, Action: assignCall, Delay: Duration(time.Minute)},
			Fault{Kind: faultSlow, Action: "DescribeSubnets", Delay: Duration(time.Minute)})
		start := time.Now()
		mustOK(t, ask(s, "DescribeSubnets"))
		if d := time.Since(start); d != time.Minute {
			t.Errorf("the answer took %s", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := request(t, "POST", "/", "Action="+assignCall+"&NatGatewayId="+egressA+"&PrivateIpAddress.1=10.0.1.30")
		if got := send(s, r.WithContext(ctx)); !errors.Is(got.err, context.DeadlineExceeded) {
			t.Fatalf("want the context's error, got %+v", got)
		}
		if !strings.Contains(gateway(s, egressA), "10.0.1.30") {
			t.Error("the effect did not happen")
		}
		// A request whose context has ended already has none.
		if got := send(s, request(t, "POST", "/", "Action="+assignCall+"&NatGatewayId="+egressB+"&PrivateIpAddressCount=1").WithContext(ctx)); got.err == nil {
			t.Error("a request without time left was served")
		}
		if n := len(s.Calls()); n != 3 {
			t.Errorf("%d calls reached the simulator, want 3", n)
		}
	})
}

func TestPartialSuccessCutsTheAddressesThatTakeEffect(t *testing.T) {
	t.Run("with a success that lists less", func(t *testing.T) {
		s := armed(t, quickstart(t), Fault{Kind: faultPartial, Addresses: 1})
		mustOK(t, ask(s, "UnassignPrivateIpAddresses", "NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.30")) // one is not cut
		got := mustOK(t, ask(s, assignCall, "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30", "PrivateIpAddress.2", "10.0.1.31"))
		if rows := got.rows("natGatewayAddressSet/item"); rows != "10.0.1.30=assigning" {
			t.Errorf("the answer lists %s", rows)
		}
		if strings.Contains(gateway(s, egressA), "10.0.1.31") || s.Fired()[faultPartial] != 1 {
			t.Errorf("the gateway holds %s, fired %v", gateway(s, egressA), s.Fired())
		}
	})
	t.Run("with an error after the fact", func(t *testing.T) {
		s := armed(t, quickstart(t), Fault{Kind: faultPartial, Addresses: 1, Code: "InternalError"})
		mustFail(t, ask(s, "UnassignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.21", "PrivateIpAddress.2", "10.0.1.20"), 500, "InternalError")
		if rows := gateway(s, egressA); rows != "10.0.1.10=succeeded 10.0.1.20=succeeded 10.0.1.21=unassigning" {
			t.Errorf("the gateway holds %s", rows)
		}
		if call := s.Calls()[0]; !call.Effect || call.Code != "InternalError" {
			t.Errorf("the log says %+v", call)
		}
	})
}

func TestAFaultThatMakesNoSenseIsRefused(t *testing.T) {
	s := New(quickstart(t), Options{})
	for want, f := range map[string]Fault{
		"kind":        {Kind: "earthquake"},
		"action":      {Kind: faultThrottle, Action: "RunInstances"},
		"times":       {Kind: faultThrottle, Times: new(-1)},
		"probability": {Kind: faultThrottle, Probability: new(1.5)},
		"status":      {Kind: faultError, Status: 200},
		"delay":       {Kind: faultSlow},
		"addresses":   {Kind: faultPartial, Addresses: -1},
	} {
		if err := s.Inject(f); err == nil || !strings.Contains(err.Error(), want+": ") {
			t.Errorf("%s: got %v", want, err)
		}
	}
	if len(s.World().Faults) != 0 {
		t.Error("a fault that makes no sense was armed")
	}
}
