package view

import (
	"errors"
	"iter"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Records is a part of the record, the newest first.
type Records struct {
	Entries []history.Entry
	Before  Place // where the next, older part begins; nil: there is none
	Looked  int   // records that were read for it
	Full    bool  // it ended with as many as were asked for; else with as many as may be read
}

// Pick takes up to limit records that fit, of at most look that are read: a filter
// that fits nothing must not read a record of years. newest yields the newest first;
// more says that there was another one, which was not taken. A log that is not as it
// was written ends alone, any other error ends all; with it, what was read before is
// returned too.
func Pick(newest iter.Seq2[history.Entry, error], f history.Filter, limit, look int) (out Records, more bool, err error) {
	var damage []error
	for e, err := range newest {
		if corrupt := (*history.CorruptError)(nil); errors.As(err, &corrupt) {
			damage = append(damage, err)
			continue
		}
		if err != nil {
			return out, out.Looked > 0, errors.Join(append(damage, err)...)
		}
		if out.Full = len(out.Entries) == limit; out.Full || out.Looked == look {
			return out, true, errors.Join(damage...)
		}
		out.Looked++
		if f.Match(e.Record) {
			e.Plan, e.Basis = nil, nil // large, and for nobody who reads a list
			out.Entries = append(out.Entries, e)
		}
	}
	return out, false, errors.Join(damage...)
}
