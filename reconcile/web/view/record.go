package view

import (
	"iter"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Records is a part of the record, the newest first.
type Records struct {
	Records []history.Record
	Before  uint64 // where the next, older part begins; 0: there is none
	Looked  int    // records that were read for it
	Full    bool   // it ended with as many as were asked for; else with as many as may be read
}

// Pick takes up to limit records that fit, of at most look that are read: a filter
// that fits nothing must not read a record of years. newest yields the newest first.
// With an error, what was read before it is returned too.
func Pick(newest iter.Seq2[history.Record, error], f history.Filter, limit, look int) (Records, error) {
	var out Records
	for r, err := range newest {
		if err != nil {
			return out, err
		}
		if out.Full = len(out.Records) == limit; out.Full || out.Looked == look {
			return out, nil // Before is the last one that was looked at: r is older
		}
		out.Looked++
		out.Before = r.Seq
		if f.Match(r) {
			r.Plan, r.Basis = nil, nil // large, and for nobody who reads a list
			out.Records = append(out.Records, r)
		}
	}
	out.Before = 0
	return out, nil
}
