package render

import (
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
)

// Probes prints what a dry-run found out about each action: what AWS said, and
// what sluice's own check says, which are two different things.
func (s *Style) Probes(probes []apply.Probe) error {
	if len(probes) == 0 {
		return nil
	}
	return s.print(func(p *page) { p.probes(probes) })
}

// probes writes the table. The action stands last because it may be long; why,
// EC2's code and the request id go below it, where they have the whole width.
func (p *page) probes(probes []apply.Probe) {
	rows := []row{{cells: []span{{quiet, "RESOURCE"}, {quiet, "AUTHORISED"}, {quiet, "FEASIBLE"}, {quiet, "ACTION"}}}}
	for _, pr := range probes {
		name := pr.Spec.Name
		if name == "" {
			name = pr.ID
		}
		sign := symbol(pr.Action.Verb)
		action := sign.text + " " + pr.Action.String()
		if n := pr.Action.MaxDrainSeconds; n > 0 {
			action += ", drain up to " + FormatSeconds(n)
		}
		r := row{cells: []span{{strong, name}, answer(pr.Authorised), answer(pr.Feasible), {plain, action}}}
		request := labelled("request", pr.RequestID)
		if pr.Message == "" {
			r.below = []span{{quiet, joinWords(pr.Code, request)}}
		} else {
			r.below = []span{{quiet, coded(pr.Code, pr.Message)}, {quiet, request}}
		}
		rows = append(rows, r)
	}
	p.table(0, rows)
	p.newline()
	p.flow(span{quiet, "AUTHORISED is what AWS answered to a dry-run of the call. FEASIBLE is sluice's own check of subnet, capacity, conflicts and transitions."})
	if slices.ContainsFunc(probes, func(pr apply.Probe) bool { return pr.Authorised == apply.Ignored }) {
		p.flow(span{worst, "This endpoint ignores DryRun: it may have done what it was only asked about. Look at the resource; with this endpoint use --mode observe."})
		return
	}
	p.flow(span{quiet, "Nothing was changed."})
}

// answer colours one of the two answers; what was not asked stays quiet.
func answer(word string) span {
	switch word {
	case "yes":
		return span{good, word}
	case "no", apply.Ignored:
		return span{worst, word}
	case "unknown":
		return span{due, word}
	}
	return span{quiet, word}
}
