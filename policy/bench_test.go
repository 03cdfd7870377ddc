package policy

import (
	"fmt"
	"runtime/debug"
	"syscall"
	"testing"
	"time"
)

// swaps returns what makes the actions of a large swap: for every resource one
// assign, and one unassign in the wave after it. What actions have in common they
// share, as the caller of the engine has it.
func swaps(tb testing.TB) func(int) any {
	shared := actionInput()
	for _, part := range []string{"resource", "document", "commit"} {
		v, err := Value(shared[part])
		if err != nil {
			tb.Fatal(err)
		}
		shared[part] = v
	}
	return func(i int) any {
		addresses := []any{fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)}
		action := map[string]any{"verb": "assign", "addresses": addresses, "wave": 0, "servingBefore": 3, "servingAfter": 4}
		if i%2 == 1 {
			action = map[string]any{"verb": "unassign", "addresses": addresses, "wave": 1, "maxDrainSeconds": 350, "servingBefore": 4, "servingAfter": 3}
		}
		return map[string]any{"action": action, "resource": shared["resource"], "document": shared["document"],
			"commit": shared["commit"], "mode": "apply", "time": shared["time"]}
	}
}

// judgeAll fails unless each action was judged and passed.
func judgeAll(tb testing.TB, e *Engine, n int, action func(int) any) {
	for i, a := range e.EvalAll(tb.Context(), ScopeAction, n, action, noon) {
		if a.Err != nil || len(a.Decisions) > 0 {
			tb.Fatalf("action %d: %+v", i, a)
		}
	}
}

// BenchmarkActionScope judges the 10,000 actions of a swap by the shipped library.
// cpu-µs/action is processor time, the garbage collector's included: the budget is 12.
// The heap grows to five times before it is collected, as in the commands that judge.
func BenchmarkActionScope(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	const actions = 10_000
	e, action := mustLoad(b), swaps(b)
	best := time.Hour // of several: another program's work only ever adds
	b.ReportAllocs()
	for b.Loop() {
		best = min(best, processorTimeOf(func() { judgeAll(b, e, actions, action) }))
	}
	b.ReportMetric(float64(best.Nanoseconds())/1000/actions, "cpu-µs/action")
}

// BenchmarkActionGrowth compares 100,000 actions with a hundred times 1,000, which
// another program's work slows as much: the budget of growth is 1.1.
func BenchmarkActionGrowth(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	e, action := mustLoad(b), swaps(b)
	var few, many time.Duration
	for b.Loop() {
		few += processorTimeOf(func() {
			for range 100 {
				judgeAll(b, e, 1_000, action)
			}
		})
		many += processorTimeOf(func() { judgeAll(b, e, 100_000, action) })
	}
	b.ReportMetric(float64(many)/float64(few), "growth")
}

func processorTimeOf(work func()) time.Duration {
	start := processorTime()
	work()
	return processorTime() - start
}

func processorTime() time.Duration {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		panic(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// Time depends on the machine, allocations do not: they are most of the time, and
// this fails when somebody makes rules or engine half as dear again.
func TestAnActionCostsFewAllocations(t *testing.T) {
	e, action := mustLoad(t), swaps(t)
	const most = 92 // 73 as this is written, more with the race detector
	if got := testing.AllocsPerRun(5, func() { judgeAll(t, e, 1000, action) }) / 1000; got > most {
		t.Errorf("%.0f allocations an action, want at most %d", got, most)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		mustLoad(b)
	}
}
