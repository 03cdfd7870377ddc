package simulation

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Canaries are secrets that the process is given, and that must never come out of it.
const (
	canaryKey   = "CANARYsecretAccessKey0"
	canaryToken = "CANARYsessionToken0"
	canaryGit   = "CANARYgitPassword0"
)

// world is everything around the process.
type world struct {
	dice
	*trace
	t   *testing.T
	dir string

	accounts map[string]*account // by target
	specs    *repository
	rules    *repository
	author   *author
	office   *office
	checker  *checker
	proc     *process // the one that runs, or ran last; of two replicas the first
	pair     bool     // there are two replicas
	twins    *twins   // what they share; nil without

	mu        sync.Mutex // guards what follows
	counts    map[fault]int
	occasions map[string]int
	failure   *failure
	turns     int

	calm  atomic.Bool  // faults have ceased
	full  atomic.Bool  // the disk
	ahead atomic.Int64 // of the machine's clock, in ns
}

// failure is an invariant that did not hold.
type failure struct {
	invariant int
	also      []int // others that did not hold at the same instant
	at        time.Time
	step      int
	text      string
}

func keyOf(parts ...any) string { return fmt.Sprintln(parts...) }

// newWorld makes the world of a seed. It must be called in a bubble.
func newWorld(t *testing.T, seed uint64, out io.Writer) *world {
	dir, err := os.MkdirTemp(memoryFolder(), "sluice-simulation-")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		dice: dice{seed}, trace: newTrace(out), t: t, dir: dir,
		accounts: map[string]*account{}, counts: map[fault]int{}, occasions: map[string]int{},
	}
	for i, target := range targets {
		w.accounts[target] = newAccount(w, target, i)
	}
	if w.pair = w.twoReplicas(); w.pair {
		w.twins = newTwins(w)
	}
	w.specs, w.rules = newRepository(w, "specs"), newRepository(w, "rules")
	w.office = newOffice(w)
	w.author = newAuthor(w)
	w.checker = newChecker(w)
	return w
}

// memoryFolder is where a run keeps its files: in memory, where there is such a
// folder, because every record is synced.
func memoryFolder() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

func (w *world) close() {
	if w.pair {
		w.twins.close()
	}
	os.RemoveAll(w.dir)
}

func (w *world) historyFile() string { return filepath.Join(w.dir, "history.db") }

// clock is what the process is told by its machine: a clock that was set shows
// another time of day, and goes on counting underneath as if nothing had happened.
// That is how time.Now is outside of a bubble; inside it only shows the time of day.
func (w *world) clock() time.Time { return w.shows(time.Duration(w.ahead.Load())) }

// shows is a clock that is ahead of the world's time.
func (w *world) shows(ahead time.Duration) time.Time {
	t := time.Now().Add(ahead)
	since1885 := t.Sub(time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC)) / time.Second
	parts := (*struct {
		wall uint64 // a bit that says that it counts, 33 bits of seconds, 30 bits of nanoseconds
		ext  int64  // the count
		loc  *time.Location
	})(unsafe.Pointer(&t))
	parts.wall = 1<<63 | uint64(since1885)<<30 | uint64(t.Nanosecond())
	parts.ext = int64(time.Since(w.began)) + 1
	return t
}

// now is the time of day that the machine shows.
func (w *world) now() time.Time { return w.clock().Round(0) }

// fail notes that an invariant did not hold. The first counts.
func (w *world) fail(invariant int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.add("INVARIANT %d: %s", invariant, text)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.failure == nil:
		w.failure = &failure{invariant: invariant, at: time.Now(), step: w.steps, text: text}
	case w.failure.at.Equal(time.Now()):
		w.failure.also = append(w.failure.also, invariant)
	}
}

func (w *world) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure != nil
}

// sleep waits, and reports whether the run goes on.
func (w *world) sleep(d time.Duration) bool {
	end := time.Now().Add(d)
	for !w.failed() && time.Now().Before(end) {
		time.Sleep(min(time.Until(end), 5*time.Second))
	}
	return !w.failed()
}

// report is what a person needs of a failure.
func (w *world) report() string {
	return fmt.Sprintf("seed %d, step %d: invariant %d does not hold: %s (and %v)\n  %s\nthe last events:\n%swhat the loop says:\n%sreplay: make simulate SEED=%d",
		w.seed, w.failure.step, w.failure.invariant, sentence(w.failure.invariant), w.failure.also, w.failure.text, strings.Join(w.last, ""), w.standing(), w.seed)
}

// standing is the loop's own opinion, for people only.
func (w *world) standing() string {
	if w.proc.loop == nil {
		return ""
	}
	s := w.proc.loop.Status()
	text := fmt.Sprintf("  commit %.8s, git %q, turn %q, hold %q\n", s.Commit.ID, s.GitError, s.TurnError, s.Plan.Hold)
	for _, r := range s.Plan.Resources {
		if r.State != plan.InSync {
			text += fmt.Sprintf("  %s %s: %s: %s\n", r.Target, r.Spec.Name, r.State, r.Reason)
		}
	}
	return text
}
