package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
)

// hungry builds a text of 65,536² bytes, 4 GiB, little by little, for documents
// with the label.
const hungry = `deny contains "never" if {
	input.metadata.labels.hungry == "yes"
	endswith(text, "b")
}

a16 := "aaaaaaaaaaaaaaaa"

a256 := replace(a16, "a", a16)

a4096 := replace(a256, "a", a16)

a65536 := replace(a4096, "a", a16)

text := replace(a65536, "a", a65536)`

var hungryDocument = document(map[string]any{"hungry": "yes"})

// patient never ends an evaluation by its time.
var patient = policy.Options{EvalTimeout: time.Minute}

func TestARuleThatAllocatesFourGigabytesIsAnErrorForThatInputOnly(t *testing.T) {
	atOnce := strings.Replace(hungry, `text := replace(a65536, "a", a65536)`, `text := concat(a65536, split(a65536, ""))`, 1)
	var own, child int64
	for name, rule := range map[string]string{"little by little": hungry, "at once": atOnce} {
		t.Run(name, func(t *testing.T) {
			growth, peak := testFourGigabytes(t, rule)
			own, child = max(own, growth), max(child, peak)
		})
	}
	t.Logf("figure: memory on rules that want 4 GiB where 1 GiB is the limit, the daemon's own growth and their process: %d MiB, %d MiB", own>>20, child>>20)
}

// testFourGigabytes returns by how many bytes this process grew, and the most that the child
// ever had.
func testFourGigabytes(t *testing.T, rule string) (growth, peak int64) {
	e := start(t, specRule(rule), patient, Limits{})
	wantGood(t, e)
	before := resident(t)
	began := time.Now()
	p := e.child
	_, err := e.Eval(t.Context(), policy.ScopeSpec, hungryDocument, noon)
	const want = "policy, scope spec: rules needed more than 1 GiB of memory for this input, so it is not judged; your rules of this scope: spec.mine (rules/spec/mine.rego:3); simplify them, or raise policyLimits.memory"
	if err == nil || err.Error() != want {
		t.Errorf("the error is\n%v, want\n%s", err, want)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	if growth = resident(t) - before; growth > 32<<20 {
		t.Errorf("this process grew by %d MiB", growth>>20)
	}
	if peak = peakOf(p); peak > 2<<30 {
		t.Errorf("the child grew to %d MiB", peak>>20)
	}
	wantGood(t, e)
	return growth, peak
}

// Small pieces are refused as one large one is.
func TestARuleThatKeepsManySmallThingsRunsOutOfMemoryToo(t *testing.T) {
	e := start(t, specRule(`deny contains "never" if count(_pairs) == 1

_pairs contains [x, y, z] if {
	some x in numbers.all
	some y in numbers.all
	some z in numbers.all
}

numbers := {"all": [x | some c in split(letters, ""); some d in split(letters, ""); x := concat("", [c, d])]}

letters := "abcdefghijklmnopqrstuvwxyz"`), patient, Limits{Memory: 64 << 20})
	_, err := e.Eval(t.Context(), policy.ScopeSpec, document(good), noon)
	if err == nil || !strings.Contains(err.Error(), "rules needed more than 64 MiB of memory") {
		t.Errorf("the error is %v", err)
	}
}

func TestARuleThatLoopsEndsAtItsTimeLimit(t *testing.T) {
	e := start(t, specRule(`deny contains "never" if {
	input.metadata.labels.loop == "yes"
	some a in many
	some b in many
	some c in many
	some d in many
	some f in many
	concat("", [a, b, c, d, f]) == "?"
}

many := split("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "")`), policy.Options{EvalTimeout: 200 * time.Millisecond}, Limits{Grace: time.Minute})
	child := e.child
	_, err := e.Eval(t.Context(), policy.ScopeSpec, document(map[string]any{"loop": "yes"}), noon)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "longer than its limit of 200ms") {
		t.Errorf("the error is %v", err)
	}
	wantGood(t, e)
	if e.child != child {
		t.Error("a rule that ends at its limit ended the child")
	}
}

func TestABuiltinThatOverrunsItsTimeLimitIsKilledAfterTheGrace(t *testing.T) {
	// The same regular expression over a few megabytes takes many seconds, in one step.
	e := start(t, specRule(`deny contains "never" if {
	input.metadata.labels.slow == "yes"
	regex.match("(a?){200}a{200}b", text)
}

a16 := "aaaaaaaaaaaaaaaa"

a256 := replace(a16, "a", a16)

text := replace(replace(a256, "a", a256), "a", a256)`), policy.Options{EvalTimeout: time.Second}, Limits{Grace: 200 * time.Millisecond})
	began := time.Now()
	_, err := e.Eval(t.Context(), policy.ScopeSpec, document(map[string]any{"slow": "yes"}), noon)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "did not end at its limit of 1s and was ended 200ms later; your rules of this scope: spec.mine (") {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Two dozen lines keep OPA's type checker busy for longer than anybody waits, and
// it looks at no context: compiled in this process it could not be ended at all.
func TestARuleThatCannotBeCompiledInTimeIsAnErrorOfTheStart(t *testing.T) {
	var body strings.Builder
	body.WriteString("x0 := [1, \"a\"]\n\ny0 := [1, \"a\"]\n")
	for i := 1; i < 26; i++ {
		fmt.Fprintf(&body, "x%d := [x%[2]d, x%[2]d]\n\ny%[1]d := [y%[2]d, y%[2]d]\n", i, i-1)
	}
	body.WriteString("deny contains \"never\" if x25 == y25")
	_, err := Start(t.Context(), command(t, "good"), specRule(body.String()), policy.Options{}, Limits{Start: 2 * time.Second})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "compiling the rules took longer than 2s") {
		t.Errorf("the error is %v", err)
	}
}

func TestOneBadInputAmongManyStopsNoOther(t *testing.T) {
	big := hungry + `

deny contains "never" if {
	input.metadata.labels.loop == "yes"
	some a in many
	some b in many
	some c in many
	some d in many
	some f in many
	concat("", [a, b, c, d, f]) == "?"
}

many := split("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "")

warn contains concat("", [x | some _ in numbers.range; x := text8192]) if input.metadata.labels.talks == "yes"

numbers := {"range": [1 | some _ in many; some _ in many]}

text8192 := replace(a4096, "a", "aa")`
	bad := map[int]map[string]any{3: {"hungry": "yes"}, 20: {"loop": "yes"}, 40: {"talks": "yes"}}
	e := start(t, specRule(big), policy.Options{EvalTimeout: 3 * time.Second}, Limits{Memory: 512 << 20, Grace: time.Minute})
	answers := e.EvalAll(t.Context(), policy.ScopeSpec, chunk+5, func(i int) any {
		if labels := bad[i]; labels != nil {
			return document(labels)
		}
		return document(good)
	}, noon)
	wants := map[int]string{3: "rules needed more than 512 MiB", 20: "longer than its limit of 3s", 40: "the rules decided too much: it takes 2"}
	for i, a := range answers {
		if want := wants[i]; want != "" && (a.Err == nil || !strings.Contains(a.Err.Error(), want)) || want == "" && (a.Err != nil || len(a.Evaluated) < 2) {
			t.Errorf("input %d: %v, want %q", i, a, want)
		}
	}
}

// resident is this process's memory, in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("needs /proc:", err)
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(data), &total, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
