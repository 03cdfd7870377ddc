package render

import (
	"io"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/backtest"
)

// Backtest prints what other rules would have decided.
func (s *Style) Backtest(r backtest.Report) error {
	return s.print(func(p *page) {
		for _, f := range r.Flips {
			p.flow(span{quiet, f.At.UTC().Format(time.DateOnly)}, span{quiet, shortID(f.Commit)}, span{strong, position(f.File, f.Line)},
				span{strong, f.Name}, span{quiet, planOf(f)})
			p.gap(2)
			p.put(decisionInk(f.Was), f.Was)
			p.put(plain, " -> ")
			p.put(decisionInk(f.Is), f.Is)
			p.gap(2)
			p.flow(span{plain, f.Rule}, span{plain, f.Msg})
		}
		if len(r.Flips) > 0 {
			p.newline()
		}
		p.flow(span{plain, judgedAgain(r)})
		if r.Unknown > 0 {
			p.flow(span{due, count(r.Unknown, "recorded plan is", "recorded plans are") + " of other commits or documents, and could not be judged again"})
		}
	})
}

// planOf tells a plan's decision from a document's.
func planOf(f backtest.Flip) string {
	if f.Subject == "plan" {
		return "plan of " + f.ID
	}
	return ""
}

func judgedAgain(r backtest.Report) string {
	what := strings.Join([]string{count(r.Commits, "commit", "commits"), count(r.Documents, "document", "documents"), count(r.Plans, "recorded plan", "recorded plans")}, ", ")
	if len(r.Flips) == 0 {
		return "No decision changes: " + what + " judged again."
	}
	return count(len(r.Flips), "decision changes", "decisions change") + ": " + what + " judged again."
}

// BacktestJSON writes the report's stable JSON form.
func BacktestJSON(w io.Writer, r backtest.Report) error { return writeJSON(w, r) }
