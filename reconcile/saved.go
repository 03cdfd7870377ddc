package reconcile

import (
	"fmt"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// StaleError says why a saved plan is not applied: what is no longer as it was planned,
// one text for each, for people. Nothing was done.
type StaleError struct{ Changes []string }

// Error says what changed and what to do.
func (e *StaleError) Error() string {
	return "the saved plan is stale, so it is not carried out: " + strings.Join(e.Changes, "; ") + "; make a new plan"
}

// checkSaved compares a saved plan with the one just made. Equal hashes are the
// same plan. Once a saved plan has been begun, its own calls change the inventory:
// from then on what remains must be part of it.
func (l *Loop) checkSaved(saved *plan.Plan, now plan.Plan) error {
	if saved == nil {
		return nil
	}
	if l.cfg.Ledger.BegunPlan(saved.PlanHash) && now.Within(saved) {
		return nil
	}
	var changes []string
	differ := func(what, was, is string) {
		if was != is {
			changes = append(changes, fmt.Sprintf("%s was %s and is %s", what, short(was), short(is)))
		}
	}
	differ("the commit", saved.Commit, now.Commit)
	differ("the policy", saved.PolicyDigest, now.PolicyDigest)
	differ("the inventory", saved.InventoryHash, now.InventoryHash)
	if len(changes) == 0 && saved.PlanHash != now.PlanHash {
		changes = append(changes, changed(saved, now))
	}
	if len(changes) > 0 {
		return &StaleError{Changes: changes}
	}
	return nil
}

// changed names the first resource that would now go another way: what it rests on
// is the same, so something around it is not, such as who holds an address.
func changed(saved *plan.Plan, now plan.Plan) string {
	before := map[string]plan.Resource{}
	for _, r := range saved.Resources {
		before[resourceKey(r)] = r
	}
	for _, r := range now.Resources {
		was, found := before[resourceKey(r)]
		if !found || was.State != r.State || was.Reason != r.Reason {
			return fmt.Sprintf("%s was %s (%s) and is %s (%s)", r.ID, was.State, was.Reason, r.State, r.Reason)
		}
	}
	return fmt.Sprintf("the plan was %s and is %s", short(saved.PlanHash), short(now.PlanHash))
}

// short cuts a hash or a commit for people.
func short(id string) string {
	prefix, rest, found := strings.Cut(id, ":")
	if !found {
		prefix, rest = "", id
	} else {
		prefix += ":"
	}
	if len(rest) > 12 {
		rest = rest[:12]
	}
	if rest == "" {
		return "none"
	}
	return prefix + rest
}
