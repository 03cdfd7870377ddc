package simulation

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"
)

var (
	oneSeed = flag.Uint64("sim.seed", 0, "replay this seed, and tell what happens")
	lasting = flag.Duration("sim.for", 0, "go on with fresh seeds until so much time has passed")
	first   = flag.Uint64("sim.first", 0, "the first fresh seed; 0: by the clock")
	count   = flag.Int("sim.seeds", 0, "how many seeds a run has at least")
	stop    = flag.Bool("sim.stop", false, "end at the first failure")
	replays = flag.Int("sim.replays", 1, "how many seeds of each kind are run twice")
)

// mostFailures ends a long run: more would not be read.
const mostFailures = 5

// outcomeOf is what a run came to.
type outcomeOf struct {
	seed      uint64
	simulated time.Duration
	turns     int
	calls     int
	steps     int
	counts    map[fault]int
	digest    string
	failure   *failure
	report    string
}

// digests are those of the runs of this program, by seed: to run one once more is enough
// to compare them.
var digests sync.Map

// simulate runs one seed.
func simulate(t *testing.T, seed uint64, out io.Writer) outcomeOf {
	var o outcomeOf
	t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // whoever wakes up is alone
		cryptotest.SetGlobalRandom(t, seed)             // the SDK's pauses are random
		defer debug.SetGCPercent(debug.SetGCPercent(400))
		defer watch(seed)()
		for name, value := range map[string]string{
			"AWS_ACCESS_KEY_ID": "AKIASIMULATION", "AWS_SECRET_ACCESS_KEY": canaryKey, "AWS_SESSION_TOKEN": canaryToken,
			"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true",
		} {
			t.Setenv(name, value)
		}
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, out)
			defer w.close()
			began := time.Now()
			w.chaos()
			if !w.failed() {
				w.converge()
			}
			if !w.failed() {
				w.oneSick()
			}
			w.stopAll()
			o = outcomeOf{seed: seed, simulated: time.Since(began), turns: w.turns, steps: w.steps, counts: w.counts, digest: w.digest(), failure: w.failure}
			for _, a := range w.accounts {
				o.calls += len(a.sim.Calls())
			}
			if w.failure != nil {
				o.report = w.report()
			}
		})
	})
	digests.LoadOrStore(seed, o.digest)
	return o
}

func TestSimulate(t *testing.T) {
	var sum summary
	switch {
	case *oneSeed != 0:
		sum.add(simulate(t, *oneSeed, os.Stdout))
	default:
		end := time.Now().Add(*lasting)
		for _, seed := range seeds(*count) {
			if sum.add(simulate(t, seed, nil)); sum.enough() {
				break
			}
		}
		fresh := *first
		if fresh == 0 {
			fresh = uint64(time.Now().Unix())
		}
		for ; time.Now().Before(end) && !sum.enough(); fresh++ {
			sum.add(simulate(t, fresh, nil))
		}
	}
	t.Log(sum.String())
	for _, report := range sum.failed {
		t.Error(report)
	}
	if *oneSeed == 0 && sum.failed == nil {
		for _, f := range sum.idle() {
			t.Errorf("no fault fired of the class %q; see covering", f)
		}
	}
}

// summary adds up runs.
type summary struct {
	seeds, turns, calls, steps int
	simulated                  time.Duration
	counts                     map[fault]int
	failed                     []string
}

func (s *summary) add(o outcomeOf) {
	if s.counts == nil {
		s.counts = map[fault]int{}
	}
	s.seeds++
	s.turns += o.turns
	s.calls += o.calls
	s.steps += o.steps
	s.simulated += o.simulated
	for f, n := range o.counts {
		s.counts[f] += n
	}
	if o.failure != nil {
		s.failed = append(s.failed, o.report)
	}
}

// enough reports whether to go on makes no sense.
func (s *summary) enough() bool {
	return len(s.failed) >= mostFailures || *stop && s.failed != nil
}

// idle lists the classes of which no fault fired.
func (s *summary) idle() []fault {
	return slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return s.counts[f] > 0 })
}

func (s *summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d seeds, %s of simulated time, %d turns, %d EC2 calls, %d steps\n", s.seeds, s.simulated.Truncate(time.Minute), s.turns, s.calls, s.steps)
	for _, f := range faults {
		fmt.Fprintf(&b, "  %-40s %6d\n", f, s.counts[f])
	}
	fmt.Fprintf(&b, "figure: simulated worlds in which every invariant held, their time, and EC2 calls: %d of %d, %.1f days, %d\n",
		s.seeds-len(s.failed), s.seeds, s.simulated.Hours()/24, s.calls)
	return b.String()
}

// A seed that is run again gives the same run, event by event, with one replica and with
// two.
func TestTheSameSeedIsTheSameRun(t *testing.T) {
	left := map[bool]int{false: *replays, true: *replays}
	for _, seed := range seeds(20 * *replays) {
		pair := (&world{dice: dice{seed}}).twoReplicas()
		if left[pair]--; left[pair] < 0 {
			continue
		}
		once, known := digests.Load(seed)
		if !known {
			once = simulate(t, seed, nil).digest
		}
		if simulate(t, seed, nil).digest != once {
			var a, b bytes.Buffer
			simulate(t, seed, &a)
			simulate(t, seed, &b)
			t.Errorf("seed %d was another run the second time; of two more runs, %s", seed, firstDifference(a.String(), b.String()))
		}
	}
}

// firstDifference shows where two traces part.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("after\n%s\nonce came\n%s\nand then\n%s", strings.Join(x[max(0, i-12):i], "\n"), strings.Join(x[i:min(i+4, len(x))], "\n"), strings.Join(y[i:min(i+4, len(y))], "\n"))
		}
	}
	return "one ends earlier"
}
