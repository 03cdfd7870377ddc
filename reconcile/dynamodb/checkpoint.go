package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Checkpoint implements [history.Log].
func (l *Log) Checkpoint(ctx context.Context) (*history.Checkpoint, error) {
	for looked := uint64(0); ; {
		cp, err := l.newest(ctx)
		if err != nil || cp == nil {
			return nil, err
		}
		if cp.Ledger, err = l.state(ctx, cp); err != nil {
			return nil, err
		}
		if cp.Intact() {
			return cp, nil
		}
		if cp.Record == looked { // and not replaced by another since
			return nil, l.corrupt(cp.Record, "what the checkpoint that it tells of held is missing, or is something else now")
		}
		looked = cp.Record
	}
}

// newest returns the newest checkpoint that a record of the log tells of, without its
// ledger; nil when nothing was cut off. One that no record tells of is what a holder left
// that got no further.
func (l *Log) newest(ctx context.Context) (*history.Checkpoint, error) {
	for a, err := range l.db.ask(ctx, question{partition: cutPartition + l.target, backwards: true}) {
		if err != nil {
			return nil, err
		}
		cp, err := history.ReadCheckpoint(a.bytes("checkpoint"))
		if err != nil {
			continue // no record has its hash
		}
		p, err := l.part(ctx, question{partition: logPartition + l.target, compare: "<=", sort: sortKey(cp.Record), backwards: true})
		if err != nil {
			return nil, err
		}
		if p != nil && cp.Record <= p.last().Seq && cp.ToldBy(p.records[cp.Record-p.seq()]) {
			return cp, nil
		}
	}
	return nil, nil
}

// cutError is a [history.CutError] when a record is behind a checkpoint, nil when it is
// not.
func (l *Log) cutError(ctx context.Context, seq uint64) error {
	cp, err := l.newest(ctx)
	if err == nil && cp != nil && seq <= cp.Seq {
		err = &history.CutError{Seq: seq, Checkpoint: *cp}
	}
	return err
}

func isCut(err error) bool {
	var cut *history.CutError
	return errors.As(err, &cut)
}

// header is the item of a checkpoint without its ledger. Its key has the hash of what it
// holds, as has that of each item of the state: what is put late, or twice, changes
// nothing.
func (l *Log) header(cp history.Checkpoint, told history.Record) (attributes, error) {
	data, err := cp.Bare()
	if err != nil {
		return nil, err
	}
	a := keys(cutPartition+l.target, sortKey(cp.Record)+"#"+told.Cut.Checkpoint)
	a["checkpoint"] = &types.AttributeValueMemberB{Value: data}
	return a, nil
}

// stateKey is what the keys of a checkpoint's state begin with.
func stateKey(cp *history.Checkpoint) string { return sortKey(cp.Seq) + "#" + cp.LedgerHash + "#" }

// states are the items of a checkpoint's ledger, in pieces that fit.
func (l *Log) states(cp *history.Checkpoint) (list []attributes) {
	for rest := cp.Ledger; len(rest) > 0; {
		piece := rest[:min(len(rest), mostPacked)]
		a := keys(statePartition+l.target, stateKey(cp)+fmt.Sprintf("%04d", len(list)))
		a["state"] = &types.AttributeValueMemberB{Value: piece}
		list, rest = append(list, a), rest[len(piece):]
	}
	return list
}

// state joins the ledger of a checkpoint, as far as it is there.
func (l *Log) state(ctx context.Context, cp *history.Checkpoint) (json.RawMessage, error) {
	var all json.RawMessage
	for a, err := range l.db.ask(ctx, question{partition: statePartition + l.target, compare: ">=", sort: stateKey(cp)}) {
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(a.text(sk), stateKey(cp)) {
			break
		}
		all = append(all, a.bytes("state")...)
	}
	return all, nil
}
