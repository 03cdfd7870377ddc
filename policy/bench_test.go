package policy

import (
	"fmt"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// BenchmarkActionScope judges 10,000 different actions by the shipped library.
func BenchmarkActionScope(b *testing.B) {
	const items = 10_000
	plain := make([]any, items)
	parsed := make([]any, items)
	for i := range plain {
		in := actionInput()
		in["action"].(map[string]any)["addresses"] = []any{fmt.Sprintf("10.0.%d.%d", i/250, i%250)}
		plain[i], parsed[i] = in, ast.MustInterfaceToValue(in)
	}
	for name, inputs := range map[string][]any{"maps": plain, "parsed": parsed} {
		b.Run(name, func(b *testing.B) {
			e := mustLoad(b)
			b.ReportAllocs()
			start, n := time.Now(), 0
			for b.Loop() {
				for _, in := range inputs {
					if _, err := e.Eval(b.Context(), ScopeAction, in, noon); err != nil {
						b.Fatal(err)
					}
				}
				n += len(inputs)
			}
			b.ReportMetric(float64(time.Since(start).Microseconds())/float64(n), "µs/item")
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		mustLoad(b)
	}
}
