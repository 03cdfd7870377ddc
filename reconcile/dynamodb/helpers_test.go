package dynamodb_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/dynamodb/dynalite"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

var ctx = context.Background()

// at is when every record of the tests was written.
var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// place is a table on a server.
type place struct {
	*dynalite.Server
	table string
}

// server starts one with an empty table.
func server(t testing.TB) place {
	t.Helper()
	return place{dynalite.Start(t), ""}.fresh(t, "sluice")
}

// fresh makes another table on the same server.
func (p place) fresh(t testing.TB, name string) place {
	t.Helper()
	p.table = strings.NewReplacer(" ", "-", ",", "").Replace(name)
	p.Table(t, p.table)
	return p
}

func settings(s place, transport http.RoundTripper) dynamodb.Config {
	return dynamodb.Config{
		Table: s.table, Endpoint: s.URL, Transport: transport, Timeout: 2 * time.Second,
		Settings: aws.Config{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "canary-secret", "")},
	}
}

func open(t testing.TB, s place, transport http.RoundTripper) *dynamodb.DB {
	t.Helper()
	db, err := dynamodb.Open(ctx, settings(s, transport))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// holder takes a target's lease, and its log.
func holder(t testing.TB, db *dynamodb.DB, id, target string) (*dynamodb.Log, *lease.Held, func()) {
	t.Helper()
	h, end := leasetest.Hold(t, db.Leases(), id, target)
	log, err := db.Writer(ctx, target, h)
	if err != nil {
		t.Fatal(err)
	}
	return log, h, end
}

// records are some that are told apart by their messages.
func records(messages ...string) []history.Record {
	var list []history.Record
	for _, m := range messages {
		list = append(list, history.Record{Kind: history.KindDecision, Time: at, Message: m})
	}
	return list
}

func write(t testing.TB, log *dynamodb.Log, messages ...string) []history.Record {
	t.Helper()
	got, err := log.Append(ctx, records(messages...)...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// messages reads records to their end.
func messages(t testing.TB, list history.Records) []string {
	t.Helper()
	var texts []string
	for r, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		if r.Message == "" {
			r.Message = string(r.Kind)
		}
		texts = append(texts, r.Message)
	}
	return texts
}

// hold takes a target's lease, and not its log.
func hold(t testing.TB, db *dynamodb.DB, id, target string) (*lease.Held, func()) {
	t.Helper()
	return leasetest.Hold(t, db.Leases(), id, target)
}

// size is about how many bytes an item has, as DynamoDB counts them.
func (p place) size(t testing.TB, partition, sort string) (n int) {
	t.Helper()
	item := p.Do(t, "GetItem", map[string]any{"TableName": p.table, "Key": map[string]any{
		"pk": map[string]any{"S": partition}, "sk": map[string]any{"S": sort},
	}})["Item"].(map[string]any)
	for name, value := range item {
		n += len(name)
		for kind, v := range value.(map[string]any) {
			if text, ok := v.(string); ok && kind == "B" {
				n += len(text) * 3 / 4 // base64
			} else {
				n += len(fmt.Sprint(v))
			}
		}
	}
	return n
}

func ips(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}
