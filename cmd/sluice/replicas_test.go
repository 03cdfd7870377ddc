package main

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// replicaFault is what was done to a replica, and what it held then.
type replicaFault struct {
	kind   string
	at     time.Time
	lasted time.Duration
	holds  map[string]bool
}

// TestReplicasNeverActTwice runs three real daemons on one table, and stops, kills and
// cuts them off at random, while commits keep changing what is wanted. `make replicas`
// runs 200 rounds; SLUICE_REPLICA_SEED repeats one.
func TestReplicasNeverActTwice(t *testing.T) {
	rounds, seed := setting(t, "SLUICE_REPLICA_ROUNDS", 5), setting(t, "SLUICE_REPLICA_SEED", uint64(time.Now().UnixNano()))
	t.Logf("%d rounds, SLUICE_REPLICA_SEED=%d", rounds, seed)
	rng := rand.New(rand.NewPCG(seed, 0x1ea5e))
	s := newReplicaStage(t, 3)
	s.await("all targets to be held", func() string {
		if n := len(s.holders()); n < len(replicaTargets) {
			return strconv.Itoa(n) + " are"
		}
		return ""
	})
	var faults []replicaFault
	fired := map[string]int{}
	for range rounds {
		s.want(strings.Join(someAddresses(rng), ", "))
		time.Sleep(time.Duration(rng.Int64N(int64(replicaLease))))
		f := s.strike(rng)
		faults = append(faults, f)
		fired[f.kind]++
		time.Sleep(time.Duration(rng.Int64N(int64(2 * replicaLease))))
		if s.noTwoActors(); t.Failed() {
			s.tellLogs()
			t.FailNow()
		}
	}
	s.await("the targets to be as the last commit asks", s.converged)
	calls, stale := s.noTwoActors(), s.staleCalls()
	took := s.takeovers(faults)
	t.Logf("%d rounds: %v", rounds, fired)
	t.Logf("figure: calls of three replicas on one table, and stale calls after a takeover, in %d rounds of SIGSTOP, SIGKILL and cuts: %d, %d", rounds, calls, stale)
	t.Logf("figure: takeover under a lease of %s, p50 and p99 of %d: %s, %s", replicaLease, len(took), quantile(took, 0.5).Round(time.Millisecond), quantile(took, 0.99).Round(time.Millisecond))
	if calls == 0 || len(took) == 0 {
		t.Errorf("nothing happened: %d calls, %d takeovers", calls, len(took))
	}
	if t.Failed() {
		s.tellLogs()
	}
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// someAddresses picks what is wanted next.
func someAddresses(rng *rand.Rand) []string {
	var list []string
	for len(list) == 0 {
		for _, ip := range []string{"10.0.1.20", "10.0.1.21", "10.0.1.22"} {
			if rng.IntN(2) == 0 {
				list = append(list, ip)
			}
		}
	}
	return list
}

// strike does something to one replica, or to none, and undoes it after a while.
func (s *replicaStage) strike(rng *rand.Rand) replicaFault {
	r := s.replicas[rng.IntN(len(s.replicas))]
	f := replicaFault{holds: map[string]bool{}, lasted: time.Duration(rng.Int64N(int64(5 * replicaLease)))}
	for target, holder := range s.holders() {
		f.holds[target] = holder == r
	}
	f.at = time.Now()
	faults := map[string][2]func(){
		"stop": {func() { s.signal(r, syscall.SIGSTOP) }, func() { s.signal(r, syscall.SIGCONT) }},
		"kill": {r.kill, r.start},
		"cut":  {r.cable.sever, r.cable.mend},
	}
	f.kind = []string{"stop", "kill", "cut"}[rng.IntN(3)]
	faults[f.kind][0]()
	time.Sleep(f.lasted)
	faults[f.kind][1]()
	return f
}

func (s *replicaStage) signal(r *replicaProcess, sig syscall.Signal) {
	s.t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("%s: %v: %s", r.name, err, r.log.String())
	}
}

// await waits for what replicas do.
func (s *replicaStage) await(what string, missing func() string) {
	s.t.Helper()
	end := time.After(3 * patience)
	for {
		last := missing()
		if last == "" {
			return
		}
		select {
		case <-end:
			s.tellLogs()
			s.t.Fatalf("waited in vain for %s: %s", what, last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// tellLogs shows the end of what each replica said.
func (s *replicaStage) tellLogs() {
	for _, r := range s.replicas {
		lines := strings.Split(strings.TrimSpace(r.log.String()), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, `"msg":"resource"`) })
		s.t.Logf("%s:\n%s", r.name, strings.Join(lines[max(0, len(lines)-40):], "\n"))
	}
}
