package reconcile

import (
	"context"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Past is a source that has a history; *gitsource.Source is one.
type Past interface {
	// Line says what a snapshot's commit is to an older one, and lists what is between.
	Line(ctx context.Context, from string, to *gitsource.Snapshot) (*gitsource.Line, error)
}

// comparison is a look at what lies between the last applied commit and the newest.
type comparison struct {
	from string
	line *gitsource.Line
	err  error
}

// compare looks back from the newest commit to the last applied one, where that was
// not done yet or went wrong, and reports whether that is news. It is the goroutine
// that asks Git which does so: a server that does not answer holds up no turn.
func (k *looker) compare(ctx context.Context, d *Desired) bool {
	base := ""
	if k.base != nil {
		base = k.base(d.source)
	}
	l := lineage{commit: d.Commit, base: base, compared: k.out.past != nil}
	if !l.descends() {
		return false
	}
	if c := d.compared; c != nil && c.err == nil {
		if l.line = c.line; l.fits() {
			return false
		}
	}
	before := d.compared
	line, err := k.out.line(ctx, base, d.snapshot)
	d.compared = &comparison{from: base, line: line, err: err}
	return err == nil || before == nil || before.err == nil || before.from != base || before.err.Error() != err.Error()
}

// commitHold says whether what Git said may be acted on, and records it when it
// may not. What another look may end is not worth a record of its own.
func (l *Loop) commitHold(ctx context.Context, d *Desired) (string, error) {
	h := l.lineage(d).verdict()
	if commit, reason := l.cfg.Ledger.Held(); h.reason == "" || h.passing || commit == d.Commit.ID && reason == h.reason {
		return h.reason, nil
	}
	_, err := l.journal.append(ctx, history.Record{Kind: history.KindHeld, Commit: d.Commit.ID, Message: h.reason})
	return h.reason, err
}

// lineage is what is known by now of how what Git said came about.
func (l *Loop) lineage(d *Desired) lineage {
	lin := lineage{
		commit: d.Commit, base: l.cfg.Ledger.BaseIn(d.source), taken: l.cfg.Ledger.Acknowledged(),
		compared: l.cfg.Past != nil, signed: l.cfg.Signed,
	}
	if of := l.cfg.Ledger.SourceOf(lin.base); of != d.source {
		lin.of = of
	}
	if d.compared != nil {
		lin.line, lin.err = d.compared.line, d.compared.err
	}
	return lin
}
