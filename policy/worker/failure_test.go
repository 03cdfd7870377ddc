package worker

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/policy/worker/child"
)

const harmless = `deny contains "never" if input.file == "nowhere"`

func TestAChildThatDoesNotStartAsItShouldIsAnErrorOfTheStart(t *testing.T) {
	for play, want := range map[string]string{
		"no-rules":  "does not say what it has loaded",
		"no-json":   "began with something else than an answer (invalid character 'h'",
		"too-long":  "began with something else than an answer (a message of 4294967295 bytes, where at most 16777216 make sense)",
		"cut-short": "ended while it compiled them (exit status 0)",
		"crash":     "ended while it compiled them (exit status 2: panic: told to?[31m)",
		"silent":    "compiling the rules took longer than 1s",
	} {
		t.Run(play, func(t *testing.T) {
			limit := 30 * time.Second
			if play == "silent" {
				limit = time.Second
			}
			e, err := Start(t.Context(), command(t, play), specRule(harmless), policy.Options{}, Limits{Start: limit})
			if err == nil || e != nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is\n%v, want\n%s", err, want)
			}
		})
	}
	_, err := Start(t.Context(), child.Command{Path: "/nowhere/sluice", Args: []string{"sluice"}}, specRule(harmless), policy.Options{}, Limits{})
	if err == nil || !strings.Contains(err.Error(), "start the process that evaluates rules: fork/exec /nowhere/sluice: no such file") {
		t.Errorf("a program that is not there: %v", err)
	}
}

func TestRulesThatDoNotCompileAreReportedWithTheirPlaces(t *testing.T) {
	_, err := Start(t.Context(), command(t, "good"), specRule(`denny contains "x" if input.kind == "b"`), policy.Options{}, Limits{})
	var le *policy.LoadError
	if !errors.As(err, &le) || !strings.Contains(err.Error(), "rules/spec/mine.rego:5") {
		t.Errorf("the error is %v", err)
	}
}

func TestAnAnswerThatIsNoneIsAnError(t *testing.T) {
	for play, want := range map[string]string{
		"wrong-answer": "sent something else than an answer (0 answers to request 4711 instead of 1 to 1) and was ended",
		"no-answer":    "sent something else than an answer (json: ",
	} {
		e, err := Start(t.Context(), command(t, play), specRule(harmless), policy.Options{}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if res, err := e.Eval(t.Context(), policy.ScopeSpec, document(good), noon); err == nil || !strings.Contains(err.Error(), want) || res.Evaluated != nil {
			t.Errorf("%s: %v, the error is\n%v, want\n%s", play, res, err, want)
		}
	}
}

func TestAChildThatSomebodyKillsIsReplaced(t *testing.T) {
	e := start(t, specRule(harmless), policy.Options{}, Limits{})
	first := e.child
	if err := syscall.Kill(first.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Gone()
	wantGood(t, e)
	if e.child == first || len(e.deaths.times) != 0 {
		t.Errorf("child %p after %p, deaths %v", e.child, first, e.deaths)
	}
}

func TestAnEvaluationEndsWithItsContext(t *testing.T) {
	e := start(t, specRule(hungry), patient, Limits{Memory: 1 << 40})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := e.Eval(ctx, policy.ScopeSpec, hungryDocument, noon)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("it took %s: %v", time.Since(began), err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Eval(cancelled, policy.ScopeSpec, document(good), noon); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	if len(e.deaths.times) != 0 {
		t.Errorf("what the caller ended counts as %d deaths", len(e.deaths.times))
	}
	wantGood(t, e)
}

func TestTheStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, command(t, "silent"), specRule(harmless), policy.Options{}, Limits{})
	if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "30s") {
		t.Errorf("the error is %v", err)
	}
}

func TestCloseLeavesNoProcessAndNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	e := start(t, specRule(harmless), policy.Options{}, Limits{})
	wantGood(t, e)
	p := e.child
	for range 2 {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	if p.Alive() || p.Ended() == nil {
		t.Error("the child is still there")
	}
	if _, err := e.Eval(t.Context(), policy.ScopeSpec, document(good), noon); err == nil || err.Error() != "policy, scope spec: the rules are closed" {
		t.Errorf("after Close: %v", err)
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func TestAChildEndsWhenItsParentIsGone(t *testing.T) {
	e := start(t, specRule(harmless), policy.Options{}, Limits{})
	p := e.child
	p.CloseWrite() // what the kernel does then
	select {
	case <-p.Gone():
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	if code := p.Ended().ExitCode(); code != 0 {
		t.Errorf("it ended with %d: %s", code, p.State())
	}
}

// hungryNumber is one of several documents that end a child.
func hungryNumber(n int) map[string]any {
	in := document(map[string]any{"hungry": "yes"})
	in["line"] = n
	return in
}

func TestAnInputThatEndedAChildIsNotTriedAgainForAWhile(t *testing.T) {
	e := start(t, specRule(hungry), patient, Limits{Memory: 64 << 20})
	clock := time.Now()
	e.now = func() time.Time { return clock }
	for range 20 {
		in := hungryNumber(1)
		in["time"] = clock.Format(time.RFC3339Nano)
		if _, err := e.Eval(t.Context(), policy.ScopeSpec, in, noon); err == nil || !strings.Contains(err.Error(), "needed more than 64 MiB") {
			t.Fatal(err)
		}
		wantGood(t, e)
		clock = clock.Add(time.Second)
	}
	if len(e.deaths.times) != 1 {
		t.Errorf("%d children ended", len(e.deaths.times))
	}
	clock = clock.Add(killerRest)
	if _, err := e.Eval(t.Context(), policy.ScopeSpec, hungryNumber(1), noon); err == nil || len(e.deaths.times) != 2 {
		t.Errorf("later: %v, %d children ended", err, len(e.deaths.times))
	}
}

func TestRulesThatKeepEndingTheChildAreNotEvaluatedForAWhile(t *testing.T) {
	e := start(t, specRule(hungry), patient, Limits{Memory: 64 << 20})
	clock := time.Now()
	e.now = func() time.Time { return clock }
	for n := range maxDeaths {
		wantGood(t, e) // one bad input does not stop the others
		if _, err := e.Eval(t.Context(), policy.ScopeSpec, hungryNumber(n), noon); err == nil || !strings.Contains(err.Error(), "needed more than 64 MiB") {
			t.Fatal(err)
		}
		clock = clock.Add(time.Second)
	}
	_, err := e.Eval(t.Context(), policy.ScopeSpec, document(good), noon)
	const want = "policy, scope spec: rules ended the process that evaluates them 5 times within 1m0s, so nothing is evaluated for the next 55s; mend them first"
	if err == nil || err.Error() != want || e.child != nil {
		t.Errorf("the error is\n%v, want\n%s", err, want)
	}
	clock = clock.Add(55 * time.Second)
	wantGood(t, e)
}

func TestDeathsOfLongAgoDoNotCount(t *testing.T) {
	var d deaths
	now := time.Now()
	for range 20 {
		d.add(now)
		now = now.Add(deathWindow / (maxDeaths - 1))
		if pause := d.pause(now); pause > 0 {
			t.Fatalf("a pause of %s", pause)
		}
	}
	if len(d.times) != maxDeaths {
		t.Errorf("it remembers %d", len(d.times))
	}
}

func TestWithoutRulesOfAUserThereIsNoChild(t *testing.T) {
	e, err := Start(t.Context(), child.Command{Path: "/nowhere/sluice"}, nil, policy.Options{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	wantGood(t, e)
}

func TestAChildThatCompiledOtherRulesJudgesNothing(t *testing.T) {
	e := start(t, specRule(harmless), policy.Options{}, Limits{})
	e.drop()
	e.digest = "sha256:other" // as if the program had been replaced meanwhile
	if res, err := e.Eval(t.Context(), policy.ScopeSpec, document(good), noon); err == nil || !strings.Contains(err.Error(), "instead of sha256:other") || res.Evaluated != nil {
		t.Errorf("%v, %v", res, err)
	}
}

func TestWaitingForAnotherEvaluationEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &Engine{now: time.Now, turn: make(chan struct{}, 1), yours: map[policy.Scope][]string{policy.ScopeSpec: {"spec.mine"}}}
		e.turn <- struct{}{} // somebody else's
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := e.Eval(ctx, policy.ScopeSpec, nil, noon); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestTheChildRefusesNonsense(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{"nothing", "", "the first message: EOF"},
		{"a length and nothing else", "\x00\x00\x00\x05", "the first message: unexpected EOF"},
		{"a message that is too long", "\x7f\xff\xff\xff", "a message of 2147483647 bytes"},
		{"no JSON", frame("hello"), "the first message: invalid character"},
	} {
		if err := Main(strings.NewReader(c.input), os.Stderr); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
