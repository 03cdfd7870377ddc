package judge

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

const denyProd = "# METADATA\n# title: T\npackage sluice.spec.no_prod\n\ndeny contains \"because\" if input.metadata.labels.env == \"prod\"\n"

func TestAWaiverTakesARuleOffTheResourcesItNames(t *testing.T) {
	waiver := func(rule, env string, expires time.Time) ruling.Set {
		return ruling.Set{Waivers: []ruling.Waiver{{Name: "w", Rule: rule, Owner: "o", Reason: "why", Expires: expires,
			Selector: ruling.Selector{Labels: map[string]string{"env": env}}}}}
	}
	c := swap(t, 1, "10.0.1.30")
	later, before := c.Now.Add(time.Hour), c.Now.Add(-time.Hour)
	tests := []struct {
		name     string
		rulings  ruling.Set
		state    plan.State
		decision string
		says     string
	}{
		{"it covers the resource", waiver("spec.no_prod", "prod", later), plan.Pending, "waived", "waived by w"},
		{"another label", waiver("spec.no_prod", "staging", later), plan.Denied, "deny", "because"},
		{"another rule", waiver("spec.allowed_cidrs", "prod", later), plan.Denied, "deny", "because"},
		{"it has expired, and is named", waiver("spec.no_prod", "prod", before), plan.Denied, "deny", "the waiver w expired"},
		{"it expires now", waiver("spec.no_prod", "prod", c.Now), plan.Denied, "deny", "expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := swap(t, 1, "10.0.1.30")
			c.Rulings = tt.rulings
			r := Judge(t.Context(), engine(t, denyProd), c).Plan().Resources[0]
			if r.State != tt.state || r.Verdicts[0].Decision != tt.decision || !strings.Contains(r.Verdicts[0].Msg, tt.says) {
				t.Errorf("state %s, verdicts %+v", r.State, r.Verdicts)
			}
		})
	}
}

func TestAnApprovalLetsExactlyOnePlanPastItsHolds(t *testing.T) {
	held := func(t *testing.T) (Case, string) {
		c := swap(t, 5)
		c.Commit.Author = Person{Name: "Ada", Email: "ada@example.com"}
		c.Commit.Signer = "bob@example.com"
		c.Commit.Message = "Less\n\nCo-authored-by: Carl C <carl@example.com>\n"
		c.Authors = []Person{{Name: "Dora", Email: "dora@example.com"}}
		return c, Judge(t.Context(), engine(t), c).Plan().PlanHash
	}
	tests := []struct {
		name   string
		change func(a *ruling.Approval)
		state  plan.State
	}{
		{"it names the plan", func(*ruling.Approval) {}, plan.Pending},
		{"it names another plan", func(a *ruling.Approval) { a.PlanHash = "sha256:other" }, plan.Held},
		{"it has expired", func(a *ruling.Approval) { a.Expires = time.Unix(1, 0) }, plan.Held},
		{"the author approves", func(a *ruling.Approval) { a.Approver = "ADA@example.com" }, plan.Held},
		{"the signer approves", func(a *ruling.Approval) { a.Approver = "Bob <bob@example.com>" }, plan.Held},
		{"a co-author approves", func(a *ruling.Approval) { a.Approver = "carl@example.com" }, plan.Held},
		{"the author of another commit of the change approves", func(a *ruling.Approval) { a.Approver = "dora@example.com" }, plan.Held},
		{"the author approves with a tag", func(a *ruling.Approval) { a.Approver = "ada+lead@example.com" }, plan.Held},
		{"somebody of the same name at another host approves", func(a *ruling.Approval) { a.Approver = "ada@example.org" }, plan.Pending},
		{"the author approves under a longer form", func(a *ruling.Approval) { a.Approver = "Ada L <ada@example.com>" }, plan.Held},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, hash := held(t)
			a := ruling.Approval{Name: "a", PlanHash: hash, Approver: "lead@example.com", Reason: "r", Expires: c.Now.Add(time.Hour), File: "a.yaml", Line: 1}
			tt.change(&a)
			c.Rulings.Approvals = []ruling.Approval{a}
			approved := Judge(t.Context(), engine(t), c)
			if r := approved.Plan().Resources[0]; r.State != tt.state {
				t.Errorf("state %s: %s, %+v", r.State, r.Reason, r.Verdicts)
			}
			if approved.PastHold() != (tt.state == plan.Pending) || approved.Plan().PlanHash != hash {
				t.Errorf("past hold %v, hash %s", approved.PastHold(), approved.Plan().PlanHash)
			}
		})
	}
}

// Who it is that approves says nothing while a part of the authors may be missing.
func TestNobodyApprovesAChangeWhoseAuthorsAreNotAllKnown(t *testing.T) {
	c := swap(t, 5)
	hash := Judge(t.Context(), engine(t), c).Plan().PlanHash
	c.AuthorsUnknown = "there are 1,001 commits"
	c.Rulings.Approvals = []ruling.Approval{{Name: "a", PlanHash: hash, Approver: "lead@example.com", Expires: c.Now.Add(time.Hour)}}
	r := Judge(t.Context(), engine(t), c).Plan().Resources[0]
	if last := r.Verdicts[len(r.Verdicts)-1]; r.State != plan.Held || !strings.Contains(last.Msg, "does not count") || !strings.HasSuffix(last.Msg, c.AuthorsUnknown) {
		t.Errorf("state %s, verdicts %+v", r.State, r.Verdicts)
	}
}

func TestAnAdvisoryRuleOnlyWarns(t *testing.T) {
	for _, rule := range []string{denyProd, "# METADATA\n# title: T\npackage sluice.plan.no_prod\n\nhold contains \"because\" if input.mode == \"apply\"\n"} {
		c := swap(t, 1, "10.0.1.30")
		c.Levels = map[string]policy.Level{"spec.no_prod": policy.Advisory, "plan.no_prod": policy.Advisory}
		r := Judge(t.Context(), engine(t, rule), c).Plan().Resources[0]
		if r.State != plan.Pending || r.Verdicts[0].Decision+r.Verdicts[len(r.Verdicts)-1].Decision == "" || !strings.Contains(r.Verdicts[0].Decision+r.Verdicts[len(r.Verdicts)-1].Decision, "warn") {
			t.Errorf("state %s, verdicts %+v", r.State, r.Verdicts)
		}
	}
}

func TestALoweredRuleSaysSoInItsWarning(t *testing.T) {
	c := swap(t, 1, "10.0.1.30")
	c.Levels = map[string]policy.Level{"spec.no_prod": policy.Advisory}
	c.Rulings.Lowered = []string{"spec.no_prod"}
	r := Judge(t.Context(), engine(t, denyProd), c).Plan().Resources[0]
	v := r.Verdicts[0]
	if r.State != plan.Pending || v.Decision != policy.Warn || !strings.HasSuffix(v.Msg, " (deny, but advisory by configuration)") {
		t.Errorf("state %s, verdict %+v", r.State, v)
	}
}

func TestAnAdvisoryCapShortensNoDrain(t *testing.T) {
	const rule = "# METADATA\n# title: T\npackage sluice.action.short\n\ncap contains {\"maxDrainSeconds\": 60, \"msg\": \"be quick\"} if input.action.verb == \"unassign\"\n"
	c := swap(t, 1, "10.0.1.30")
	c.Levels = map[string]policy.Level{"action.short": policy.Advisory}
	r := Judge(t.Context(), engine(t, rule), c).Plan().Resources[0]
	if got := r.Waves[1][0].MaxDrainSeconds; got != 600 { // what the library caps it at
		t.Errorf("the drain lasts %d s: %+v", got, r.Verdicts)
	}
	if !slices.Contains(r.Verdicts, plan.Verdict{Rule: "action.short", Decision: policy.Warn, Msg: "be quick"}) {
		t.Errorf("verdicts %+v", r.Verdicts)
	}
}

func TestADenialIsNotApproved(t *testing.T) {
	c := swap(t, 5)
	hash := Judge(t.Context(), engine(t, denyProd), c).Plan().PlanHash
	c.Rulings.Approvals = []ruling.Approval{{PlanHash: hash, Approver: "lead@example.com", Expires: c.Now.Add(time.Hour)}}
	if r := Judge(t.Context(), engine(t, denyProd), c).Plan().Resources[0]; r.State != plan.Denied {
		t.Errorf("state %s", r.State)
	}
}

func TestWhatIsLeftOfAnApprovedPlanNeedsNoOther(t *testing.T) {
	whole := swap(t, 5, "10.0.1.30").Plan // assign .30, then unassign five
	c := swap(t, 5, "10.0.1.30")
	c.Inventories[0].NatGateways[0].Addresses = append(c.Inventories[0].NatGateways[0].Addresses, inventory.Address{IP: ip("10.0.1.30"), Status: inventory.StatusSucceeded})
	c.Plan = plan.Make(plan.Input{Commit: "c1", PolicyDigest: "sha256:p", Mode: "apply", Documents: c.Documents, Inventories: c.Inventories})
	if r := Judge(t.Context(), engine(t), c).Plan().Resources[0]; r.State != plan.Held {
		t.Errorf("without an approval: %s", r.State)
	}
	c.Begun = []plan.Plan{whole}
	if r := Judge(t.Context(), engine(t), c).Plan().Resources[0]; r.State != plan.Pending {
		t.Errorf("what is left: %s, %s", r.State, r.Reason)
	}
	more := whole
	more.Commit = "c2"
	c.Begun = []plan.Plan{more}
	if r := Judge(t.Context(), engine(t), c).Plan().Resources[0]; r.State != plan.Held {
		t.Errorf("of another commit: %s", r.State)
	}
}
