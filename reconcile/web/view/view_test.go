package view

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// sample is a gateway in the middle of a swap, an interface that is in sync, and a
// spec that fits nothing.
func sample() reconcile.Status {
	return reconcile.Status{
		Turns: 1,
		Plan: plan.Plan{Resources: []plan.Resource{
			{Target: "prod", Kind: inventory.KindNatGateway, ID: "nat-1", Spec: plan.SpecRef{Name: "egress-a", File: "a.yaml", Line: 1}, State: plan.Converging,
				Waves: [][]plan.Action{{{Verb: inventory.VerbAssign, Addresses: []netip.Addr{ip("10.0.1.23")}}}, {{Verb: inventory.VerbUnassign, Addresses: []netip.Addr{ip("10.0.1.21")}}}}},
			{Target: "prod", Kind: inventory.KindNatGateway, Spec: plan.SpecRef{Name: "lost"}, State: plan.Error, Reason: "no such gateway"},
			{Target: "test", Kind: inventory.KindNetworkInterface, ID: "eni-1", Spec: plan.SpecRef{Name: "vip"}, State: plan.InSync},
		}},
		Documents: []spec.Document{{Name: "egress-a", File: "a.yaml", Line: 1, Labels: map[string]string{"env": "prod"}, MinServing: 2}},
		Inventories: []inventory.Inventory{
			{Target: "prod", NatGateways: []inventory.NatGateway{{ID: "nat-1", VpcID: "vpc-1", Addresses: []inventory.Address{
				{IP: ip("10.0.1.9"), Status: inventory.StatusSucceeded}, {IP: ip("10.0.1.10"), Primary: true, Status: inventory.StatusSucceeded},
				{IP: ip("10.0.1.20"), Status: inventory.StatusUnassigning}, {IP: ip("10.0.1.21"), Status: inventory.StatusSucceeded}, {IP: ip("10.0.1.22"), Status: inventory.StatusAssigning},
			}}}},
			{Target: "test", NetworkInterfaces: []inventory.NetworkInterface{{ID: "eni-1", Addresses: []inventory.Address{{IP: ip("10.0.2.5"), Primary: true}}}},
				Unread: []inventory.Unread{{Part: inventory.ReadSubnets, Reason: "throttled"}}},
		},
		Transitions: []reconcile.Transition{
			{Target: "prod", ID: "nat-1", Address: ip("10.0.1.20"), Status: inventory.StatusUnassigning, Since: now.Add(-time.Minute), Until: now.Add(90 * time.Second)},
			{Target: "prod", ID: "nat-1", Address: ip("10.0.1.22"), Status: inventory.StatusAssigning, Since: now.Add(-time.Second)},
		},
	}
}

func TestAResourceShowsWhatEC2HoldsAndWhatThePlanDoesToIt(t *testing.T) {
	found := NewFleet(sample()).Find("prod", "nat-1", now)
	if len(found) != 1 {
		t.Fatalf("%d found", len(found))
	}
	r := found[0]
	var got []string
	for _, a := range r.Addresses {
		text := fmt.Sprintf("%s %s", a.IP, a.State)
		if a.Primary {
			text += " primary"
		}
		if a.SecondsLeft != nil {
			text += fmt.Sprintf(" %ds", *a.SecondsLeft)
		}
		if a.Change != "" {
			text += " to " + string(a.Change)
		}
		got = append(got, text)
	}
	want := []string{"10.0.1.10 serving primary", "10.0.1.9 serving", "10.0.1.20 draining 90s", "10.0.1.21 serving to unassign", "10.0.1.22 assigning", "10.0.1.23 planned to assign"}
	if !slices.Equal(got, want) {
		t.Errorf("addresses\n%q, want\n%q", got, want)
	}
	if c := r.Capacity; c == nil || *c != (Capacity{Limit: 8, Held: 5, Serving: 3, Free: 3, Connections: 165000, FullConnections: 440000}) {
		t.Errorf("capacity %+v", c)
	}
	if r.VPC != "vpc-1" || r.MinServing != 2 || !slices.Equal(r.LabelList(), []string{"env=prod"}) {
		t.Errorf("%+v", r)
	}
}

func TestAGatewaysLimitIsItsTargetsOwn(t *testing.T) {
	s := sample()
	s.GatewayLimit = map[string]int{"prod": 4}
	if c := NewFleet(s).Find("prod", "nat-1", now)[0].Capacity; c.Free != 0 || c.Limit != 4 {
		t.Errorf("capacity %+v: five are held where four fit", c)
	}
}

func TestOnlyThePartThatWasAskedForIsListedAndTroubleComesFirst(t *testing.T) {
	f := NewFleet(sample())
	for _, tt := range []struct {
		name  string
		query Query
		want  []string
	}{
		{"all, the gravest first", Query{Limit: 9}, []string{"lost", "egress-a", "vip"}},
		{"a page", Query{Limit: 1, Offset: 1}, []string{"egress-a"}},
		{"past the end", Query{Limit: 9, Offset: 99}, nil},
		{"by state", Query{Limit: 9, State: plan.InSync}, []string{"vip"}},
		{"by target", Query{Limit: 9, Target: "test"}, []string{"vip"}},
		{"by a part of a name, in any case", Query{Limit: 9, Text: "ESS-A"}, []string{"egress-a"}},
		{"by id", Query{Limit: 9, Text: "eni-1"}, []string{"vip"}},
		{"by label", Query{Limit: 9, Text: "env=prod"}, []string{"egress-a"}},
		{"by address", Query{Limit: 9, Text: "10.0.2."}, []string{"vip"}},
		{"what is due", Query{Limit: 9, Due: true}, []string{"lost", "egress-a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, r := range f.List(tt.query, now).Resources {
				got = append(got, r.Spec.Name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if l := f.List(Query{Limit: 1, Text: "10.0"}, now); l.Matched != 2 || l.Total != 3 {
		t.Errorf("matched %d of %d", l.Matched, l.Total)
	}
}

func TestTheOverviewCountsAddressesAndNamesWhatWasNotRead(t *testing.T) {
	o := NewFleet(sample()).Overview()
	if o.Addresses != (AddressCount{Serving: 4, Assigning: 1, Draining: 1}) {
		t.Errorf("addresses %+v", o.Addresses)
	}
	if len(o.Unread) != 1 || o.Unread[0] != (Unread{"test", "Subnets", "throttled"}) {
		t.Errorf("unread %+v", o.Unread)
	}
}

func TestAChangeNamesTheResourcesThatDiffer(t *testing.T) {
	before := NewFleet(sample())
	if c := NewFleet(sample()).Changes(before); len(c.Resources) > 0 || c.All {
		t.Errorf("nothing changed, and it says %+v", c)
	}
	s := sample()
	s.Inventories[0].NatGateways[0].Addresses = s.Inventories[0].NatGateways[0].Addresses[1:]
	s.Plan.Resources = s.Plan.Resources[:2]
	if c := NewFleet(s).Changes(before); !slices.Equal(c.Resources, []string{"prod/nat-1", "test/eni-1"}) {
		t.Errorf("%+v", c)
	}
	s = sample()
	s.Transitions = nil
	if c := NewFleet(s).Changes(before); !slices.Equal(c.Resources, []string{"prod/nat-1"}) {
		t.Errorf("a transition that ended: %+v", c)
	}
	many := reconcile.Status{}
	for i := range 2 * maxChanged {
		many.Plan.Resources = append(many.Plan.Resources, plan.Resource{Target: "prod", ID: fmt.Sprint("nat-", i)})
	}
	if c := NewFleet(many).Changes(before); len(c.Resources) != maxChanged || !c.All {
		t.Errorf("%d named, all %v", len(c.Resources), c.All)
	}
}

func TestTheAgendaListsWhatIsDueInItsOrder(t *testing.T) {
	s := sample()
	daily, err := schedule.Parse("0 4 * * *", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	s.Calendar.Schedules = []calendar.Schedule{{Name: "daily", Cron: daily, Correct: true}}
	s.Interval, s.LastPoll = time.Minute, now.Add(-time.Hour)
	list := Agenda(s, []Upcoming{{At: now.Add(2 * time.Hour), What: "window opens", Name: "nights"}}, now, 3)
	want := []Upcoming{{At: now, What: "look at Git", Note: "at about this time, or sooner when something asks for it"},
		{At: now.Add(time.Hour), What: "correct drift", Name: "daily", Note: "specs it is about: 1"}, {At: now.Add(2 * time.Hour), What: "window opens", Name: "nights"}}
	if !slices.Equal(list, want) {
		t.Errorf("%+v", list)
	}

	// What is rare follows with its first time: a run every day must not hide it.
	s.Calendar.Freezes = []calendar.Freeze{{Name: "year-end", From: now.AddDate(0, 1, 0), Until: now.AddDate(0, 2, 0), Reason: "trade", Owner: "ada"}}
	list = Agenda(s, nil, now, 3)
	if len(list) != 4 || list[3].What != "freeze begins" || list[3].Name != "year-end" || list[3].Note != "specs it is about: 1; trade (owner ada)" {
		t.Errorf("%+v", list)
	}
}

func TestPickReadsNoMoreThanItMay(t *testing.T) {
	read := 0
	newest := func(yield func(history.Entry, error) bool) {
		for seq := uint64(10); seq > 0; seq-- {
			read++
			kind := history.KindCommit
			if seq%5 == 0 {
				kind = history.KindDrift
			}
			if !yield(history.Entry{Record: history.Record{Seq: seq, Kind: kind, Basis: []byte("{}")}}, nil) {
				return
			}
		}
	}
	drift := history.Filter{Kinds: []history.Kind{history.KindDrift}}
	for _, tt := range []struct {
		name        string
		limit, look int
		picked      int
		looked      int
		more, full  bool
	}{
		{"all there is", 9, 99, 2, 10, false, false},
		{"as many as were asked for", 1, 99, 1, 1, true, true},
		{"as many as may be read", 9, 4, 1, 4, true, false},
		{"exactly all", 2, 99, 2, 6, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read = 0
			got, more, err := Pick(newest, drift, tt.limit, tt.look)
			if err != nil || len(got.Entries) != tt.picked || got.Looked != tt.looked || more != tt.more || got.Full != tt.full || got.Entries[0].Basis != nil {
				t.Errorf("%+v, %v", got, err)
			}
			if read > tt.look+1 {
				t.Errorf("%d were read", read)
			}
		})
	}
}
