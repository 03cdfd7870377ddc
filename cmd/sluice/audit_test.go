package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func TestAnAddressIsListedWhenNoSpecNamesIt(t *testing.T) {
	const head = "apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: a}\nspec: "
	held := func(status inventory.Status, list ...string) (rows []inventory.Address) {
		for _, ip := range list {
			rows = append(rows, inventory.Address{IP: netip.MustParseAddr(ip), Status: status})
		}
		return rows
	}
	addresses := append(held("succeeded", "10.0.0.20", "10.0.0.21"), append(held("unassigning", "10.0.0.22"), held("failed", "10.0.0.23")...)...)
	addresses = append(addresses, inventory.Address{IP: netip.MustParseAddr("10.0.0.10"), Primary: true, Status: "succeeded"})
	for _, c := range []struct {
		name, spec string
		waves      [][]plan.Action
		want       string
	}{
		{"nobody names the gateway", "{id: nat-00000000000000009, secondary: {count: 1}}", nil, "10.0.0.20, 10.0.0.21, 10.0.0.22 (unassigning)"},
		{"a list names one", "{id: nat-00000000000000001, secondary: {addresses: [10.0.0.20]}}", nil, "10.0.0.21, 10.0.0.22 (unassigning)"},
		{"a list names all", "{id: nat-00000000000000001, secondary: {addresses: [10.0.0.20, 10.0.0.21, 10.0.0.22]}}", nil, ""},
		{"a count keeps what is held", "{id: nat-00000000000000001, secondary: {count: 2}}", nil, "10.0.0.22 (unassigning)"},
		{"a count gives up what its plan takes away", "{selector: {tags: {Name: x}}, secondary: {count: 1}}",
			[][]plan.Action{{{Verb: inventory.VerbUnassign, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.21")}}}}, "10.0.0.21, 10.0.0.22 (unassigning)"},
		{"a bad spec by id may want all", "{id: nat-00000000000000001, secondary: {cuont: 1}}", nil, ""},
		{"a bad spec by tags may want all", "{selector: {tags: {Name: x}}, secondary: {cuont: 1}}", nil, ""},
		{"a bad spec of another", "{selector: {tags: {Name: y}}, secondary: {cuont: 1}}", nil, "10.0.0.20, 10.0.0.21, 10.0.0.22 (unassigning)"},
		{"a bad spec of nobody", "{secondary: {cuont: 1}}", nil, "10.0.0.20, 10.0.0.21, 10.0.0.22 (unassigning)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs := spec.Parse([]spec.File{{Path: "a.yaml", Data: []byte(head + c.spec + "\n")}}).Documents
			l := liveResource{"default", inventory.KindNatGateway, "nat-00000000000000001", map[string]string{"Name": "x"}, addresses}
			var p plan.Plan
			if len(docs[0].Problems) == 0 && docs[0].ID != "nat-00000000000000009" {
				p.Resources = []plan.Resource{{Target: "default", Kind: inventory.KindNatGateway, ID: l.id, Waves: c.waves, Spec: plan.SpecRef{Name: "a", File: "a.yaml", Line: 1}}}
			}
			got, any := l.unnamed(p, docs, "nobody")
			if got.List() != c.want && any || any != (c.want != "") {
				t.Errorf("%q (%s), want %q", got.List(), got.Why, c.want)
			}
			if _, any := l.unnamed(p, docs, ""); any && got.Spec == nil {
				t.Error("a resource of a kind that is not listed is listed")
			}
		})
	}
}

func TestTheStatusOfAnAudit(t *testing.T) {
	doc := func(decision string) []render.AuditDocument {
		return []render.AuditDocument{{Rules: []render.AuditRule{{ID: "spec.x", Decision: decision, Was: "deny"}}, Was: "deny"}}
	}
	for _, c := range []struct {
		name string
		r    render.AuditReport
		warn bool
		want int
	}{
		{"all pass", render.AuditReport{Documents: doc("pass")}, true, exitDone},
		{"a warning", render.AuditReport{Documents: doc("warn")}, false, exitDone},
		{"a warning that counts", render.AuditReport{Documents: doc("warn")}, true, exitDenied},
		{"a hold", render.AuditReport{Documents: doc("hold")}, false, exitDenied},
		{"a denial", render.AuditReport{Documents: doc("deny")}, false, exitDenied},
		{"no rule was evaluated", render.AuditReport{Documents: []render.AuditDocument{{}}}, false, exitFailed},
		{"an error beside a denial", render.AuditReport{Documents: append(doc("deny"), doc("error")...)}, false, exitFailed},
		{"no document", render.AuditReport{}, false, exitFailed},
		{"no document that changed", render.AuditReport{Diff: &render.AuditDiff{}}, true, exitDone},
		{"a problem where nothing changed", render.AuditReport{Diff: &render.AuditDiff{}, Problems: []string{"x"}}, false, exitFailed},
	} {
		if got := auditStatus(c.r, c.warn); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestRulesAreNamedAsPassedOnlyWhereTheyWereAsked(t *testing.T) {
	au := audit{rules: []policy.Rule{{ID: "action.one", Scope: policy.ScopeAction}, {ID: "action.two", Scope: policy.ScopeAction}, {ID: "plan.three", Scope: policy.ScopePlan}, {ID: "spec.four", Scope: policy.ScopeSpec}}}
	waves := [][]plan.Action{{{Verb: inventory.VerbAssign}}}
	verdict := func(rule, decision string) plan.Verdict {
		return plan.Verdict{Rule: rule, Decision: decision, Msg: "m"}
	}
	for _, c := range []struct {
		name string
		r    plan.Resource
		want string
	}{
		{"in sync", plan.Resource{State: plan.InSync}, "spec.four pass"},
		{"pending", plan.Resource{State: plan.Pending, Waves: waves}, "spec.four pass, action.one pass, action.two pass, plan.three pass"},
		{"denied", plan.Resource{State: plan.Denied, Waves: waves, Verdicts: []plan.Verdict{verdict("spec.four", "deny"), verdict("action.two", "deny"), verdict("action.two", "warn"), verdict("guard.primary", "deny")}},
			"spec.four pass, action.one pass, action.two deny, action.two warn, plan.three pass, guard.primary deny"},
		{"an evaluation failed", plan.Resource{State: plan.Pending, Waves: waves, Verdicts: []plan.Verdict{verdict(judge.EngineRule, "deny"), verdict("action.one", "cap")}},
			"spec.four pass, action.one cap, policy.engine error"},
	} {
		out := render.AuditDocument{Rules: []render.AuditRule{{ID: "spec.four", Decision: "pass"}}}
		au.addLive(&out, c.r)
		var got []string
		for _, rule := range out.Rules {
			got = append(got, rule.ID+" "+rule.Decision)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s, want %s", c.name, strings.Join(got, ", "), c.want)
		}
	}
	var none render.AuditDocument
	if au.addLive(&none, plan.Resource{State: plan.Pending, Waves: waves}); len(none.Rules) > 0 || none.Decision() != "error" {
		t.Errorf("without a spec rule, %+v is %s", none.Rules, none.Decision())
	}
}
