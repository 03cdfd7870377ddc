package ruling

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

const waiver = `apiVersion: sluice/v1
kind: Waiver
metadata: {name: legacy-range}
spec: {rule: spec.allowed_cidrs, selector: {labels: {env: prod}}, owner: network@example.com, reason: "old", expires: 2027-03-01T00:00:00Z}
`

const approval = `apiVersion: sluice/v1
kind: Approval
metadata: {name: swap-egress-a}
spec: {planHash: "sha256:0000000000000000000000000000000000000000000000000000000000000000", approver: lead@example.com, reason: "ok", expires: 2027-01-15T00:00:00Z}
`

const guard = "action.never_unassign_primary"

func known(rule string) (waivable, known bool) {
	return rule != guard, rule == "spec.allowed_cidrs" || rule == guard || rule == "plan.change_budget"
}

func TestRulingsAreRead(t *testing.T) {
	set, problems := Parse([]File{
		{"rulings/a.yaml", []byte(waiver + "---\n" + approval)}, {"data.yaml", []byte("params: {}")}, {"rule.rego", []byte("package x")}, {"input.json", []byte("{}")},
	}, known)
	if len(problems) > 0 || len(set.Waivers) != 1 || len(set.Approvals) != 1 {
		t.Fatalf("%+v, %v", set, problems)
	}
	w, a := set.Waivers[0], set.Approvals[0]
	if w.Rule != "spec.allowed_cidrs" || w.Selector.Labels["env"] != "prod" || w.Expires.Year() != 2027 || w.File != "rulings/a.yaml" || w.Line != 1 {
		t.Errorf("waiver %+v", w)
	}
	if !strings.HasPrefix(a.PlanHash, "sha256:") || a.Approver != "lead@example.com" || a.Line != 6 {
		t.Errorf("approval %+v", a)
	}
}

func TestBadRulingsAreRefusedWithTheirPlace(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"another kind", strings.Replace(waiver, "kind: Waiver", "kind: NatGateway", 1), "a.yaml:2:7: a policy source holds rules"},
		{"no expiry", strings.Replace(waiver, ", expires: 2027-03-01T00:00:00Z", "", 1), "expires"},
		{"an expiry that is no time", strings.Replace(waiver, "2027-03-01T00:00:00Z", "soon", 1), "a.yaml:4:"},
		{"an expiry of the year 10000", strings.Replace(waiver, "2027-03-01T00:00:00Z", `"9999-12-31T23:59:59-01:00"`, 1), "a.yaml:4:"},
		{"an approval until the year 10000", strings.Replace(approval, "2027-01-15T00:00:00Z", `"9999-12-31T23:59:59-01:00"`, 1), "not in the years 1 to 9999 of UTC"},
		{"a rule that does not exist", strings.Replace(waiver, "spec.allowed_cidrs", "spec.allowed_cidr", 1), "there is no rule"},
		{"the guard", strings.Replace(waiver, "spec.allowed_cidrs", guard, 1), "cannot be waived"},
		{"a plan rule", strings.Replace(waiver, "spec.allowed_cidrs", "plan.change_budget", 1), "approve the plan instead"},
		{"everything selected by nothing", strings.Replace(waiver, "{labels: {env: prod}}", "{}", 1), "selector"},
		{"an unknown field", strings.Replace(waiver, "owner:", "ower:", 1), "ower"},
		{"a plan hash that is none", strings.Replace(approval, "sha256:0", "sha1:0", 1), "planHash"},
		{"a name twice", waiver + "---\n" + waiver, "exists already at a.yaml:1"},
		{"no YAML", "a: [", "a.yaml:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Parse([]File{{"a.yaml", []byte(tt.text)}}, known)
			if len(problems) == 0 || !strings.Contains(problems[0].Error(), tt.want) {
				t.Errorf("problems %v, want %q", problems, tt.want)
			}
		})
	}
}

func TestASelectorFitsWhatAllOfItFits(t *testing.T) {
	doc := spec.Document{Kind: inventory.KindNatGateway, Name: "egress", Target: "prod", Labels: map[string]string{"env": "prod", "owner": "net"}}
	tests := []struct {
		selector Selector
		fits     bool
	}{
		{Selector{Labels: map[string]string{"env": "prod"}}, true},
		{Selector{Labels: map[string]string{"env": "prod", "owner": "net"}, Target: "prod", Kind: "NatGateway", Name: "egress"}, true},
		{Selector{Labels: map[string]string{"env": "prod", "team": ""}}, false},
		{Selector{Target: "other"}, false}, {Selector{Kind: "NetworkInterface"}, false}, {Selector{Name: "other"}, false},
	}
	for _, tt := range tests {
		if got := (Waiver{Rule: "r", Selector: tt.selector}).Covers("r", doc); got != tt.fits {
			t.Errorf("%+v fits: %v", tt.selector, got)
		}
	}
	at := time.Unix(1e9, 0)
	if !(Approval{Expires: at}).Expired(at) || (Approval{Expires: at.Add(1)}).Expired(at) {
		t.Error("an approval counts until it expires, and not then")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(waiver))
	f.Add([]byte(approval))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, problems := Parse([]File{{"a.yaml", data}}, known)
		for _, w := range set.Waivers {
			if len(problems) == 0 && (w.Expires.IsZero() || w.Rule == "" || w.Owner == "") {
				t.Errorf("accepted %+v", w)
			}
		}
	})
}
