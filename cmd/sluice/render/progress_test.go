package render

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// silent is an engine whose rules have nothing to say.
type silent struct{}

func (silent) Eval(context.Context, policy.Scope, any, time.Time) (policy.Result, error) {
	return policy.Result{}, nil
}

func (silent) EvalAll(_ context.Context, _ policy.Scope, n int, _ func(int) any, _ time.Time) []policy.Answer {
	return make([]policy.Answer, n)
}

// turn is a turn of the loop with this plan, and these addresses on its gateway.
func turn(p plan.Plan, addresses ...inventory.Address) *reconcile.Turn {
	return &reconcile.Turn{
		Desired: &reconcile.Desired{Commit: gitsource.Commit{
			ID: p.Commit, Author: gitsource.Person{Name: sampleCommit.Author, Email: "ada@example.com"}, Message: sampleCommit.Message,
		}},
		Inventories: []inventory.Inventory{{Target: "default", NatGateways: []inventory.NatGateway{{ID: gatewayA, Addresses: addresses}}}},
		Approved:    approved(p),
	}
}

// approved is the plan as it is, past a judge who has nothing to say.
func approved(p plan.Plan) judge.Approved {
	c := judge.Case{Plan: p, Budget: judge.Budget{Removals: 1000}}
	primary := inventory.Address{IP: netip.MustParseAddr("10.0.1.10"), Primary: true, Status: inventory.StatusSucceeded}
	inventories := map[string]*inventory.Inventory{}
	for _, r := range p.Resources {
		c.Documents = append(c.Documents, spec.Document{Name: r.Spec.Name, File: r.Spec.File, Line: r.Spec.Line, Kind: r.Kind, ID: r.ID, Target: r.Target})
		inv := inventories[r.Target]
		if inv == nil {
			inv = &inventory.Inventory{Target: r.Target}
			inventories[r.Target] = inv
		}
		inv.NatGateways = append(inv.NatGateways, inventory.NatGateway{ID: r.ID, Addresses: []inventory.Address{primary}})
		inv.NetworkInterfaces = append(inv.NetworkInterfaces, inventory.NetworkInterface{ID: r.ID, Addresses: []inventory.Address{primary}})
	}
	for _, inv := range inventories {
		c.Inventories = append(c.Inventories, *inv)
	}
	return judge.Judge(context.Background(), silent{}, c)
}

func address(ip string, status inventory.Status) inventory.Address {
	return inventory.Address{IP: netip.MustParseAddr(ip), Status: status, FailureMessage: "the subnet has no such address"}
}

// deadlineIn ends every drain so long after the sample time.
func deadlineIn(d time.Duration) Deadline {
	return func(string, string, netip.Addr) (time.Time, bool) { return sampleTime.Add(d), true }
}

// watcher drives a Progress by a clock of its own.
type watcher struct {
	*Progress
	out  bytes.Buffer
	now  time.Time
	ends time.Time
}

func newWatcher(colour, live bool) *watcher {
	w := &watcher{now: sampleTime}
	s := styled(&w.out, colour, 80)
	s.live = live
	w.Progress = s.Progress(func() time.Time { return w.now }, func(_, _ string, addr netip.Addr) (time.Time, bool) {
		return w.ends, !w.ends.IsZero() && addr == netip.MustParseAddr("10.0.1.20")
	})
	return w
}

func (w *watcher) turn(t *reconcile.Turn, steps ...apply.Step) {
	w.Event(reconcile.Event{Kind: reconcile.EventPlanned, Turn: t})
	for _, s := range steps {
		before := s
		before.Outcome, before.RequestID, before.Code, before.Message = "", "", "", ""
		w.Event(reconcile.Event{Kind: reconcile.EventStep, Turn: t, Step: &before})
		w.pass(time.Second)
		w.Event(reconcile.Event{Kind: reconcile.EventStep, Turn: t, Step: &s})
	}
	w.Event(reconcile.Event{Kind: reconcile.EventTurned, Turn: t})
	if t.Waiting() {
		w.Event(reconcile.Event{Kind: reconcile.EventWaiting, Turn: t, Pause: 2 * time.Second})
	}
}

func (w *watcher) pass(d time.Duration) { w.now = w.now.Add(d) }

// tick is what Run does every second.
func (w *watcher) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.draw()
}

const (
	ok   = inventory.StatusSucceeded
	in   = inventory.StatusAssigning
	out  = inventory.StatusUnassigning
	fail = inventory.StatusFailed
)

// swap plays a whole swap: assign, settle, unassign, drain, converged; then a
// commit that policy refuses.
func (w *watcher) swap() {
	others := swapPlan().Resources[1:]
	with := func(r plan.Resource) plan.Plan {
		return sealed("apply", append([]plan.Resource{r}, others...)...)
	}
	assigned, unassigned := step(assign("10.0.1.21"), apply.Accepted), step(unassign("10.0.1.20"), apply.Accepted)
	assigned.RequestID, unassigned.RequestID = requestA, requestB

	whole := swapPlan()
	whole.Mode = "apply"
	w.turn(turn(whole, address("10.0.1.20", ok)), assigned)
	w.pass(2 * time.Second)
	adding := with(gateway(plan.Converging, "10.0.1.21 is assigning"))
	w.turn(turn(adding, address("10.0.1.20", ok), address("10.0.1.21", in)))
	w.pass(3 * time.Second)
	rest := with(gateway(plan.Pending, "unassign 10.0.1.20", []plan.Action{unassign("10.0.1.20")}))
	w.turn(turn(rest, address("10.0.1.20", ok), address("10.0.1.21", ok)), unassigned)
	w.ends = w.now.Add(350 * time.Second)
	w.pass(2 * time.Second)
	draining := with(gateway(plan.Converging, "10.0.1.20 is unassigning"))
	for range 3 {
		w.turn(turn(draining, address("10.0.1.20", out), address("10.0.1.21", ok)))
		w.pass(time.Second)
		w.tick()
		w.pass(59 * time.Second)
	}
	done := with(gateway(plan.InSync, ""))
	w.turn(turn(done, address("10.0.1.21", ok)))
	w.turn(turn(done, address("10.0.1.21", ok)))

	w.pass(time.Minute)
	denied := gateway(plan.Denied, "spec.allowed_cidrs: 8.8.8.8 is outside the allowed ranges", []plan.Action{assign("8.8.8.8")})
	denied.Verdicts = []plan.Verdict{{Rule: "spec.allowed_cidrs", Decision: "deny", Msg: "8.8.8.8 is outside the allowed ranges"}}
	refused := with(denied)
	refused.Commit = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
	w.turn(turn(refused, address("10.0.1.21", ok)))
	w.turn(turn(refused, address("10.0.1.21", ok)))
}

func TestProgressOfASwapIsAsInTheGoldenFiles(t *testing.T) {
	for _, c := range []struct {
		name         string
		colour, live bool
	}{{"progress", false, false}, {"progress-live", false, true}, {"progress-live.colour", true, true}} {
		w := newWatcher(c.colour, c.live)
		w.swap()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		golden(t, c.name, w.out.Bytes())
	}
}

func TestProgressOfTroubleIsAsInTheGoldenFile(t *testing.T) {
	w := newWatcher(false, false)
	gitDown := reconcile.Event{Kind: reconcile.EventFailed, Err: errors.New("git: no answer within 30s")}
	w.Event(gitDown)
	w.Event(gitDown) // told once
	refused := step(unassign("10.0.1.20"), "unauthorized")
	refused.Code, refused.RequestID, refused.Message = "UnauthorizedOperation", requestB, "You are not authorized to perform this operation."
	changed := step(unassign("10.0.1.20"), apply.Changed)
	changed.Message = "not sent: " + gatewayA + " changed after it was planned"
	pending := sealed("apply", gateway(plan.Pending, "", []plan.Action{unassign("10.0.1.20")}))
	w.turn(turn(pending, address("10.0.1.20", ok), address("10.0.1.22", in)), changed, refused)
	w.Event(gitDown) // again, after a turn that went well: it is news
	blocked := sealed("apply", gateway(plan.Blocked, "unassign 10.0.1.20 was not done: UnauthorizedOperation; to be tried again after 12:05:00"))
	w.turn(turn(blocked, address("10.0.1.20", ok), address("10.0.1.22", fail)))
	w.turn(turn(blocked, address("10.0.1.20", ok), address("10.0.1.22", fail)))
	more := sealed("apply", gateway(plan.Pending, "", []plan.Action{unassign("10.0.1.20", "10.0.1.19")}))
	w.turn(turn(more, address("10.0.1.20", ok)))
	golden(t, "progress-trouble", w.out.Bytes())
}

// Each answer of AWS has a request id of its own.
func TestTheSameTroubleIsToldOnceWhateverRequestItIsOf(t *testing.T) {
	unread := func(request, code string) *reconcile.Turn {
		return turn(sealed("apply", gateway(plan.Error, "DescribeNatGateways: "+code+" (request "+request+")")))
	}
	w := newWatcher(false, false)
	w.turn(unread("11111111", "InternalError"))
	before := w.out.Len()
	w.turn(unread("22222222", "InternalError"))
	w.turn(unread("33333333", "InternalError"))
	if again := w.out.String()[before:]; again != "" {
		t.Errorf("it is told again:\n%s", again)
	}
	w.turn(unread("44444444", "RequestLimitExceeded"))
	if again := w.out.String()[before:]; !strings.Contains(again, "RequestLimitExceeded (request 44444444)") {
		t.Errorf("another trouble is not told:\n%s", again)
	}
	for _, request := range []string{"a", "b"} {
		w.Event(reconcile.Event{Kind: reconcile.EventFailed, Err: errors.New("AssumeRole: AccessDenied (request " + request + ")")})
	}
	if n := strings.Count(w.out.String(), "AssumeRole"); n != 1 {
		t.Errorf("a failure is told %d times", n)
	}
}

func TestProgressShowsTheProbesOfAPlanOnce(t *testing.T) {
	w := newWatcher(false, false)
	dry := turn(swapPlan(), address("10.0.1.20", ok))
	dry.Probes = sampleProbes()[:2]
	for range 3 {
		w.Event(reconcile.Event{Kind: reconcile.EventPlanned, Turn: dry})
		w.Event(reconcile.Event{Kind: reconcile.EventTurned, Turn: dry})
	}
	golden(t, "progress-dry-run", w.out.Bytes())
}

func TestWithoutATerminalTimeAloneIsNoNews(t *testing.T) {
	w := newWatcher(false, false)
	w.ends = w.now.Add(350 * time.Second)
	draining := turn(sealed("apply", gateway(plan.Converging, "10.0.1.20 is unassigning")), address("10.0.1.20", out))
	w.turn(draining)
	before := w.out.Len()
	for range 100 {
		w.pass(time.Second)
		w.tick()
		w.turn(draining)
	}
	if got := w.out.String()[before:]; got != "" {
		t.Errorf("a hundred looks at the same drain printed %q", got)
	}
}

func TestOnATerminalTheCountdownIsDrawnEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		s := styled(&b, false, 80)
		s.live = true
		end := time.Now().Add(3*time.Minute + 12*time.Second)
		p := s.Progress(time.Now, func(string, string, netip.Addr) (time.Time, bool) { return end, true })
		draining := turn(sealed("apply", gateway(plan.Converging, "")), address("10.0.1.20", out))
		p.Event(reconcile.Event{Kind: reconcile.EventPlanned, Turn: draining})
		p.Event(reconcile.Event{Kind: reconcile.EventWaiting, Turn: draining})
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		p.Run(ctx)
		for _, left := range []string{"3m12s", "3m11s", "3m10s", "3m9s"} {
			if n := strings.Count(b.String(), "draining   10.0.1.20  at most "+left+" left"); n != 1 {
				t.Errorf("%s left was drawn %d times in %q", left, n, b.String())
			}
		}
		if !strings.HasSuffix(b.String(), eraseLine) || strings.Contains(b.String(), "3m8s") {
			t.Errorf("the line is not taken away at the end: %q", b.String())
		}
	})
}

func TestALogBesideTheLiveLineDoesNotMixWithIt(t *testing.T) {
	w := newWatcher(false, true)
	w.turn(turn(sealed("apply", gateway(plan.Converging, "")), address("10.0.1.20", out)))
	w.out.Reset()
	if _, err := w.Beside(&w.out).Write([]byte("a log line\n")); err != nil {
		t.Fatal(err)
	}
	if got, want := w.out.String(), eraseLine+"a log line\n"+eraseLine+"           draining   10.0.1.20"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALongLiveLineIsCutToTheTerminal(t *testing.T) {
	w := newWatcher(false, true)
	var many []inventory.Address
	for _, ip := range []string{"10.0.1.20", "10.0.1.21", "10.0.1.22", "10.0.1.23", "10.0.1.24", "10.0.1.25", "10.0.1.26"} {
		many = append(many, address(ip, out))
	}
	w.turn(turn(sealed("apply", gateway(plan.Converging, "")), many...))
	lines := strings.Split(w.out.String(), eraseLine)
	last := lines[len(lines)-1]
	if len(last) >= 80 || !strings.HasSuffix(last, "...") {
		t.Errorf("%d columns: %q", len(last), last)
	}
}
