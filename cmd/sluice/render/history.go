package render

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// timeLayout is how the record shows a time, in UTC and to the second.
const timeLayout = "2006-01-02 15:04:05Z"

// History prints records: when, which, what happened, to what. The number of one says
// of which log it is, where there are several.
func (s *Style) History(records []history.Entry) error {
	if len(records) == 0 {
		return s.print(func(p *page) { p.line(span{plain, "Nothing has been recorded yet."}) })
	}
	return s.print(func(p *page) {
		widest := 2
		for _, r := range records {
			widest = max(widest, len(number(r)))
		}
		event := len(timeLayout) + 2 + widest + 2
		for _, r := range records {
			what, below := recordWords(r.Record)
			word := eventWord(r.Record)
			p.put(quiet, r.Time.UTC().Format(timeLayout))
			p.gap(2)
			p.put(quiet, number(r))
			p.tab(event)
			p.put(word.ink, word.text)
			p.tab(event + len("contested") + 2)
			p.flowTo(event+2, 2, span{plain, what})
			for _, line := range below {
				p.under(event+2, line)
			}
		}
	})
}

// number is a record's name.
func number(e history.Entry) string {
	number := strconv.FormatUint(e.Seq, 10)
	if e.Log != "" {
		return e.Log + " " + number
	}
	return number
}

// HistoryJSON writes records as JSON lines.
func HistoryJSON(w io.Writer, records []history.Entry) error {
	for _, r := range records {
		if err := writeJSONLine(w, r); err != nil {
			return err
		}
	}
	return nil
}

// eventWord says in a word what a record tells.
func eventWord(r history.Record) span {
	switch r.Kind {
	case history.KindCommit:
		return span{strong, "commit"}
	case history.KindDecision:
		return span{decisionInk(r.Decision), cmp.Or(decisionWord(r.Decision), "judged")}
	case history.KindIntent:
		return span{plain, "intent"}
	case history.KindOutcome:
		return outcomeWord(r.Outcome)
	case history.KindSettled:
		return settledWord(r.Outcome)
	case history.KindConverged, history.KindReached:
		return span{good, string(r.Kind)}
	case history.KindDrift, history.KindContested:
		return span{due, string(r.Kind)}
	case history.KindAttributed:
		return span{plain, "who"}
	case history.KindRestored:
		return span{good, "restored"}
	case history.KindHeld:
		return span{holding, "held"}
	case history.KindAcknowledged:
		return span{strong, "ack"}
	case history.KindCut:
		return span{quiet, "cut"}
	case history.KindTaken:
		return span{strong, "taken"}
	}
	return span{plain, string(r.Kind)}
}

// recordWords says what a record tells, and below it what belongs to it. What an
// earlier record of the same call says is not said again.
func recordWords(r history.Record) (what string, below []span) {
	quietly := func(parts ...string) {
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		if len(parts) > 0 {
			below = append(below, span{quiet, strings.Join(parts, ", ")})
		}
	}
	switch r.Kind {
	case history.KindCommit:
		what = joinWords(shortID(r.Commit), by(r.Author))
		quietly(firstLine(r.Message))
	case history.KindHeld:
		what = r.Message
	case history.KindAcknowledged:
		what = joinWords(commitWord(r.Commit), by(r.Author))
		quietly(r.Message)
	case history.KindCut:
		if r.Cut != nil {
			what = "records " + strconv.FormatUint(r.Cut.From, 10) + " to " + strconv.FormatUint(r.Cut.To, 10) + " are in " + r.Cut.Exported
		}
	case history.KindTaken:
		what = joinWords("replica", r.Replica, "goes on with", cmp.Or(targetWord(r.Target), "the target"))
		quietly("epoch " + strconv.FormatUint(r.Epoch, 10))
	case history.KindDecision:
		what = joinWords("plan", shortID(r.PlanHash), "of", commitWord(r.Commit))
		quietly(r.Message)
		below = append(below, verdictLines(r.Verdicts)...)
	case history.KindConverged:
		what = commitWord(r.Commit)
		quietly(r.Message)
	case history.KindReached:
		names := slices.Sorted(maps.Keys(r.Reached))
		what = count(len(names), "resource is", "resources are") + " as " + commitWord(r.Commit) + " says"
		quietly(strings.Join(names[:min(len(names), 8)], ", "))
	case history.KindDrift, history.KindContested, history.KindAttributed, history.KindRestored:
		what = resourceWords(r)
		quietly(r.Message)
		for _, line := range driftLines(r.Drift, r.Rounds, r.Kind == history.KindContested) {
			below = append(below, span{plain, line})
		}
	default:
		what = recordSentence(r)
		if why := coded(r.Code, r.Message); why != "" {
			below = append(below, span{plain, why})
		}
		if r.Kind == history.KindIntent || r.Kind == history.KindProbe {
			quietly(commitWord(r.Commit), position(r.SpecFile, r.SpecLine))
		}
		if r.RequestID != "" {
			quietly("request " + r.RequestID)
		}
	}
	return what, below
}

// recordSentence says what a call does, with the resource's name and id as far
// as the record has them.
func recordSentence(r history.Record) string {
	return sentence(plan.Action{
		Verb: inventory.Verb(r.Verb), Addresses: r.Addresses, Prefixes: r.Prefixes,
		MaxDrainSeconds: r.MaxDrainSeconds, From: r.From,
	}, resourceWords(r))
}

// resourceWords names a resource: a name for people, an id for AWS.
func resourceWords(r history.Record) string {
	target := targetWord(r.Target)
	if target != "" {
		target = "in " + target
	}
	return joinWords(r.SpecName, r.ResourceID, target)
}

// verdictLines is one line a verdict.
func verdictLines(list []history.Verdict) []span {
	var lines []span
	for _, v := range list {
		lines = append(lines, span{decisionInk(v.Decision), strings.TrimSuffix(v.Decision+" "+v.Rule+": "+v.Msg, ": ")})
	}
	return lines
}

// by names an author, whom a plain folder has not.
func by(author string) string {
	if author == "" {
		return ""
	}
	return "by " + author
}

// joinWords joins what is not empty.
func joinWords(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
