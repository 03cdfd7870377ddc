package dynamodb_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// A ledger may be larger than an item can be.
func TestALedgerOfManyCommitsTakesSeveralItems(t *testing.T) {
	s := server(t)
	log, _, _ := holder(t, open(t, s, nil), "a", "prod")
	var list []history.Record
	for n := range 4000 {
		list = append(list, history.Record{Kind: history.KindCommit, Time: day(0), Commit: fmt.Sprintf("%040x", n), Source: "git.example.com/net/specs", Authors: []string{fmt.Sprint(n, "@example.com")}})
	}
	if _, err := log.Append(ctx, list...); err != nil {
		t.Fatal(err)
	}
	daily(t, log, 1, 1)
	arch := newMemory()
	if _, err := log.CutBefore(ctx, day(1), day(2), arch); err != nil {
		t.Fatal(err)
	}
	if n := len(s.sortKeys(t, "state#prod")); n < 2 {
		t.Errorf("%d items", n)
	}
	arch.wantWhole(t, log, 4004)
	if _, err := log.CutBefore(ctx, day(2), day(3), arch); err != nil {
		t.Fatal(err)
	}
	arch.wantWhole(t, log, 4005)
}

// during does something once, while an item of a checkpoint's state is on its way.
type during struct{ do func(req *http.Request) }

func (d *during) RoundTrip(req *http.Request) (*http.Response, error) {
	data, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(bytes.NewReader(data))
	if do := d.do; do != nil && strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".PutItem") && bytes.Contains(data, []byte("state#prod")) {
		d.do = nil
		do(req)
	}
	return http.DefaultTransport.RoundTrip(req)
}

// A large ledger takes seconds, and an append that waits for it may outlast its lease.
func TestNoAppendWaitsForTheLedgerOfACheckpoint(t *testing.T) {
	s, net := server(t), &during{}
	log, _, _ := holder(t, open(t, s, net), "a", "prod")
	daily(t, log, 0, 2)
	appended := false
	net.do = func(req *http.Request) {
		done := make(chan error, 1)
		go func() {
			_, err := log.Append(ctx, records("meanwhile")...)
			done <- err
		}()
		select {
		case err := <-done:
			appended = err == nil
		case <-req.Context().Done():
		}
	}
	arch := newMemory()
	if _, err := log.CutBefore(ctx, day(1), day(2), arch); err != nil || !appended {
		t.Errorf("appended %t, %v", appended, err)
	}
	arch.wantWhole(t, log, 7)
}

// item reads the only item of a partition.
func item(t *testing.T, s place, partition string) map[string]any {
	t.Helper()
	out := s.Do(t, "Query", map[string]any{
		"TableName": s.table, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": map[string]any{":pk": map[string]any{"S": partition}},
	})
	return out["Items"].([]any)[0].(map[string]any)
}

func TestAChangedCheckpointOfATableIsFound(t *testing.T) {
	server := server(t)
	replace := func(attribute, old, text string) func(t *testing.T, s place, item map[string]any) {
		return func(t *testing.T, s place, item map[string]any) {
			data, err := base64.StdEncoding.DecodeString(item[attribute].(map[string]any)["B"].(string))
			if err != nil || !strings.Contains(string(data), old) {
				t.Fatalf("%s: %v", data, err)
			}
			item[attribute] = map[string]any{"B": base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(string(data), old, text)))}
			s.Do(t, "PutItem", map[string]any{"TableName": s.table, "Item": item})
		}
	}
	remove := func(t *testing.T, s place, item map[string]any) {
		remove(t, s, map[string]any{"pk": item["pk"], "sk": item["sk"]})
	}
	for name, c := range map[string]struct {
		partition string
		do        func(t *testing.T, s place, item map[string]any)
		says      string
	}{
		"the ledger":              {"state#prod", replace("state", "nat-1", "nat-2"), "record 10 is wrong: what the checkpoint that it tells of held"},
		"no ledger":               {"state#prod", remove, "record 10 is wrong: what the checkpoint that it tells of held"},
		"the place of the export": {"cut#prod", replace("checkpoint", "memory", "another"), "record 1 is wrong: it is missing"},
		"no checkpoint":           {"cut#prod", remove, "record 1 is wrong: it is missing"},
		"what is no checkpoint":   {"cut#prod", replace("checkpoint", "{", "["), "record 1 is wrong: it is missing"},
		"one more item is gone": {"cut#prod", func(t *testing.T, s place, _ map[string]any) {
			s.Do(t, "DeleteItem", map[string]any{"TableName": s.table, "Key": key(6)})
		}, "record 6 is wrong: it is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := server.fresh(t, name)
			db := open(t, s, nil)
			log, _, _ := holder(t, db, "a", "prod")
			daily(t, log, 0, 4)
			if _, err := log.CutBefore(ctx, day(2), day(9), newMemory()); err != nil {
				t.Fatal(err)
			}
			remove(t, s, key(1)) // as if there were no other
			c.do(t, s, item(t, s, c.partition))
			for what, err := range map[string]error{
				"verify": func() error { _, err := history.Verify(ctx, db.Log("prod")); return err }(),
				"fold":   history.Fold(ctx, db.Log("prod"), history.NewLedger()),
			} {
				var corrupt *history.CorruptError
				if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: %v does not say %q", what, err, c.says)
				}
			}
		})
	}
}
