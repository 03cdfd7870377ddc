package render

import (
	"cmp"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Explain prints an address's story, oldest first: each call with who asked for
// it, why it was allowed, what EC2 answered, and when its effect was seen.
func (s *Style) Explain(story history.Story) error {
	return s.print(func(p *page) {
		p.put(strong, story.Address.String())
		if len(story.Events) == 0 {
			p.gap(2)
			p.flow(span{plain, "nothing is recorded of this address"})
			return
		}
		p.newline()
		for _, e := range story.Events {
			p.newline()
			p.event(story, e)
		}
	})
}

// ExplainJSON writes a story's JSON form.
func ExplainJSON(w io.Writer, story history.Story) error {
	story.Events = append([]history.Event{}, story.Events...)
	return writeJSON(w, story)
}

// explainGutter is how wide the labels are.
const explainGutter = len("resource") + 4

// event writes what happened, and below it the evidence, one label a line.
func (p *page) event(story history.Story, e history.Event) {
	p.put(quiet, e.Time.UTC().Format(timeLayout))
	p.gap(2)
	p.flow(eventTitle(story, e))
	entry := func(label string, spans ...span) {
		if !slices.ContainsFunc(spans, func(s span) bool { return s.text != "" }) {
			return
		}
		p.gap(2)
		p.put(quiet, label)
		p.tab(explainGutter)
		p.flow(spans...)
	}
	entry("resource", span{plain, e.SpecName}, span{plain, e.ResourceKind}, span{plain, e.ResourceID}, span{quiet, targetWord(e.Target)})
	entry("spec", span{plain, position(e.SpecFile, e.SpecLine)})
	entry("commit", span{plain, joinWords(shortID(e.Commit), by(e.Author))})
	entry("", span{plain, firstLine(e.Message)})
	if e.Replica != "" {
		entry("replica", span{plain, e.Replica}, span{quiet, "epoch " + strconv.FormatUint(e.Epoch, 10)})
	}
	if e.Decision != "" {
		entry("policy", span{decisionInk(e.Decision), decisionWord(e.Decision)},
			span{quiet, labelled("policy", shortID(e.PolicyDigest))}, span{quiet, labelled("plan", shortID(e.PlanHash))})
	}
	for _, v := range e.Verdicts {
		entry("", span{decisionInk(v.Decision), v.Decision + " " + v.Rule}, span{plain, v.Msg})
	}
	if e.Outcome != "" {
		word := outcomeWord(e.Outcome)
		word.text = joinWords(word.text, e.Code)
		entry("EC2", word)
		entry("", span{quiet, labelled("request", e.RequestID)})
	}
	if e.Kind == history.KindIntent {
		entry("", span{plain, e.Note}) // EC2's words
	} else {
		entry("note", span{plain, e.Note})
	}
	for _, line := range driftLines(e.Drift, e.Rounds, e.Kind == history.KindContested) {
		entry("drift", span{plain, line})
	}
	if e.Settled != "" {
		entry("seen", settledWord(e.Settled), span{quiet, "at " + e.SettledTime.UTC().Format(timeLayout)},
			span{quiet, formatDuration(e.SettledTime.Sub(e.Time)) + " later"})
	}
}

// eventTitle says what happened to the address.
func eventTitle(story history.Story, e history.Event) span {
	name := cmp.Or(e.SpecName, e.ResourceID)
	act := sentence(plan.Action{
		Verb: inventory.Verb(e.What), Addresses: []netip.Addr{story.Address}, MaxDrainSeconds: e.MaxDrainSeconds, From: e.From,
	}, name)
	switch e.Kind {
	case history.KindIntent:
		return span{strong, act}
	case history.KindProbe:
		return span{strong, "dry-run: " + act}
	}
	word := string(e.Kind)
	if e.Kind == history.KindAttributed {
		word = "who made the drift"
	}
	if e.Kind == history.KindDecision {
		word = cmp.Or(decisionWord(e.Decision), "judged")
	}
	return span{strong, strings.TrimSpace(word + " " + labelled("on", name))}
}

// settledWord says what was observed of a call afterwards: that it took effect,
// which for a removal means that the drain began.
func settledWord(outcome string) span {
	if outcome == history.OutcomeDone {
		return span{good, "in effect"}
	}
	return span{worst, "no effect"}
}

// decisionWord says a decision on a whole plan.
func decisionWord(decision string) string {
	switch decision {
	case "allow":
		return "allowed"
	case "hold":
		return "held"
	case "deny":
		return "denied"
	}
	return decision
}
