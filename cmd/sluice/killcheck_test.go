package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// killPhases are the parts of a program's life, in order.
var killPhases = []string{
	"start", "look", "intent, call not sent", "call, outcome not recorded", "in transition", "between", "nothing left to do",
}

// killTally counts what a kill test did.
type killTally struct {
	kills                  map[string]int // by phase
	worlds, calls, records int
}

func (k *killTally) add(o killTally) {
	for phase, n := range o.kills {
		k.kills[phase] += n
	}
	k.worlds, k.calls, k.records = k.worlds+o.worlds, k.calls+o.calls, k.records+o.records
}

func (k *killTally) killed() (n int) {
	for _, of := range k.kills {
		n += of
	}
	return n
}

func (k *killTally) table(took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n| kill -9 | count |\n|---|---|\n| loops | %d |\n", k.killed())
	for _, phase := range killPhases {
		fmt.Fprintf(&b, "| … %s | %d |\n", phase, k.kills[phase])
	}
	fmt.Fprintf(&b, "| worlds checked | %d |\n| mutating calls | %d |\n| records | %d |\n| seconds | %.0f |\n| ms a loop | %d |\n",
		k.worlds, k.calls, k.records, took.Seconds(), took.Milliseconds()/int64(max(1, k.killed())))
	return b.String()
}

// sight is what is to be seen when no program lives.
type sight struct {
	world   ec2sim.World
	calls   []ec2sim.Call // those that change something
	records []history.Record
}

func mutates(c ec2sim.Call) bool {
	return strings.HasPrefix(c.Action, "Assign") || strings.HasPrefix(c.Action, "Unassign")
}

// phaseOf says what a program was at when it was killed.
func phaseOf(before, after sight, requests int) string {
	intents, open := 0, false
	for _, r := range after.records[min(len(before.records), len(after.records)):] {
		switch r.Kind {
		case history.KindIntent:
			intents, open = intents+1, true
		case history.KindOutcome:
			open = false
		}
	}
	moving := slices.ContainsFunc(after.world.NatGateways, func(g ec2sim.NatGateway) bool { return len(g.Transitions) > 0 })
	switch {
	case requests == 0:
		return "start"
	case open && intents > len(after.calls)-len(before.calls):
		return "intent, call not sent"
	case open:
		return "call, outcome not recorded"
	case moving:
		return "in transition"
	case intents > 0:
		return "between"
	case len(after.records) > 0 && after.records[len(after.records)-1].Kind == history.KindConverged:
		return "nothing left to do"
	}
	return "look"
}

// check looks at EC2, the record and the calls after a program that was not killed.
func (v *victim) check(t *testing.T) {
	s := v.look(t)
	v.tally.calls, v.tally.records = len(s.calls), len(s.records)
	got := wish{s.world.NatGateways[0].Secondary, s.world.NatGateways[1].Secondary, s.world.NetworkInterfaces[0].Secondary}
	for _, pair := range [][2][]string{{got.gatewayA, v.wanted.gatewayA}, {got.gatewayB, v.wanted.gatewayB}, {got.vip, v.wanted.vip}} {
		if !sameSet(pair[0], pair[1]) {
			t.Errorf("EC2 holds %v, and the specs say %v", pair[0], pair[1])
		}
	}
	file, err := history.OpenReadOnly(filepath.Join(v.dir, "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := history.Verify(t.Context(), file); err != nil {
		t.Error(err)
	}
	problems := append(callsWithoutNeed(s.calls), callsWithoutIntent(s.calls, s.records)...)
	for _, p := range problems {
		t.Error(p)
	}
	if t.Failed() {
		for _, c := range s.calls {
			t.Logf("%s %s %v %s", c.Time.Format(time.StampMilli), c.Action, subjects(c), c.Code)
		}
		for _, r := range s.records {
			t.Logf("%s %d %s %s %s %v %s", r.Time.Format(time.StampMilli), r.Seq, r.Kind, r.Verb, r.ResourceID, r.Addresses, r.Outcome)
		}
	}
}

// subjects are a call's resource and then its addresses, sorted.
func subjects(c ec2sim.Call) []string {
	var addresses []string
	for name, values := range c.Parameters {
		if strings.HasPrefix(name, "PrivateIpAddress.") {
			addresses = append(addresses, values...)
		}
	}
	slices.Sort(addresses)
	return append(slices.Concat(c.Parameters["NatGatewayId"], c.Parameters["NetworkInterfaceId"]), addresses...)
}

// callsWithoutNeed lists calls that EC2 refused, as it does for an address in
// transition, and those that did again what was done.
func callsWithoutNeed(calls []ec2sim.Call) (problems []string) {
	assigned := map[string]bool{}
	for _, g := range []struct{ id, ip string }{{killGatewayA, "10.0.1.20"}, {killGatewayA, "10.0.1.21"}, {killGatewayB, "10.0.1.40"}, {killVIP, "10.0.1.60"}} {
		assigned[g.id+" "+g.ip] = true
	}
	for _, c := range calls {
		names := subjects(c)
		if c.Code != "" {
			problems = append(problems, fmt.Sprintf("%s of %v was refused: %s", c.Action, names, c.Code))
			continue
		}
		adds := strings.HasPrefix(c.Action, "Assign")
		for _, ip := range names[1:] {
			key := names[0] + " " + ip
			if assigned[key] == adds {
				problems = append(problems, fmt.Sprintf("%s of %s came twice", c.Action, key))
			}
			assigned[key] = adds
		}
	}
	return problems
}

// callsWithoutIntent lists calls before which no intent of their own was recorded. An
// intent covers one call.
func callsWithoutIntent(calls []ec2sim.Call, records []history.Record) (problems []string) {
	used := map[uint64]bool{}
	outcomes := map[string]bool{}
	for _, r := range records {
		if r.Kind == history.KindOutcome && r.Outcome == history.OutcomeAccepted {
			outcomes[r.RequestID] = true
		}
	}
	for _, c := range calls {
		delete(outcomes, c.RequestID)
		i := slices.IndexFunc(records, func(r history.Record) bool {
			return r.Kind == history.KindIntent && !used[r.Seq] && !r.Time.After(c.Time) && covers(r, c)
		})
		if i < 0 {
			problems = append(problems, fmt.Sprintf("%s of %v has no intent before it", c.Action, subjects(c)))
			continue
		}
		used[records[i].Seq] = true
		if r := records[i]; r.Commit == "" || r.PolicyDigest == "" || r.PlanHash == "" || r.Decision != "allow" {
			problems = append(problems, fmt.Sprintf("the intent %d says too little: %+v", r.Seq, r))
		}
	}
	for id := range maps.Keys(outcomes) {
		problems = append(problems, "the record has an answer that EC2 did not give: "+id)
	}
	return problems
}

// covers reports whether an intent names exactly this call.
func covers(r history.Record, c ec2sim.Call) bool {
	var addresses []string
	for _, a := range r.Addresses {
		addresses = append(addresses, a.String())
	}
	slices.Sort(addresses)
	drain := c.Parameters.Get("MaxDrainDurationSeconds")
	verb := "assign"
	if strings.HasPrefix(c.Action, "Unassign") {
		verb = "unassign"
	}
	return r.Verb == verb && slices.Equal(subjects(c), append([]string{r.ResourceID}, addresses...)) &&
		(drain == "" || drain == strconv.Itoa(r.MaxDrainSeconds))
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
