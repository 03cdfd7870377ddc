package worker

import (
	"context"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
)

// BenchmarkEval is what a child costs beside an evaluation in this process, one at
// a time and by the hundred.
func BenchmarkEval(b *testing.B) {
	e := start(b, specRule(harmless), policy.Options{}, Limits{})
	in := document(good)
	input := func(int) any { return in }
	type evalAll func(context.Context, policy.Scope, int, func(int) any, time.Time) []policy.Answer
	for _, c := range []struct {
		name string
		eval evalAll
		n    int
	}{{"here/one", local(b, e).EvalAll, 1}, {"child/one", e.EvalAll, 1}, {"here/hundred", local(b, e).EvalAll, 100}, {"child/hundred", e.EvalAll, 100}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			began, n := time.Now(), 0
			for b.Loop() {
				if a := c.eval(b.Context(), policy.ScopeSpec, c.n, input, noon)[0]; a.Err != nil {
					b.Fatal(a.Err)
				}
				n += c.n
			}
			b.ReportMetric(float64(time.Since(began).Microseconds())/float64(n), "µs/input")
		})
	}
}

// BenchmarkStart is a child's start: the program, its limits, compiling the rules
// on both sides.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		e, err := Start(b.Context(), command(b, "good"), specRule(harmless), policy.Options{}, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		e.Close()
	}
}
