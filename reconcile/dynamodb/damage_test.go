package dynamodb_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

// key is one item of the log of prod.
func key(seq int) map[string]any {
	return map[string]any{"pk": map[string]any{"S": "log#prod"}, "sk": map[string]any{"S": fmt.Sprintf("%020d", seq)}}
}

func remove(t *testing.T, s place, key map[string]any) {
	t.Helper()
	s.Do(t, "DeleteItem", map[string]any{"TableName": s.table, "Key": key})
}

// change sets one attribute of the item under seq.
func change(t *testing.T, s place, seq int, attribute string, value map[string]any) {
	t.Helper()
	s.Do(t, "UpdateItem", map[string]any{
		"TableName": s.table, "Key": key(seq), "UpdateExpression": "SET #a = :v",
		"ExpressionAttributeNames": map[string]string{"#a": attribute}, "ExpressionAttributeValues": map[string]any{":v": value},
	})
}

// content is an attribute of the item under seq.
func content(t *testing.T, s place, seq int, attribute string) map[string]any {
	t.Helper()
	item := s.Do(t, "GetItem", map[string]any{"TableName": s.table, "Key": key(seq), "ConsistentRead": true})["Item"].(map[string]any)
	return item[attribute].(map[string]any)
}

// The log has the items 1 (taken), 2, 3 and 4 (two records), 5 is under 4's.
func damaged(t *testing.T, s place) *dynamodb.DB {
	t.Helper()
	db := open(t, s, nil)
	log, _, end := holder(t, db, "a", "prod")
	write(t, log, "two")
	write(t, log, "three")
	write(t, log, "four", "five")
	end() // the lease names record 5 as the end
	return db
}

func TestDamageIsFoundAndNamed(t *testing.T) {
	server := server(t)
	for name, c := range map[string]struct {
		do   func(*testing.T, place)
		seq  uint64
		says string
	}{
		"an item removed in the middle":    {func(t *testing.T, s place) { remove(t, s, key(3)) }, 3, "it is missing"},
		"an item removed at the end":       {func(t *testing.T, s place) { remove(t, s, key(4)) }, 4, "the log ends before its head, record 5"},
		"an item removed at the beginning": {func(t *testing.T, s place) { remove(t, s, key(1)) }, 1, "it is missing"},
		"everything removed": {func(t *testing.T, s place) {
			for seq := 1; seq <= 4; seq++ {
				remove(t, s, key(seq))
			}
		}, 1, "the log ends before its head"},
		"an item in the place of another": {func(t *testing.T, s place) {
			change(t, s, 3, "records", content(t, s, 2, "records"))
		}, 3, "record 2 stands in its place"},
		"bytes changed": {func(t *testing.T, s place) {
			change(t, s, 3, "records", map[string]any{"B": "AAAA"})
		}, 3, "cannot be unpacked"},
		"a count changed": {func(t *testing.T, s place) {
			change(t, s, 4, "count", map[string]any{"N": "1"})
		}, 4, "says 1 records, and holds 2"},
		"an epoch changed": {func(t *testing.T, s place) {
			change(t, s, 2, "epoch", map[string]any{"N": "9"})
		}, 2, "says epoch 9"},
		"an item whose numbers leave some out": {func(t *testing.T, s place) {
			remove(t, s, key(3))
			remove(t, s, key(4)) // which the lease names the second record of
			change(t, s, 2, "records", map[string]any{"B": packed(t, history.Head{Seq: 1}, history.Head{Seq: 8})})
			change(t, s, 2, "count", map[string]any{"N": "2"})
		}, 3, "record 9 stands in its place"},
		"an epoch that is none": {func(t *testing.T, s place) {
			change(t, s, 2, "epoch", map[string]any{"S": "x"})
		}, 2, "no number"},
	} {
		t.Run(name, func(t *testing.T) {
			s := server.fresh(t, name)
			db := damaged(t, s)
			if report, err := history.Verify(ctx, db.Log("prod")); err != nil || report.Records != 5 {
				t.Fatalf("before: %+v %v", report, err)
			}
			c.do(t, s)
			_, err := history.Verify(ctx, db.Log("prod"))
			var corrupt *history.CorruptError
			if !errors.As(err, &corrupt) || corrupt.Seq != c.seq || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, not record %d: %s", err, c.seq, c.says)
			}
		})
	}
}

// packed is an item's content: one record of epoch 1 behind each head.
func packed(t *testing.T, heads ...history.Head) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	for _, head := range heads {
		_, line, err := history.Seal(history.Record{Kind: history.KindDecision, Time: at, Epoch: 1}, head)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = z.Write(append(line, '\n'))
	}
	_ = z.Close()
	return buf.Bytes()
}

// A log that was rewritten, with a chain that is whole, is not the one that the lease names.
func TestALogThatWasReplacedIsNotTheLeases(t *testing.T) {
	s := server(t)
	db := damaged(t, s)
	other := open(t, s, nil)
	log, _, end := holder(t, other, "x", "other")
	write(t, log, "a")
	write(t, log, "b")
	write(t, log, "c", "d")
	end()
	for _, seq := range []int{1, 2, 3, 4} {
		k := key(seq)
		k["pk"] = map[string]any{"S": "log#other"}
		item := s.Do(t, "GetItem", map[string]any{"TableName": s.table, "Key": k})["Item"].(map[string]any)
		item["pk"] = map[string]any{"S": "log#prod"}
		s.Do(t, "PutItem", map[string]any{"TableName": s.table, "Item": item})
	}
	if _, err := history.Verify(ctx, db.Log("prod")); err == nil || !strings.Contains(err.Error(), "not the one that the lease holds") {
		t.Errorf("%v", err)
	}
}

func TestANewHolderNoticesALogThatWasCutAtItsEnd(t *testing.T) {
	s := server(t)
	db := damaged(t, s)
	remove(t, s, key(4))
	h, _ := leasetest.Hold(t, db.Leases(), "b", "prod")
	_, err := db.Writer(ctx, "prod", h)
	var corrupt *history.CorruptError
	if !errors.As(err, &corrupt) || corrupt.Seq != 4 || !strings.Contains(err.Error(), "of prod in DynamoDB table sluice") {
		t.Errorf("%v", err)
	}
}

// Epochs that go back, in a chain that is whole, can only be made by whoever may write to
// the table as they like: the walk of the chain finds them.
func TestALogWhoseEpochsGoBackIsWrong(t *testing.T) {
	s := server(t)
	db := open(t, s, nil)
	var head history.Head
	for _, epoch := range []uint64{1, 2, 1} {
		r, line, err := history.Seal(history.Record{Kind: history.KindTaken, Time: at, Target: "prod", Epoch: epoch}, head)
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(append(line, '\n'))
		_ = z.Close()
		item := key(int(r.Seq))
		item["count"], item["epoch"] = map[string]any{"N": "1"}, map[string]any{"N": fmt.Sprint(epoch)}
		item["records"] = map[string]any{"B": packed.Bytes()}
		s.Do(t, "PutItem", map[string]any{"TableName": s.table, "Item": item})
		head = history.Head{Seq: r.Seq, Hash: r.Hash}
	}
	_, err := history.Verify(ctx, db.Log("prod"))
	var corrupt *history.CorruptError
	if !errors.As(err, &corrupt) || corrupt.Seq != 3 || !strings.Contains(err.Error(), "lost its lease") {
		t.Errorf("%v", err)
	}
}
