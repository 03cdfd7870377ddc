package judge

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// ApprovalRule is the id under which an approval stands among the verdicts.
const ApprovalRule = "approval"

// advise makes a warning of what an advisory rule decides, a cap included: during a
// roll-out it changes nothing. Whoever looks for the rule's own level, and finds it
// firmer, is told where to look.
func (j *judgement) advise(d policy.Decision) policy.Decision {
	if j.c.Levels[d.Rule] != policy.Advisory {
		return d
	}
	if d.Kind != policy.Warn && slices.Contains(j.c.Rulings.Lowered, d.Rule) {
		d.Msg += fmt.Sprintf(" (%s, but advisory by configuration)", d.Kind)
	}
	d.Kind = policy.Warn
	return d
}

// waive softens what advisory rules decide, and takes out the decisions that a waiver covers, and notes each in the
// verdicts. A waiver that has expired is named and does not count.
func (j *judgement) waive(r *plan.Resource, doc spec.Document, res policy.Result) policy.Result {
	var kept []policy.Decision
	for _, d := range res.Decisions {
		d = j.advise(d)
		i := slices.IndexFunc(j.c.Rulings.Waivers, func(w ruling.Waiver) bool { return w.Covers(d.Rule, doc) && !w.Expired(j.c.Now) })
		if i >= 0 {
			w := j.c.Rulings.Waivers[i]
			r.Verdicts = appendOnce(r.Verdicts, plan.Verdict{Rule: d.Rule, Decision: "waived", Msg: fmt.Sprintf(
				"%s (waived by %s until %s, owner %s: %s)", d.Msg, w.Name, w.Expires.UTC().Format(time.DateOnly), w.Owner, w.Reason)})
			continue
		}
		if i := slices.IndexFunc(j.c.Rulings.Waivers, func(w ruling.Waiver) bool { return w.Covers(d.Rule, doc) }); i >= 0 {
			w := j.c.Rulings.Waivers[i]
			d.Msg += fmt.Sprintf(" (the waiver %s expired on %s)", w.Name, w.Expires.UTC().Format(time.DateOnly))
		}
		kept = append(kept, d)
	}
	res.Decisions = kept
	return res
}

// approve lets what is held go ahead where an approval names exactly this plan, or
// where the plan is what is left of one that was approved and begun. Whoever made
// the change cannot approve it.
func (j *judgement) approve() {
	if j.p.Summary.Held == 0 {
		return
	}
	msg := ""
	if slices.ContainsFunc(j.c.Begun, func(whole plan.Plan) bool { return j.p.Within(&whole) }) {
		msg = "what is left of a plan that was approved and begun"
	}
	for _, a := range j.c.Rulings.Approvals {
		if a.PlanHash != j.p.PlanHash {
			continue
		}
		where := fmt.Sprintf("%s (%s:%d)", a.Name, a.File, a.Line)
		switch {
		case a.Expired(j.c.Now):
			j.noteHeld(fmt.Sprintf("the approval %s expired on %s", where, a.Expires.UTC().Format(time.DateOnly)))
		case j.ownChange(a.Approver):
			j.noteHeld(fmt.Sprintf("the approval %s does not count: %s made the change, and somebody else must approve it", where, a.Approver))
		case j.c.AuthorsUnknown != "":
			j.noteHeld(fmt.Sprintf("the approval %s does not count: it is not known whether %s made a part of the change: %s", where, a.Approver, j.c.AuthorsUnknown))
		default:
			msg = fmt.Sprintf("approved by %s in %s: %s", a.Approver, where, a.Reason)
		}
	}
	if msg == "" {
		return
	}
	j.p.Hold = ""
	for i := range j.p.Resources {
		if r := &j.p.Resources[i]; r.State == plan.Held {
			r.State, r.Reason = plan.Pending, msg
			r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: ApprovalRule, Decision: "allow", Msg: msg})
		}
	}
}

func (j *judgement) noteHeld(msg string) {
	for i := range j.p.Resources {
		if r := &j.p.Resources[i]; r.State == plan.Held {
			r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: ApprovalRule, Decision: policy.Hold, Msg: msg})
		}
	}
}

// ownChange reports whether the approver had a part in the change: as author or
// committer of one of its commits, as a co-author whom a message names, or as verified
// signer; by e-mail address or, failing that, by name. The committer of a merge on a
// Git host is the host, and nobody's approval.
func (j *judgement) ownChange(approver string) bool {
	name, address := approver, approver
	if a, err := mail.ParseAddress(approver); err == nil {
		name, address = a.Name, a.Address
	}
	c := j.c.Commit
	people := append([]Person{c.Author, c.Committer, {Email: c.Signer}}, CoAuthors(c.Message)...)
	for _, p := range append(people, j.c.Authors...) {
		if p.Email != "" && mailbox(p.Email) == mailbox(address) || name != "" && strings.EqualFold(p.Name, name) {
			return true
		}
	}
	return false
}

// mailbox is whose an address is: a +tag goes to the same person.
func mailbox(address string) string {
	address = strings.ToLower(address)
	local, host, found := strings.Cut(address, "@")
	if local, _, tagged := strings.Cut(local, "+"); found && tagged && local != "" {
		return local + "@" + host
	}
	return address
}

// coAuthor is the line by which a message names another author.
var coAuthor = regexp.MustCompile(`(?im)^\s*co-authored-by:\s*(.+?)\s*$`)

// CoAuthors are the people whom a commit's message names as authors too.
func CoAuthors(message string) []Person {
	var list []Person
	for _, m := range coAuthor.FindAllStringSubmatch(message, -1) {
		if a, err := mail.ParseAddress(m[1]); err == nil {
			list = append(list, Person{Name: a.Name, Email: a.Address})
		} else {
			list = append(list, Person{Name: m[1]})
		}
	}
	return list
}

// PastHold reports whether an approval let a part of the plan go ahead.
func (a Approved) PastHold() bool {
	return slices.ContainsFunc(a.plan.Resources, func(r plan.Resource) bool {
		return r.State == plan.Pending && slices.ContainsFunc(r.Verdicts, func(v plan.Verdict) bool {
			return v.Rule == ApprovalRule && v.Decision == "allow"
		})
	})
}
