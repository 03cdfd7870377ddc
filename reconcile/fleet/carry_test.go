package fleet_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
)

// idleTargetsEnv is how many targets are measured beside one and ten.
const idleTargetsEnv = "SLUICE_IDLE_TARGETS"

// idleHour is what an hour of a replica takes in which there is nothing to do.
type idleHour struct {
	reads, looks, goroutines int
	cpu                      time.Duration // the simulators' and the table's too
	heap                     uint64        // bytes; the simulators' before the hour not included
}

// measureIdleHour has one replica hold so many targets of one gateway each, whose drift is
// looked for every quarter of an hour.
func measureIdleHour(t *testing.T, targets int) (hour idleHour) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range targets {
			names = append(names, fmt.Sprintf("t%d", i))
		}
		s := newStage(t, names...)
		quarters, err := schedule.Parse("*/15 * * * *", "UTC")
		if err != nil {
			t.Fatal(err)
		}
		s.calendar.Schedules = []calendar.Schedule{{Name: "drift", Cron: quarters, Correct: true}}
		s.leases = newWireTable(t)
		before, alone := heap(), runtime.NumGoroutine()
		r := s.start("a")
		time.Sleep(10 * time.Minute) // it holds all, and has looked
		if held := len(r.Status().Plan.Resources); held != targets {
			t.Fatalf("the replica looks after %d of %d targets", held, targets)
		}
		reads, looks, began := s.reads(), s.git.lookCount(), cpuTime(t)
		time.Sleep(time.Hour)
		hour = idleHour{reads: s.reads() - reads, looks: s.git.lookCount() - looks, cpu: cpuTime(t) - began}
		hour.heap, hour.goroutines = heap()-before, runtime.NumGoroutine()-alone
	})
	return hour
}

func (s *stage) reads() (n int) {
	for _, sim := range s.sims {
		n += len(sim.Calls())
	}
	return n
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A replica that holds ten targets does for each what one that holds one does, and
// looks at Git no more often.
func TestEachTargetMoreCostsTheSame(t *testing.T) {
	sizes := []int{1, 10}
	if more, err := strconv.Atoi(os.Getenv(idleTargetsEnv)); err == nil {
		sizes = append(sizes, more)
	}
	one := measureIdleHour(t, 1)
	for i, targets := range sizes[1:] {
		hour := measureIdleHour(t, targets)
		if hour.reads != targets*one.reads || hour.looks > one.looks+one.looks/10 || hour.goroutines > targets*one.goroutines {
			t.Errorf("%d targets: %+v, and one: %+v", targets, hour, one)
		}
		if i < len(sizes)-2 {
			continue
		}
		cpu, memory := hour.cpu/time.Duration(targets), hour.heap/uint64(targets)
		t.Logf("figure: an idle target's CPU and memory, of %d on one replica: %.2f s an hour, %d KiB", targets, cpu.Seconds(), memory>>10)
		t.Logf("figure: idle targets that one core and one GiB carry, by %d on one replica: %d, %d", targets, time.Hour/max(cpu, 1), (1<<30)/max(memory, 1))
	}
}
