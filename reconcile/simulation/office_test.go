package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// timetable is the calendar of a configuration.
type timetable struct {
	cron    string // looks for drift; "" never
	correct bool
	freezes []span
	opens   int // hour of the day, UTC, at which a target's window opens
	hours   int // how long it is open; 0: no window
	window  string
}

// span is a freeze of what has a label env.
type span struct {
	from, until time.Time
	env         string
}

func (t timetable) String() string {
	text := fmt.Sprintf("drift %q", t.cron)
	for _, f := range t.freezes {
		text += fmt.Sprintf(", env %s frozen %s to %s", f.env, f.from.UTC().Format(time.TimeOnly), f.until.UTC().Format(time.TimeOnly))
	}
	if t.hours > 0 {
		text += fmt.Sprintf(", %s open %02d:00 for %dh", t.window, t.opens, t.hours)
	}
	return text
}

// calendar is the timetable as production has it.
func (t timetable) calendar() calendar.Calendar {
	var c calendar.Calendar
	if t.cron != "" {
		s, err := schedule.Parse(t.cron, "UTC")
		if err != nil {
			panic(err)
		}
		c.Schedules = []calendar.Schedule{{Name: "drift", Cron: s, Correct: t.correct}}
	}
	for i, f := range t.freezes {
		c.Freezes = append(c.Freezes, calendar.Freeze{Name: fmt.Sprintf("freeze-%d", i), From: f.from, Until: f.until, Reason: "sale", Owner: "ops@example.com",
			Selector: spec.Selector{Labels: map[string]string{"env": f.env}}})
	}
	if t.hours > 0 {
		s, err := schedule.Parse(fmt.Sprintf("0 %d * * *", t.opens), "UTC")
		if err != nil {
			panic(err)
		}
		w, err := schedule.NewWindow(s, time.Duration(t.hours)*time.Hour)
		if err != nil {
			panic(err)
		}
		c.Windows = []calendar.Window{{Name: "hours", Selector: spec.Selector{Target: t.window}, Times: w}}
	}
	return c
}

// closed says by arithmetic of its own why nothing may change for a document, or "".
func (t timetable) closed(d doc, at time.Time) string {
	for _, f := range t.freezes {
		if d.labels["env"] == f.env && !at.Before(f.from) && at.Before(f.until) {
			return "a freeze of env " + f.env
		}
	}
	if t.hours > 0 && d.target == t.window {
		into := (at.UTC().Sub(at.UTC().Truncate(24*time.Hour)) - time.Duration(t.opens)*time.Hour + 48*time.Hour) % (24 * time.Hour)
		if into >= time.Duration(t.hours)*time.Hour {
			return "outside of the window of " + d.target
		}
	}
	if at.Before(d.suspended) {
		return "a suspend"
	}
	return ""
}

// approval is a plan that somebody let through, who perhaps had no right to.
type approval struct{ hash, who string }

// office is who decides: about rules, approvals and the timetable.
type office struct {
	w *world

	mu        sync.Mutex
	stop      bool // a rule denies every removal
	broken    bool // the rules do not compile
	cap       int
	approvals []approval
	held      map[string]string // by log: the plan that waits for an approval
	n         int
}

func newOffice(w *world) *office {
	o := &office{w: w, cap: 4000, held: map[string]string{}}
	o.publish("the first rules")
	return o
}

func (o *office) publish(message string) {
	o.w.rules.commit(o.files(), o.w.rules.tip(), message, "lead")
}

func rego(scope, name, body string) string {
	return fmt.Sprintf("# METADATA\n# title: %s\npackage sluice.%s.%s\n\n%s\n", name, scope, name, body)
}

// files is the repository of rules. The checker knows what each rule means.
func (o *office) files() map[string]string {
	files := map[string]string{
		"forbidden.rego": rego("spec", "forbidden", `deny contains "it is forbidden" if input.metadata.labels.forbidden == "yes"`),
		"number.rego":    rego("spec", "number", `deny contains "the number is high" if to_number(input.metadata.labels.number) > 100`),
		"careful.rego": rego("action", "careful", `hold contains "with care" if {
	input.action.verb == "unassign"
	input.document.metadata.labels.careful == "yes"
}`),
		"data.yaml": fmt.Sprintf("params:\n  cap_drain: {maxDrainSeconds: %d}\n", o.cap),
	}
	if o.stop {
		files["stop.rego"] = rego("action", "stop", `deny contains "no removals today" if input.action.verb == "unassign"`)
	}
	if o.broken {
		files["broken.rego"] = rego("action", "broken", `deny contains "x" if { input.action.verb ==`)
	}
	for i, a := range o.approvals {
		files[fmt.Sprintf("approvals/%d.yaml", i)] = fmt.Sprintf("apiVersion: sluice/v1\nkind: Approval\nmetadata: {name: approval-%d}\n"+
			"spec: {planHash: %q, approver: %s@example.com, reason: seen, expires: %s}\n", i, a.hash, a.who, o.w.now().Add(72*time.Hour).UTC().Format(time.RFC3339))
	}
	return files
}

// reads is told what a process wrote into its history: what waits, people see.
func (o *office) reads(log string, records []history.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		if r.Kind == history.KindDecision {
			o.sees(r)
			delete(o.held, log)
			if r.Decision == "hold" && !slices.Contains(o.approvals, approval{r.PlanHash, "lead"}) {
				o.held[log] = r.PlanHash
			}
		}
	}
}

// sees counts what the calendar closed.
func (o *office) sees(r history.Record) {
	for rule, f := range map[string]fault{calendar.FreezeRule: frozen, calendar.WindowRule: windowed, calendar.SuspendRule: suspended} {
		if slices.ContainsFunc(r.Verdicts, func(v history.Verdict) bool { return v.Rule == rule && v.Decision == "hold" }) {
			o.w.fired(f)
		}
	}
}

// approve signs what waits, perhaps.
func (o *office) approve() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.n++
	if len(o.held) == 0 || !o.w.calm.Load() && !o.w.chance(0.3, "approve", o.n) {
		return
	}
	who := "lead"
	if !o.w.calm.Load() && o.w.chance(0.3, "approver", o.n) {
		who = "ada" // who made the change
	}
	told := ""
	for _, log := range slices.Sorted(maps.Keys(o.held)) {
		o.approvals = append(o.approvals, approval{o.held[log], who})
		told += " " + o.held[log][:19]
	}
	if len(o.approvals) > 20 { // the old ones have expired for long
		o.approvals = o.approvals[10:]
	}
	o.publish(who + " approves" + told)
	if o.w.fired(approved); who == "lead" {
		clear(o.held)
	}
}

// signed reports whether somebody who may approved a plan.
func (o *office) signed(hash string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Contains(o.approvals, approval{hash, "lead"})
}

// decree changes the rules.
func (o *office) decree(change func(*office)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := strings.Join([]string{fmt.Sprint(o.stop), fmt.Sprint(o.broken), fmt.Sprint(o.cap)}, " ")
	change(o)
	if after := strings.Join([]string{fmt.Sprint(o.stop), fmt.Sprint(o.broken), fmt.Sprint(o.cap)}, " "); after != before {
		o.publish(fmt.Sprintf("rules: stop %t, broken %t, cap %d", o.stop, o.broken, o.cap))
	}
}
