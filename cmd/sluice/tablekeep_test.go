package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

// oldRecords gives each target a log of a replica of long ago: its taking, and six commits.
func (s *replicaStage) oldRecords() {
	s.t.Helper()
	at := time.Now().AddDate(0, 0, -500)
	settings, err := ec2.Settings(s.t.Context(), ec2.Config{Region: "us-east-1"})
	if err != nil {
		s.t.Fatal(err)
	}
	db, err := dynamodb.Open(s.t.Context(), dynamodb.Config{Table: "sluice", Settings: settings, Endpoint: "http://" + s.table, Now: func() time.Time { return at }})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, target := range replicaTargets {
		held, end := leasetest.Hold(s.t, db.Leases(), "long-gone", target)
		log, err := db.Writer(s.t.Context(), target, held)
		if err != nil {
			s.t.Fatal(err)
		}
		for n := range 6 {
			r := history.Record{Kind: history.KindCommit, Time: at, Commit: fmt.Sprintf("%040d", n), Author: "Old Hand", Target: target}
			if _, err := log.Append(s.t.Context(), r); err != nil {
				s.t.Fatal(err)
			}
		}
		end()
	}
}

// wantCut waits until each target's log begins behind a record.
func (s *replicaStage) wantCut(seq uint64) {
	s.t.Helper()
	s.await("the logs to be cut", func() string {
		for _, target := range replicaTargets {
			cp, err := s.db.Log(target).Checkpoint(s.t.Context())
			if err != nil {
				s.t.Fatal(err)
			}
			if cp == nil || cp.Seq != seq {
				return target + " is not"
			}
		}
		return ""
	})
}

// export is the file that a target's records 1 to 7 are in.
func (s *replicaStage) export(folder, target string) string {
	s.t.Helper()
	cp, err := s.db.Log(target).Checkpoint(s.t.Context())
	if err != nil || cp == nil {
		s.t.Fatalf("%+v, %v", cp, err)
	}
	return filepath.Join(folder, "sluice-history-sluice-"+target+"-0000000001-0000000007-"+cp.Hash[:8]+".jsonl")
}

func TestWhoHasATargetExportsItsOldRecordsAndCutsThemOff(t *testing.T) {
	s := newReplicaStage(t, 0)
	s.oldRecords()
	exports := filepath.Join(s.dir, "exports")
	s.keep = fmt.Sprintf(", keep: 400d, export: %q", exports)
	s.add().start()
	s.add().start()
	s.wantCut(7)
	s.want("10.0.1.20, 10.0.1.21")
	s.await("the targets to be as the commit asks", s.converged)

	for _, target := range replicaTargets {
		export := s.export(exports, target)
		s.wantRun(0, []string{"records 1 to 7, the chain is whole"}, "history", "verify", "--file", export)
	}
	if files, err := os.ReadDir(exports); err != nil || len(files) != len(replicaTargets) {
		t.Errorf("%d exports, %v", len(files), err)
	}
	s.wantRun(0, []string{"prod-a: records 8 to ", "test: records 1 to 7, until ", "were exported and cut off on"}, "history", "verify")
	shown := s.wantRun(0, []string{"sluice: stage: records 1 to 7, until ", "cut ", "records 1 to 7 are in"}, "history")
	if strings.Contains(shown, "Old Hand") {
		t.Errorf("what was cut off is shown:\n%s", shown)
	}
	s.wantRun(0, []string{"prod-b: records 1 to 7, until ", "assign"}, "explain", "10.0.1.21")
	s.wantRun(1, []string{"the record says nothing of 10.0.1.99 since ", "look for it in the exports"}, "explain", "10.0.1.99")
	s.wantRun(1, []string{"record 3 was cut off on ", "records up to 7 are in "}, "history", "export", "--target", "test", "--from", "3", "--out", filepath.Join(s.dir, "some.jsonl"))
	rest := filepath.Join(s.dir, "rest.jsonl")
	s.wantRun(0, []string{"records 8 to "}, "history", "export", "--target", "test", "--out", rest)
	s.wantRun(0, []string{"records 1 to ", "the chain is whole"}, "history", "verify", "--file", s.export(exports, "test"), "--file", rest)

	if said := s.replicas[0].log.String(); !strings.Contains(said, `"old records are exported to a folder","export":"`+exports) {
		t.Errorf("it does not say that the folder is to be shared:\n%s", said)
	}

	s.holders()["test"].kill()
	s.want("10.0.1.21")
	s.await("another replica to go on from the checkpoint", s.converged)
	s.noTwoActors()
	s.wantRun(0, []string{"test: records 8 to "}, "history", "verify")
	s.wantRun(0, []string{"DynamoDB table sluice, prod-a", "the chain is whole; held by", exports, "; every replica must have this same folder"}, "doctor", "-o", "json")
}

func TestWhereOldRecordsCannotBeExportedTheyStayAndThePageSaysWhose(t *testing.T) {
	s := newReplicaStage(t, 0)
	s.oldRecords()
	s.keep = `, keep: 400d, export: "/proc/nowhere"`
	s.add().start()
	s.await("the failure to be told", func() string {
		if r := s.replicas[0]; r.url() == "" {
			return "it does not serve yet"
		}
		if said := s.overview().ExportError; !strings.Contains(said, "target prod-a: records 1 to 7 stay: ") || !strings.Contains(said, "; target test: records 1 to 7 stay: ") {
			return said
		}
		return ""
	})
	s.await("the targets to be as the commit asks", s.converged)
	s.wantRun(0, []string{"prod-a: ", " records, the chain is whole"}, "history", "verify")
}
