package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// overtaken is a log of four records whose first two are cut off right after it was asked
// for its checkpoint.
type overtaken struct {
	records []history.Record
	cut     history.Checkpoint
	asked   int
}

func newOvertaken(t *testing.T) *overtaken {
	t.Helper()
	o, head := &overtaken{}, history.Head{}
	for n := range 4 {
		record := history.Record{Kind: history.KindDecision, Time: time.Unix(0, 0).UTC()}
		if n == 3 {
			none := sha256.Sum256(nil)
			o.cut = history.Checkpoint{Head: history.Head{Seq: 2, Hash: o.records[1].Hash}, Exported: "exports/old.jsonl", Record: 4, LedgerHash: hex.EncodeToString(none[:])}
			bare, err := o.cut.Bare()
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(bare)
			record.Kind, record.Cut = history.KindCut, &history.Cut{To: 2, Checkpoint: hex.EncodeToString(sum[:])}
		}
		r, _, err := history.Seal(record, head)
		if err != nil {
			t.Fatal(err)
		}
		o.records, head = append(o.records, r), history.Head{Seq: r.Seq, Hash: r.Hash}
	}
	return o
}

func (o *overtaken) Checkpoint(context.Context) (*history.Checkpoint, error) {
	o.asked++
	if o.asked == 1 {
		return nil, nil
	}
	cp := o.cut
	return &cp, nil
}

func (o *overtaken) Records(context.Context, uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		for _, r := range o.records[2:] {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestWhatIsLeftOfALogThatWasCutBeforeItsFirstRecordIsNotTakenForAll(t *testing.T) {
	t.Run("read", func(t *testing.T) {
		k, err := readLog(t.Context(), newOvertaken(t))
		if err != nil || len(k.records) != 2 || k.cut == nil || k.cut.Seq != 2 {
			t.Errorf("%+v, %v", k, err)
		}
	})
	t.Run("exported", func(t *testing.T) {
		var out, said bytes.Buffer
		a := &app{stdout: &out, stderr: &said}
		err := a.exportLog(t.Context(), newOvertaken(t), func() error { return nil }, filepath.Join(t.TempDir(), "all.jsonl"), 1)
		if err != nil || !strings.HasPrefix(out.String(), "records 3 to 4 are in ") || !strings.Contains(said.String(), "records 1 to 2, until ") {
			t.Errorf("%s%s%v", &out, &said, err)
		}
	})
	t.Run("one that is damaged", func(t *testing.T) {
		o := newOvertaken(t)
		o.asked = 1 // there is a checkpoint, and it stays
		o.records = append(o.records[:2:2], o.records[3])
		if _, err := readLog(t.Context(), o); err == nil || !strings.Contains(err.Error(), "record 3 is wrong: it is missing: record 4 comes next") {
			t.Errorf("%v", err)
		}
	})
}
