package plan

import (
	"net/netip"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

func TestTheHashCoversWhatAPlanDoesAndRestsOn(t *testing.T) {
	base := func() Input {
		return parseWorld(t, "subnet sub-2 10.0.2.0/24\n nat-a .10* .20\n nat-x .11* .40\n want nat-a .21 drain=60")
	}
	hash := Make(base()).PlanHash
	cases := []struct {
		name   string
		change func(in *Input)
		same   bool
	}{
		{"another commit", func(in *Input) { in.Commit = "other" }, false},
		{"another policy", func(in *Input) { in.PolicyDigest = "other" }, false},
		{"another drain", func(in *Input) { in.Documents[0].MaxDrainSeconds = 61 }, false},
		{"another address", func(in *Input) { in.Documents[0].Secondary.Addresses[0] = netip.MustParseAddr("10.0.1.22") }, false},
		{"another state of the gateway in EC2", func(in *Input) { in.Inventories[0].NatGateways[0].Addresses[0].NetworkInterfaceID = "eni-9" }, false},
		{"another tag of the gateway, on which no call depends", func(in *Input) { in.Inventories[0].NatGateways[0].Tags = map[string]string{"k": "v"} }, true},
		{"another range of its subnet", func(in *Input) { in.Inventories[0].Subnets[0].CIDR = netip.MustParsePrefix("10.0.0.0/16") }, false},
		{"another mode", func(in *Input) { in.Mode = "apply" }, true},
		{"another file", func(in *Input) { in.Documents[0].File, in.Documents[0].Line = "moved.yaml", 7 }, true},
		{"another name", func(in *Input) { in.Documents[0].Name = "renamed" }, true},
		{"a gateway that no spec names", func(in *Input) { in.Inventories[0].NatGateways[1].Addresses[1].Status = inventory.StatusUnassigning }, true},
		{"a subnet that the plan does not use", func(in *Input) { in.Inventories[0].Subnets[1].AvailableIPCount = new(9) }, true},
	}
	for _, c := range cases {
		in := base()
		c.change(&in)
		if got := Make(in).PlanHash; (got == hash) != c.same {
			t.Errorf("%s: same hash is %v, want %v", c.name, got == hash, c.same)
		}
	}
}

func TestTheInventoryHashCoversWhatTheSpecsName(t *testing.T) {
	a := Make(parseWorld(t, "nat-a .10* .20\n nat-x .11*\n want nat-a .20"))
	b := Make(parseWorld(t, "nat-a .10* .20\n nat-x .11* .40\n want nat-a .20"))
	c := Make(parseWorld(t, "nat-a .10* .20 .21/failed\n nat-x .11*\n want nat-a .20"))
	if a.InventoryHash != b.InventoryHash {
		t.Error("a gateway that no spec names changed the hash")
	}
	if a.InventoryHash == c.InventoryHash {
		t.Error("a new row did not change the hash")
	}
}

func TestStopKeepsWavesOnlyWhereTheyMayStillBeApproved(t *testing.T) {
	for state, keeps := range map[State]bool{Held: true, Denied: true, Blocked: false, Error: false, Converging: false} {
		p := Make(parseWorld(t, "nat-a .10*\n want nat-a .20"))
		before := p.PlanHash
		p.Resources[0].Stop(state, "because")
		p.Seal()
		r := p.Resources[0]
		if r.State != state || r.Reason != "because" || r.Waves == nil || (len(r.Waves) > 0) != keeps {
			t.Errorf("%s: %+v", state, r)
		}
		if (p.PlanHash == before) != keeps {
			t.Errorf("%s: same hash is %v, want %v", state, p.PlanHash == before, keeps)
		}
		if p.Summary.Pending != 0 {
			t.Errorf("%s: still counted as pending", state)
		}
	}
}

func TestSealCountsEveryState(t *testing.T) {
	p := Plan{Resources: []Resource{
		{State: InSync}, {State: Pending}, {State: Converging}, {State: Blocked}, {State: Held}, {State: Denied}, {State: Error}, {State: Error}}}
	p.Seal()
	if want := (Summary{1, 1, 1, 1, 1, 1, 2}); p.Summary != want {
		t.Errorf("got %+v, want %+v", p.Summary, want)
	}
}

func TestWithin(t *testing.T) {
	const whole = `
		nat-a .10* .20 .21
		nat-b .11*
		eni-c .12* .30 .64/28
		eni-d .13*
		want nat-a .22 .23
		want nat-b .24
		want eni-c none prefixes=0
		want eni-d .30 .31 move`
	cases := []struct {
		name, part string
		change     func(p *Plan)
		within     bool
	}{
		{"itself", whole, nil, true},
		{"what remains after the first wave", `
			nat-a .10* .20 .21 .22 .23
			nat-b .11* .24
			eni-c .12* .30 .64/28
			eni-d .13* .31
			want nat-a .22 .23
			want nat-b .24
			want eni-c none prefixes=0
			want eni-d .30 .31 move`, nil, true},
		{"nothing at all", "nat-a .10*\n want nat-a none", nil, true},
		{"a part of an action", "nat-a .10* .20\n want nat-a .22", nil, true},
		{"a shorter drain", "nat-a .10* .20\n want nat-a .22 drain=349", nil, true},
		{"a longer drain", "nat-a .10* .20\n want nat-a .22 drain=351", nil, false},
		{"one more address to add", "nat-a .10* .20 .21\n want nat-a .22 .23 .25", nil, false},
		{"one more address to remove", "nat-a .10* .20 .21 .25\n want nat-a .22 .23", nil, false},
		{"one more resource", "nat-z .10*\n want nat-z .22", nil, false},
		{"the same addresses on another resource", "nat-b .11*\n want nat-b .22", nil, false},
		{"the other direction", "nat-a .10* .22\n want nat-a none", nil, false},
		{"an assignment where a move was planned", "eni-d .13*\n want eni-d .30", nil, false},
		{"a move from elsewhere", "eni-d .13*\n eni-e .14* .30\n want eni-e none\n want eni-d .30 move", nil, false},
		{"another prefix", "eni-c .12* .80/28\n want eni-c prefixes=0", nil, false},
		{"a prefix that is added where one was removed", "eni-c .12*\n want eni-c cidrs=.64/28", nil, false},
		{"another target", whole, func(p *Plan) { p.Resources[0].Target = "t2" }, false},
		{"another commit", whole, func(p *Plan) { p.Commit = "other" }, false},
		{"another policy", whole, func(p *Plan) { p.PolicyDigest = "other" }, false},
		{"another inventory", whole, func(p *Plan) { p.InventoryHash = "other" }, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, p := Make(parseWorld(t, whole)), Make(parseWorld(t, c.part))
			if c.change != nil {
				c.change(&p)
			}
			if got := p.Within(&w); got != c.within {
				t.Errorf("got %v, want %v", got, c.within)
			}
		})
	}
}

func TestVisible(t *testing.T) {
	cases := []struct {
		name, intent, rows string
		want               bool
	}{
		{"an assign whose address is there", "assign nat-a .20", ".20", true},
		{"an assign whose address is on its way in", "assign nat-a .20", ".20/assigning", true},
		{"an assign whose address failed", "assign nat-a .20", ".20/failed", true},
		{"an assign whose address is on its way out again", "assign nat-a .20", ".20/unassigning", false},
		{"an assign of which one address lacks", "assign nat-a .20 .21", ".20", false},
		{"a move whose address is there", "move nat-a .20", ".20", true},
		{"an unassign whose address is still there", "unassign nat-a .20", ".20", false},
		{"an unassign whose address drains", "unassign nat-a .20", ".20/unassigning", true},
		{"an unassign whose address is gone", "unassign nat-a .20", ".21", true},
		{"an unassign of which one address is left", "unassign nat-a .20 .21", ".21", false},
		{"an assign whose prefix is there", "assign eni-a .64/28", ".20 .64/28", true},
		{"an assign whose prefix lacks", "assign eni-a .64/28", ".20 .80/28", false},
		{"an unassign whose prefix is still there", "unassign eni-a .64/28", ".20 .64/28", false},
		{"an unassign whose prefix is gone", "unassign eni-a .64/28", ".20", true},
	}
	for _, c := range cases {
		in := parseWorld(t, "intent "+c.intent+"\n eni-z .10* "+c.rows)
		n := in.Inventories[0].NetworkInterfaces[0]
		if got := Visible(in.Intents[0], n.Addresses, n.Prefixes); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
