package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-6ca89210/sluice/reconcile/bucket/standin"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// oldRecords begins a record that is older than a script can wait for.
func oldRecords(ts *testscript.TestScript, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: oldrecords FILE COUNT DAYS")
	}
	count, err := strconv.Atoi(args[1])
	ts.Check(err)
	days, err := strconv.Atoi(args[2])
	ts.Check(err)
	f, err := history.Open(ts.MkAbs(args[0]), history.Holder{})
	ts.Check(err)
	for n := range count {
		at := time.Now().AddDate(0, 0, -days).Add(time.Duration(n) * time.Minute)
		_, err := f.Append(context.Background(), history.Record{Kind: history.KindCommit, Time: at, Commit: fmt.Sprintf("%040d", n), Author: "Old Hand <old@example.com>"})
		ts.Check(err)
	}
	ts.Check(f.Close())
}

// startS3 makes an S3 of its own the script's.
func startS3(ts *testscript.TestScript, _ []string) {
	s3 := &standin.S3{Region: ts.Getenv("AWS_REGION"), AccessKey: ts.Getenv("AWS_ACCESS_KEY_ID"), Secret: ts.Getenv("AWS_SECRET_ACCESS_KEY")}
	server := httptest.NewServer(s3)
	ts.Defer(server.Close)
	stageOf(ts).s3 = s3
	ts.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
}

// objects prints what is in the script's S3, one a line.
func objects(ts *testscript.TestScript, _ []string) {
	for _, name := range stageOf(ts).s3.Objects() {
		fmt.Fprintln(ts.Stdout(), name)
	}
}
