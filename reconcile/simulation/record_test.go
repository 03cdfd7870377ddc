package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// record is the history as its file has it, read without the package that wrote it.
type record struct {
	file    string
	records []history.Record
	last    string // the hash of the last one
	bases   map[string]reconcile.Basis
	answers map[uint64]string // outcome of each intent
	settled map[uint64]string
	mixed   map[string]bool      // plan hashes that stood for two inventories
	used    map[uint64]int       // calls of each intent, as they arrived
	sent    map[string]uint64    // by resource: the intent of the last call
	took    map[uint64]time.Time // when a call that assigns had its whole effect, by intent
	epoch   uint64               // of the last one
}

func newRecord(file string) *record {
	return &record{file: file, bases: map[string]reconcile.Basis{}, answers: map[uint64]string{}, settled: map[uint64]string{}, mixed: map[string]bool{}, used: map[uint64]int{},
		sent: map[string]uint64{}, took: map[uint64]time.Time{}}
}

// read takes in what is on the disk at this very instant. The file is copied, as
// a killed process leaves it, because its holder has it locked.
func (r *record) read() error {
	data, err := os.ReadFile(r.file)
	if err != nil {
		return err
	}
	copied := r.file + ".seen"
	if err := os.WriteFile(copied, data, 0o600); err != nil {
		return err
	}
	defer os.Remove(copied)
	db, err := bbolt.Open(copied, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("the file does not open: %w", err)
	}
	defer db.Close()
	return db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte("records"))
		if bucket == nil {
			return nil // nothing was ever written
		}
		n := 0
		err := bucket.ForEach(func(_, data []byte) error {
			n++
			if n <= len(r.records) {
				return r.same(n, data)
			}
			return r.add(data)
		})
		if err == nil && n < len(r.records) {
			return fmt.Errorf("%d records were there, and %d are", len(r.records), n)
		}
		return err
	})
}

// same holds a record that was seen before against what is there now.
func (r *record) same(n int, data []byte) error {
	if want := `"hash":"` + r.records[n-1].Hash + `"}`; !strings.HasSuffix(string(data), want) {
		return fmt.Errorf("record %d was changed", n)
	}
	return nil
}

// add takes in the next record, once its place in the chain is proven: its hash covers
// the one before, and every byte of itself but the hash.
func (r *record) add(data []byte) error {
	var rec history.Record
	if err := json.Unmarshal(data, &rec); err != nil {
		return err
	}
	bare, found := strings.CutSuffix(string(data), `,"hash":"`+rec.Hash+`"}`)
	sum := sha256.Sum256([]byte(rec.Prev + bare + "}"))
	switch {
	case rec.Seq != uint64(len(r.records))+1:
		return fmt.Errorf("record %d follows record %d", rec.Seq, len(r.records))
	case rec.Epoch < r.epoch:
		return fmt.Errorf("record %d is of epoch %d, after one of epoch %d", rec.Seq, rec.Epoch, r.epoch)
	case rec.Prev != r.last:
		return fmt.Errorf("record %d does not carry the hash of the one before", rec.Seq)
	case !found || hex.EncodeToString(sum[:]) != rec.Hash:
		return fmt.Errorf("record %d has another hash than its bytes", rec.Seq)
	}
	r.last, r.epoch = rec.Hash, rec.Epoch
	r.records = append(r.records, rec)
	switch rec.Kind {
	case history.KindDecision:
		var b reconcile.Basis
		if len(rec.Basis) > 0 && json.Unmarshal(rec.Basis, &b) == nil {
			before, again := r.bases[rec.PlanHash]
			r.mixed[rec.PlanHash] = r.mixed[rec.PlanHash] || again && before.Plan.InventoryHash != b.Plan.InventoryHash
			r.bases[rec.PlanHash] = b
		}
	case history.KindOutcome:
		r.answers[rec.Intent] = rec.Outcome
	case history.KindSettled:
		r.settled[rec.Intent] = rec.Outcome
	}
	return nil
}

// intents lists those of a resource, oldest first.
func (r *record) intents(target, id string) []history.Record {
	var list []history.Record
	for _, rec := range r.records {
		if rec.Kind == history.KindIntent && rec.Target == target && rec.ResourceID == id {
			list = append(list, rec)
		}
	}
	return list
}

// undecided reports whether an intent's call may have an effect that nobody has seen.
func (r *record) undecided(intent uint64) bool {
	switch r.answers[intent] {
	case history.OutcomeRefused, history.OutcomeBusy, history.OutcomeThrottled, history.OutcomeNotSent:
		return false
	}
	return r.settled[intent] == ""
}
