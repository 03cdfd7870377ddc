package reconcile

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// warnings are distinct: what is said twice is recorded once.
func warnings(n, size int) []plan.Verdict {
	var list []plan.Verdict
	for i := range n {
		list = append(list, plan.Verdict{Rule: "spec.talks", Decision: "warn", Msg: fmt.Sprintf("%06d %s", i, strings.Repeat("w", size))})
	}
	return list
}

// noisy are warnings that do not pack.
func noisy(n, size int) []plan.Verdict {
	random, list := rand.New(rand.NewPCG(1, 2)), warnings(n, 0)
	for i := range list {
		list[i].Msg += noise(random, size)
	}
	return list
}

func noise(random *rand.Rand, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[random.IntN(64)]
	}
	return string(text)
}

// storable fails where a store would not take a record: the file, or a table.
func storable(t testing.TB, r history.Record) {
	t.Helper()
	r.Time = time.Now()
	_, line, err := history.Seal(r, history.Head{Seq: 1 << 60, Hash: strings.Repeat("f", 64)})
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(line)
	if err := w.Close(); err != nil || packed.Len() > history.MostPacked {
		t.Fatalf("%d bytes pack to %d, more than %d: %v", len(line), packed.Len(), history.MostPacked, err)
	}
}

// raw is JSON of a size.
func raw(size int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("x", size-2) + `"`) }

func TestADecisionIsRecordedHoweverMuchRulesSayOfIt(t *testing.T) {
	stops := []plan.Verdict{{Rule: "guard.approval", Decision: "allow", Msg: "approved"}, {Rule: "a.b", Decision: "hold", Msg: "held"}, {Rule: "a.c", Decision: "deny", Msg: "denied"}}
	for name, tt := range map[string]struct {
		said        []plan.Verdict
		basis, plan int
		wantBasis   bool
		wantLeft    string // in the message
	}{
		"all of it fits":                               {said: warnings(1000, 150), basis: 128 << 10, plan: 512 << 10, wantBasis: true},
		"the basis goes first":                         {said: warnings(1500, 150), basis: largestBasis, plan: largestRemainder},
		"then warnings":                                {said: warnings(6000, 150), plan: largestRemainder, wantLeft: "of 6003 verdicts are left out"},
		"warnings alone are too much":                  {said: warnings(6000, 200), wantLeft: "of 6003 verdicts are left out"},
		"one message of 2 MiB is cut":                  {said: warnings(1, 2<<20)},
		"a message of 2 MiB that JSON makes twelve of": {said: []plan.Verdict{{Rule: "x", Decision: "warn", Msg: strings.Repeat("<", 2<<20)}}, plan: largestRemainder},
	} {
		t.Run(name, func(t *testing.T) {
			r := decision(plan.Plan{Commit: "c", Resources: []plan.Resource{{State: plan.Held, Verdicts: append(tt.said, stops...)}}})
			if tt.basis > 0 {
				r.Basis = raw(tt.basis)
			}
			if tt.plan > 0 {
				r.Plan = raw(tt.plan)
			}
			got := fit(r)
			got.Time = time.Now()
			if _, _, err := history.Seal(got, history.Head{Seq: 1 << 60, Hash: strings.Repeat("f", 64)}); err != nil {
				t.Error(err)
			}
			if got.Decision != "hold" || len(got.Plan) != len(r.Plan) || (got.Basis != nil) != tt.wantBasis {
				t.Errorf("%s, a plan of %d bytes, a basis of %d", got.Decision, len(got.Plan), len(got.Basis))
			}
			if !strings.HasPrefix(got.Message, r.Message) || strings.Contains(got.Message, "left out") != (tt.wantLeft != "") || !strings.Contains(got.Message, tt.wantLeft) {
				t.Errorf("message %q", got.Message)
			}
			for _, v := range verdicts(stops) {
				if !hasVerdict(got, v) {
					t.Errorf("%+v was left out", v)
				}
			}
			if tt.wantLeft != "" && len(got.Verdicts) < 2000 {
				t.Errorf("only %d verdicts are left", len(got.Verdicts))
			}
		})
	}
}

// A file takes a megabyte of anything, a table's item a third of that of what does not pack.
func TestWhatDoesNotPackIsRecordedInATableToo(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	dense := func(size int) json.RawMessage { return json.RawMessage(`"` + noise(random, size-2) + `"`) }
	for name, tt := range map[string]struct {
		said                []plan.Verdict
		basis, plan         json.RawMessage
		wantBasis, wantPlan bool
		least, most         int // verdicts beside the two that stop something
	}{
		"what packs stays whole":                        {said: warnings(4000, 100), wantPlan: true, wantBasis: true, basis: raw(1000), plan: raw(300 << 10), least: 4000, most: 4000},
		"what does not pack stays too, where it fits":   {said: noisy(1000, 256), wantPlan: true, wantBasis: true, basis: raw(1000), plan: raw(1000), least: 1000, most: 1000},
		"a basis that does not pack goes first":         {said: noisy(1000, 256), wantPlan: true, basis: dense(largestBasis), plan: raw(1000), least: 1000, most: 1000},
		"then warnings":                                 {said: noisy(2400, 256), wantPlan: true, plan: dense(100 << 10), least: 900, most: 2000},
		"a plan that would leave no room is made again": {said: noisy(2400, 256), plan: dense(largestRemainder), least: 1500, most: 2000},
	} {
		t.Run(name, func(t *testing.T) {
			stops := []plan.Verdict{{Rule: "guard.approval", Decision: "allow", Msg: "approved"}, {Rule: "a.c", Decision: "deny", Msg: "denied"}}
			r := history.Record{Kind: history.KindDecision, Decision: "deny", Basis: tt.basis, Plan: tt.plan, Verdicts: verdicts(append(tt.said, stops...))}
			got := fit(r)
			storable(t, got)
			if n := len(got.Verdicts) - len(stops); n < tt.least || n > tt.most || (got.Basis != nil) != tt.wantBasis || (got.Plan != nil) != tt.wantPlan {
				t.Errorf("%d verdicts, a basis of %d bytes, a plan of %d", len(got.Verdicts), len(got.Basis), len(got.Plan))
			}
			if !hasVerdict(got, verdicts(stops)[0]) || !hasVerdict(got, verdicts(stops)[1]) {
				t.Error("what was decided is left out")
			}
			if left := len(r.Verdicts) - len(got.Verdicts); left > 0 && !strings.HasPrefix(got.Message, fmt.Sprintf("%d of %d verdicts are left out", left, len(r.Verdicts))) {
				t.Errorf("%d are left out: %q", left, got.Message)
			}
		})
	}
}

func hasVerdict(r history.Record, want history.Verdict) bool {
	for _, v := range r.Verdicts {
		if v == want {
			return true
		}
	}
	return false
}

// Before a call there is its record: rules that talk must not hinder the call.
func TestAnIntentIsRecordedHoweverMuchRulesSayOfIt(t *testing.T) {
	log := &memoryLog{}
	j := &journal{store: log, ledger: history.NewLedger(), now: time.Now, ages: newAges(time.Now())}
	if _, err := j.Intent(t.Context(), apply.Step{Verdicts: warnings(8000, 150)}); err != nil {
		t.Fatal(err)
	}
	if r := log.sealed[0]; r.Decision != "allow" || !strings.Contains(r.Message, "of 8000 verdicts are left out") || strings.HasPrefix(r.Message, ";") {
		t.Errorf("%s, %q", r.Decision, r.Message)
	}
}

func TestAnIntentIsRecordedInATableWhateverRulesSayOfIt(t *testing.T) {
	log := &memoryLog{}
	j := &journal{store: log, ledger: history.NewLedger(), now: time.Now, ages: newAges(time.Now())}
	if _, err := j.Intent(t.Context(), apply.Step{Verdicts: noisy(2400, 256)}); err != nil {
		t.Fatal(err)
	}
	storable(t, log.sealed[0])
}

func TestAnyDecisionFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := history.Record{Kind: history.KindDecision, Time: time.Now(), Decision: "allow"}
		for range rapid.IntRange(0, 5).Draw(t, "groups") {
			word := rapid.SampledFrom([]string{"allow", "deny", "hold", "warn", "cap", "waived", "error"}).Draw(t, "decision")
			text := rapid.SampledFrom([]string{"w", "<", "é", "\xff", "\x00"}).Draw(t, "text")
			size := rapid.SampledFrom([]int{0, 100, 5000, 100_000}).Draw(t, "size")
			for i := range min(rapid.IntRange(1, 4000).Draw(t, "n"), 2_000_000/(size+1)) {
				r.Verdicts = append(r.Verdicts, history.Verdict{Rule: fmt.Sprint("r.", i), Decision: word, Msg: strings.Repeat(text, size)})
			}
		}
		r.Plan, r.Basis = raw(rapid.IntRange(2, largestRemainder).Draw(t, "plan")), raw(rapid.IntRange(2, largestBasis).Draw(t, "basis"))
		if _, _, err := history.Seal(fit(r), history.Head{Seq: 1 << 60, Hash: strings.Repeat("f", 64)}); err != nil {
			t.Fatal(err)
		}
	})
}
