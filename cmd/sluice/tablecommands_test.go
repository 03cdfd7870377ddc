package main

import (
	"encoding/json"
	"errors"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// run runs a command on the first replica's configuration.
func (s *replicaStage) run(args ...string) (code int, out string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "sluice", append(args, "--config", filepath.Join(s.replicas[0].folder(), "sluice.yaml"))...)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// wantRun runs a command that must end so, and say all of that.
func (s *replicaStage) wantRun(code int, words []string, args ...string) string {
	s.t.Helper()
	got, out := s.run(args...)
	if got != code {
		s.t.Errorf("sluice %s: exit status %d, want %d:\n%s", strings.Join(args, " "), got, code, out)
	}
	for _, word := range words {
		if !strings.Contains(out, word) {
			s.t.Errorf("sluice %s does not say %q:\n%s", strings.Join(args, " "), word, out)
		}
	}
	return out
}

// overview is what the first replica's API says.
func (s *replicaStage) overview() view.Overview {
	s.t.Helper()
	return s.overviewOf(s.replicas[0])
}

func (s *replicaStage) overviewOf(r *replicaProcess) (o view.Overview) {
	s.t.Helper()
	body, _, err := fetch(r.url() + "/api/v1/status")
	if err == nil {
		err = json.Unmarshal([]byte(body), &o)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// rewrite changes the first replica's configuration.
func (s *replicaStage) rewrite(old, text string) {
	s.t.Helper()
	file := filepath.Join(s.replicas[0].folder(), "sluice.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), old, text, 1)), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// newTableStage has one replica, whose port is known, and every target at a second address.
func newTableStage(t *testing.T) *replicaStage {
	t.Helper()
	s := newReplicaStage(t, 1)
	r := s.replicas[0]
	r.kill()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.listen = free.Addr().String()
	r.configure()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s.want("10.0.1.20, 10.0.1.21")
	r.start()
	s.await("the targets to be as the commit asks", s.converged)
	s.await("all plans to be made", func() string {
		for _, l := range s.overview().Leases {
			if l.PlanHash == "" {
				return l.Target + " has none"
			}
		}
		return ""
	})
	return s
}

func TestCommandsReadTheRecordOfEachTarget(t *testing.T) {
	s := newTableStage(t)
	s.wantRun(0, []string{"prod-a 1", "test 1", "taken", "assign"}, "history")
	s.wantRun(0, []string{`{"log":"prod-a","seq":1,`, `{"log":"stage","seq":1,`}, "history", "-o", "json")
	s.wantRun(0, []string{"prod-a: ", "prod-b: ", "stage: ", "test: ", "the chain is whole"}, "history", "verify")
	story := s.wantRun(0, []string{"10.0.1.21"}, "explain", "10.0.1.21", "-o", "json")
	for _, target := range replicaTargets {
		if strings.Count(story, `"target": "`+target+`"`) != 1 {
			t.Errorf("the story has not one event in %s:\n%s", target, story)
		}
	}
	out := filepath.Join(s.dir, "prod-a.jsonl")
	s.wantRun(1, []string{"each target has a log of its own", "prod-a, prod-b, stage, test"}, "history", "export", "--out", out)
	s.wantRun(0, []string{"are in " + out}, "history", "export", "--out", out, "--target", "prod-a")
	s.wantRun(0, []string{"the chain is whole"}, "history", "verify", "--file", out)
	s.wantRun(0, []string{"DynamoDB table sluice, prod-a", "the chain is whole; held by"}, "doctor", "-o", "json")
	s.wantRun(0, []string{"ok"}, "health")
}

func TestAPlanIsMadeForATargetAndIsTheDaemonsOwn(t *testing.T) {
	s := newTableStage(t)
	s.wantRun(1, []string{"each target has a plan of its own", "--target: prod-a, prod-b, stage, test"}, "plan")
	s.wantRun(1, []string{`no target "prod"`}, "plan", "--target", "prod")
	for i, target := range replicaTargets {
		s.await("the daemon to make the same plan", func() string { // its last turn may be of before
			hash := s.overview().Leases[i].PlanHash
			if _, out := s.run("plan", "--target", target, "-o", "json"); !strings.Contains(out, `"planHash": "`+hash+`"`) {
				return hash + " is not in " + out
			}
			return ""
		})
	}
}

func TestWhatATargetsReplicaMustDoNoCommandDoesBesideIt(t *testing.T) {
	s := newTableStage(t)
	id := s.repo.head
	for _, args := range [][]string{{"apply", "--target", "prod-a", "--mode", "apply"}, {"ack", id}} {
		s.wantRun(1, []string{"is held by replica", s.replicas[0].url(), "stop all replicas first"}, args...)
	}
	s.replicas[0].kill() // it gives nothing back
	s.wantRun(0, []string{"prod-a: " + id + " is acknowledged", "test: " + id + " is acknowledged"}, "ack", id)
	s.want("10.0.1.21")
	s.wantRun(0, []string{"unassign 10.0.1.20"}, "apply", "--target", "prod-a", "--mode", "apply", "--wait")
	if held := s.ec2["prod-a"].sim.World().NatGateways[0].Secondary; strings.Join(held, " ") != "10.0.1.21" {
		t.Errorf("prod-a holds %v", held)
	}
	s.noTwoActors()
	s.replicas[0].start()
	s.await("the rest to be as the commit asks", s.converged)
	if stale := s.staleCalls(); stale > 0 {
		t.Errorf("%d stale calls", stale)
	}
}

func TestADamagedLeaseIsToldByAllAndDeletingItMendsIt(t *testing.T) {
	s := newTableStage(t)
	s.replicas[0].kill()
	key := map[string]any{"pk": map[string]any{"S": "lease"}, "sk": map[string]any{"S": "prod-a"}}
	damaged := maps.Clone(key)
	damaged["version"] = map[string]any{"S": "7"}
	s.server.Do(t, "PutItem", map[string]any{"TableName": "sluice", "Item": damaged})
	says := []string{`the item with pk "lease" and sk "prod-a" cannot be read: its epoch is no number`, "delete that item"}
	s.wantRun(1, []string{"nobody can take the target's lease", "its epoch is no number", says[1], "DynamoDB table sluice, test"}, "doctor", "-o", "json")
	s.wantRun(1, says, "apply", "--target", "prod-a", "--mode", "apply")
	s.replicas[0].start()
	s.want("10.0.1.21")
	s.await("the status to say so", func() string {
		if s.replicas[0].url() == "" {
			return "it does not serve yet"
		}
		if said := s.overview().TurnError; !strings.Contains(said, "target prod-a: nobody can take its lease: "+says[0]) {
			return said
		}
		return ""
	})
	s.server.Do(t, "DeleteItem", map[string]any{"TableName": "sluice", "Key": key})
	s.await("the targets to be as the commit asks", s.converged)
	if l := s.overview().Leases[0]; l.Target != "prod-a" || l.Epoch < 2 || l.Error != "" {
		t.Errorf("%+v", l)
	}
	s.wantRun(0, []string{"the chain is whole"}, "history", "verify")
}

func TestAConfigurationIsReadAgainUnderTheSameLeases(t *testing.T) {
	s := newTableStage(t)
	r := s.replicas[0]
	before := s.overview()
	s.rewrite("interval: 1s", "interval: 2s")
	s.signal(r, syscall.SIGHUP)
	s.await("another configuration", func() string {
		if now := s.overview(); !now.Config.Loaded.After(before.Config.Loaded) {
			return now.Config.Error
		}
		return ""
	})
	for i, l := range s.overview().Leases {
		if l.Epoch != before.Leases[i].Epoch || !l.Here {
			t.Errorf("%+v, and before %+v", l, before.Leases[i])
		}
	}
	s.rewrite("table: sluice", "table: another")
	s.signal(r, syscall.SIGHUP)
	s.await("a refusal", func() string {
		problem := s.overview().Config.Error
		if !strings.Contains(problem, "history.dynamodb cannot change") {
			return "it says " + problem
		}
		return ""
	})
	s.want("10.0.1.21")
	s.await("the targets to be as the commit asks", s.converged)
}

// TestAnAuditOfWhatIsLiveKnowsEachTargetsRecord: what somebody took away by hand is drift
// only for those who know that it was there, and what was sent a moment ago is still on
// its way only for those who know that it was sent.
func TestAnAuditOfWhatIsLiveKnowsEachTargetsRecord(t *testing.T) {
	s := newTableStage(t)
	s.await("the record to say that all is as the commit asks", func() string {
		_, out := s.run("history", "-o", "json")
		if n := strings.Count(out, `"kind":"converged"`); n < len(replicaTargets) {
			return out
		}
		return ""
	})
	s.replicas[0].kill() // else it would mend it
	s.takeAway("prod-b", "10.0.1.20")
	s.takeAway("test", "10.0.1.21")
	var out struct {
		Live struct{ Plan plan.Plan }
	}
	text := s.wantRun(0, nil, "audit", "--live", "-o", "json")
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if got := out.Live.Plan; len(got.Resources) != len(replicaTargets) || got.Summary.InSync != 2 || got.PlanHash != "" || got.Commit != s.repo.head {
		t.Errorf("%d resources of %s: %+v %s", len(got.Resources), got.Commit, got.Summary, got.PlanHash)
	}
	for _, r := range out.Live.Plan.Resources {
		if (r.Drift != nil) != (r.Target == "prod-b") || r.Target == "test" && !strings.Contains(r.Reason, "the assign of 10.0.1.21 was sent") {
			t.Errorf("%s: %s, drift %+v", r.Target, r.Reason, r.Drift)
		}
	}
	s.wantRun(0, []string{"egress-prod-b", "assign 10.0.1.20", "4 documents: 4 passed"}, "audit", "--live", "--explain")
	s.wantRun(0, []string{"assign 10.0.1.20"}, "audit", "--live", "-o", "markdown")
	s.rewrite("table: sluice", "table: another")
	s.wantRun(0, []string{"going on without the record", "another", "assign 10.0.1.21"}, "audit", "--live")
}

// takeAway is somebody who takes an address from a target's gateway by hand.
func (s *replicaStage) takeAway(target, address string) {
	s.ec2[target].sim.Edit(func(w *ec2sim.World) {
		g := &w.NatGateways[0]
		g.Secondary = slices.DeleteFunc(g.Secondary, func(a string) bool { return a == address })
	})
}
