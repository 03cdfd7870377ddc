package dynamodb_test

import (
	"context"
	"encoding/json"
	"net/http"
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

const table = "sluice"

// at is when every record of the tests was written.
var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// server starts one with an empty table.
func server(t testing.TB) *dynalite.Server {
	t.Helper()
	s := dynalite.Start(t)
	s.Table(t, table)
	return s
}

func settings(s *dynalite.Server, transport http.RoundTripper) dynamodb.Config {
	return dynamodb.Config{
		Table: table, Endpoint: s.URL, Transport: transport, Timeout: 2 * time.Second,
		Settings: aws.Config{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "canary-secret", "")},
	}
}

func open(t testing.TB, s *dynalite.Server, transport http.RoundTripper) *dynamodb.DB {
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

func encoded(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}
