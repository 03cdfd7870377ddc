package dynamodb_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// memory is an archive.
type memory struct {
	mu    sync.Mutex
	names []string
	data  map[string][]byte
}

func newMemory() *memory { return &memory{data: map[string][]byte{}} }

func (m *memory) Put(ctx context.Context, name string, data []byte) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there, ok := m.data[name]; ok && !bytes.Equal(there, data) {
		return "", errors.New("something else is there")
	} else if !ok {
		m.names, m.data[name] = append(m.names, name), slices.Clone(data)
	}
	return "memory:" + name, ctx.Err()
}

func (m *memory) Get(ctx context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data[name], ctx.Err()
}

// all returns every record that was ever written: of the exports, then of the log.
func (m *memory) all(t testing.TB, log history.Log) (list []history.Record) {
	t.Helper()
	add := func(records history.Records) {
		for r, err := range records {
			if err != nil {
				t.Fatal(err)
			}
			if n := len(list); n == 0 || r.Seq == list[n-1].Seq+1 { // what was exported and not cut is there twice
				list = append(list, r)
			}
		}
	}
	for _, name := range slices.Sorted(slices.Values(m.names)) {
		add(history.ReadExport(name, bytes.NewReader(m.data[name])))
	}
	add(log.Records(ctx, 1))
	return list
}

// wantWhole is that nothing was lost, and that the log amounts to what all records do.
func (m *memory) wantWhole(t testing.TB, log history.Store, least uint64) {
	t.Helper()
	report, err := history.Verify(ctx, log)
	if err != nil {
		t.Fatal(err)
	}
	all := m.all(t, log)
	if uint64(len(all)) != report.Records || report.Records < least {
		t.Fatalf("%d records are left in all, the log ends with %d, and there were %d", len(all), report.Records, least)
	}
	if _, err := history.VerifyAfter(history.Head{}, func(yield func(history.Record, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}); err != nil {
		t.Fatalf("exports and log are not one chain: %v", err)
	}
	whole, rest := history.NewLedger(), history.NewLedger()
	for _, r := range all {
		whole.Add(r)
	}
	if err := history.Fold(ctx, log, rest); err != nil || !reflect.DeepEqual(whole, rest) {
		t.Fatalf("the ledgers differ, or there is none: %v", err)
	}
}

// day is when the records of daily's n-th day are from.
func day(n int) time.Time { return at.AddDate(0, 0, n) }

// daily writes an item of two records a day, beginning with day from.
func daily(t testing.TB, log *dynamodb.Log, from, days int) {
	t.Helper()
	for n := from; n < from+days; n++ {
		intent := history.Record{
			Kind: history.KindIntent, Time: day(n), Target: "prod", Commit: "c1", ResourceKind: "NatGateway", ResourceID: "nat-1",
			Verb: "unassign", Addresses: ips("10.0.1.20"), MaxDrainSeconds: 60,
		}
		if _, err := log.Append(ctx, intent, history.Record{Kind: history.KindCommit, Time: day(n), Commit: day(n).String()}); err != nil {
			t.Fatal(err)
		}
	}
}

// seqs are the numbers of records, and the error that ended them.
func seqs(list history.Records) (numbers []uint64, err error) {
	for r, err := range list {
		if err != nil {
			return numbers, err
		}
		numbers = append(numbers, r.Seq)
	}
	return numbers, nil
}
