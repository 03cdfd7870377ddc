package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

func refused(o *reconcile.Outcome) {
	o.Steps = []apply.Step{{Target: "prod", ID: "nat-1", Spec: o.Resources[0].Spec, Action: o.Resources[0].Waves[0][0],
		Outcome: apply.Outcome(inventory.ClassRefused), Code: "InvalidParameter", Message: canary, RequestID: time.Now().String()}}
}

func unread(o *reconcile.Outcome) { o.Unread, o.Resources[0].Waves = true, nil }

func noWaves(o *reconcile.Outcome) { o.Resources[0].Waves = nil }

// another adds a resource in the same state.
func another(o *reconcile.Outcome) {
	r := o.Resources[0]
	r.ID, r.Spec.Name = "nat-2", "egress-2"
	o.Resources = append(o.Resources, r)
}

// stories are what turns find, and what each kind of destination hears of it.
var stories = map[string]struct {
	turns             []reconcile.Outcome
	hook, bot, events []string
}{
	"a swap": {
		[]reconcile.Outcome{outcome("c1", plan.Pending), outcome("c1", plan.Pending), outcome("c1", plan.Converging), outcome("c1", plan.Converging, noWaves),
			outcome("c1", plan.InSync), outcome("c1", plan.InSync)},
		[]string{"*pending* prod: 1 pending\ncommit `c1` egress: .22 for .20 (Ada)\n• egress (a.yaml:3) pending: assign 10.0.1.22", "*applied* prod: in sync: 1 resource"},
		[]string{"post to net: *pending* prod: 1 pending", "edit 1.1 in C1: *pending* prod: 1 converging", "edit 1.1 in C1: *pending* prod: 1 converging", "edit 1.1 in C1: *applied* prod: in sync: 1 resource"},
		[]string{"sluice.change.pending", "sluice.change.applied"},
	},
	"a commit that asks for nothing": {
		[]reconcile.Outcome{outcome("c1", plan.InSync), outcome("c2", plan.InSync)}, nil, nil, nil,
	},
	"one that is held, then by another rule too, then approved": {
		[]reconcile.Outcome{outcome("c1", plan.Held, by("plan.window", "hold")), outcome("c1", plan.Held, by("plan.window", "hold")),
			outcome("c1", plan.Held, by("plan.window", "hold"), by("action.two", "hold")), outcome("c1", plan.Pending), outcome("c1", plan.InSync)},
		[]string{"*held* prod: 1 held: plan.window at egress", "*held* prod", "*pending*", "*applied*"},
		[]string{"post to net: *held*", "edit 1.1 in C1: *held*", "reply to 1.1: now *held*: 1 held: plan.window at egress (a.yaml:3)", "edit 1.1 in C1: *pending*", "edit 1.1 in C1: *applied*"},
		[]string{"sluice.change.held", "sluice.change.held", "sluice.change.pending", "sluice.change.applied"},
	},
	"EC2 refuses again and again": {
		[]reconcile.Outcome{outcome("c1", plan.Pending, refused), outcome("c1", plan.Blocked, noWaves), outcome("c1", plan.Pending, refused), outcome("c1", plan.Blocked, noWaves)},
		[]string{"*blocked* prod: assign was not done for egress (a.yaml:3): InvalidParameter"},
		[]string{"post to net: *blocked*", "edit 1.1 in C1: *blocked*", "edit 1.1 in C1: *blocked*", "edit 1.1 in C1: *blocked*"},
		[]string{"sluice.change.blocked"},
	},
	"EC2 refuses one, then another too": {
		[]reconcile.Outcome{outcome("c1", plan.Blocked, noWaves), outcome("c1", plan.Blocked, noWaves, another)},
		[]string{"*blocked* prod: 1 blocked", "*blocked* prod: 2 blocked"},
		[]string{"post to net: *blocked* prod: 1", "edit 1.1 in C1: *blocked* prod: 2", "reply to 1.1: now *blocked*: 2 blocked"},
		[]string{"sluice.change.blocked", "sluice.change.blocked"},
	},
	"drift that is corrected, twice": {
		[]reconcile.Outcome{outcome("c1", plan.InSync), outcome("c1", plan.Pending, strayed(false)), outcome("c1", plan.Converging, strayed(false)), outcome("c1", plan.InSync),
			outcome("c1", plan.Pending, strayed(false)), outcome("c1", plan.Blocked, noWaves, strayed(true)), outcome("c1", plan.Blocked, noWaves, strayed(true))},
		[]string{"*drift*", "*applied*", "*drift*", "*contested*"},
		[]string{"post to net: *drift*", "edit 1.1 in C1: *drift*", "edit 1.1 in C1: *applied*", "post to net: *drift*", "edit 4.1 in C1: *contested*", "reply to 4.1: now *contested*: 1 blocked: egress"},
		[]string{"sluice.change.drift", "sluice.change.applied", "sluice.change.drift", "sluice.change.contested"},
	},
	"a newer commit comes before the first is done": {
		[]reconcile.Outcome{outcome("c1", plan.Held), outcome("c2", plan.Pending), outcome("c2", plan.InSync), outcome("c3", plan.Denied), outcome("c4", plan.InSync)},
		[]string{"*held*", "*pending*", "*applied*", "*denied*", "*superseded* by commit `c4`; it was: *denied*"},
		[]string{"post to net: *held*", "edit 1.1 in C1: *superseded* by commit `c2`; it was: *held* prod", "post to net: *pending*", "edit 3.1 in C1: *applied*", "post to net: *denied*", "edit 5.1 in C1: *superseded*"},
		[]string{"sluice.change.held", "sluice.change.superseded", "sluice.change.pending", "sluice.change.applied", "sluice.change.denied", "sluice.change.superseded"},
	},
	"EC2 cannot be read for a minute, and then for three": {
		[]reconcile.Outcome{outcome("c1", plan.InSync), outcome("c1", plan.Error, unread), outcome("c1", plan.InSync),
			outcome("c1", plan.Error, unread), outcome("c1", plan.Error, unread), outcome("c1", plan.Error, unread), outcome("c1", plan.InSync)},
		[]string{"*failed*", "*applied*"}, []string{"post to net: *failed*", "edit 1.1 in C1: *applied*"}, []string{"sluice.change.failed", "sluice.change.applied"},
	},
	"the policies do not compile": {
		[]reconcile.Outcome{{Target: "prod", Mode: reconcile.Apply, Failure: "policy: x.rego:4: oops"}, {Target: "prod", Mode: reconcile.Apply, Failure: "policy: x.rego:4: oops"}, {Target: "prod", Mode: reconcile.Apply, Failure: "policy: y.rego:1: oops"}},
		[]string{"*failed* prod: nothing was done: policy: x.rego:4: oops", "*failed* prod: nothing was done: policy: y.rego"},
		[]string{"post to net: *failed*", "edit 1.1 in C1: *failed*", "reply to 1.1: now *failed*"}, []string{"sluice.change.failed", "sluice.change.failed"},
	},
}

func TestEachDestinationHearsWhatIsNewOnce(t *testing.T) {
	for name, tt := range stories {
		for kind, of := range map[string]struct {
			make func(*receiver) Destination
			want []string
		}{"hook": {(*receiver).hook, tt.hook}, "bot": {(*receiver).bot, tt.bot}, "events": {(*receiver).events, tt.events}} {
			t.Run(name+", by "+kind, func(t *testing.T) {
				r := newReceiver(t)
				if log := tell(t, of.make(r), tt.turns...); log != "" {
					t.Error(log)
				}
				r.wants(t, of.want...)
				if all := strings.Join(r.bodies, ""); strings.Contains(all, canary) {
					t.Errorf("what AWS said, or the token, is told: %s", all)
				}
			})
		}
	}
}

func TestADestinationHearsWhatItAskedFor(t *testing.T) {
	turns := []reconcile.Outcome{outcome("c1", plan.Pending), outcome("c1", plan.Denied), outcome("c1", plan.InSync)}
	r := newReceiver(t)
	d := r.hook()
	d.On = []Kind{Denied}
	tell(t, d, turns...)
	r.wants(t, "*denied*")

	r = newReceiver(t)
	d = r.bot()
	d.On = []Kind{Denied}
	tell(t, d, turns...)
	r.wants(t, "post to net: *denied*", "edit 1.1 in C1: *applied*") // what stands must not stay wrong

	r = newReceiver(t)
	d = r.events()
	d.Targets = []string{"test"}
	tell(t, d, turns...)
	r.wants(t)
}

func TestNobodyIsMentionedByACommit(t *testing.T) {
	r := newReceiver(t)
	tell(t, r.hook(), outcome("c1", plan.Denied, func(o *reconcile.Outcome) {
		o.Commit.Message = "<!channel> @all <https://evil.example|click> `code` *bold*"
		o.Commit.Author.Name = "<@U1>"
		o.Resources[0].Spec.Name = "<!here>&" + strings.Repeat("x", 500)
	}))
	text := r.got[0]
	for _, bad := range []string{"<", ">", "@all", "@U", "`code`", strings.Repeat("x", 201)} {
		if strings.Contains(text, bad) {
			t.Errorf("%q stands in %q", bad, text)
		}
	}
	if !strings.Contains(text, "&lt;!channel&gt;") || !strings.Contains(text, "&lt;!here&gt;&amp;") {
		t.Errorf("text %q", text)
	}
}

func TestAMessageHasALargestSize(t *testing.T) {
	r := newReceiver(t)
	o := outcome("c1", plan.Denied, func(o *reconcile.Outcome) {
		one := o.Resources[0]
		for i := range 500 {
			one.Spec.Name = fmt.Sprint("resource-", i, strings.Repeat("<", 300))
			o.Resources = append(o.Resources, one)
		}
	})
	tell(t, r.hook(), o)
	if len(r.got[0]) > 4*mostText || !strings.Contains(r.got[0], " more") {
		t.Errorf("%d bytes", len(r.got[0]))
	}
	r = newReceiver(t)
	tell(t, r.events(), o)
	var e struct{ Data data }
	if err := json.Unmarshal([]byte(r.bodies[0]), &e); err != nil || len(e.Data.Resources) != mostResources || e.Data.More != 401 {
		t.Errorf("%d resources and %d more, %v", len(e.Data.Resources), e.Data.More, err)
	}
}

func TestAnEventIsACloudEventThatCanBeKnownAgain(t *testing.T) {
	r := newReceiver(t)
	tell(t, r.events(), outcome("c1", plan.Held, by("plan.window", "hold")), outcome("c1", plan.Held), outcome("c1", plan.InSync))
	var list []event
	for _, body := range r.bodies {
		var e event
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	e := list[0]
	id := e.ID
	e.ID = ""
	if len(id) != 32 || id == list[1].ID || e.SpecVersion != "1.0" || e.Source != "urn:sluice:prod" || e.Type != "sluice.change.held" || e.Subject != "c1" ||
		e.Time != "2026-11-22T06:00:00Z" || e.DataContentType != "application/json" {
		t.Errorf("event %+v", e)
	}
	want := documented(t)
	if string(e.Data) != want {
		t.Errorf("data %s", e.Data)
	}
	again := newReceiver(t) // the same news, sent by another attempt
	tell(t, again.events(), outcome("c1", plan.Held, by("plan.window", "hold")))
	if !strings.Contains(again.bodies[0], id) {
		t.Errorf("another id: %s", again.bodies[0])
	}
}

// documented is the example of an event's data in the documentation.
func documented(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", "observability", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "<!-- event -->\n```json\n")
	block, _, found := strings.Cut(rest, "```")
	var flat bytes.Buffer
	if err := json.Compact(&flat, []byte(block)); err != nil || !found {
		t.Fatalf("no example of an event: %v", err)
	}
	return flat.String()
}

func TestSlackSaysWhatIsWrongInOneSentence(t *testing.T) {
	for name, tt := range map[string]struct{ answer, says string }{
		"a token that ended":  {`{"ok": false, "error": "token_expired"}`, "slack does not know the token (token_expired): put a new one where notify[0] says"},
		"a channel elsewhere": {`{"ok": false, "error": "not_in_channel"}`, "slack has no channel net for this bot (not_in_channel): invite the bot there"},
		"a scope":             {`{"ok": false, "error": "missing_scope"}`, "chat:write"},
		"another refusal":     {`{"ok": false, "error": "no_text ` + canary + `"}`, "slack refused it (no_text ***); check notify[0]"},
		"something else":      {`[]`, "what answers as Slack's API is none; check notify[0]"},
	} {
		r := newReceiver(t)
		r.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tt.answer) }
		log := tell(t, r.bot(), outcome("c1", plan.Denied), outcome("c1", plan.Denied, by("x.y", "deny")))
		if strings.Count(log, tt.says) != 1 || strings.Contains(log, canary) {
			t.Errorf("%s: logged %s", name, log)
		}
	}
}

func TestAHooksAddressIsShownNowhere(t *testing.T) {
	r := newReceiver(t)
	r.answer = func(w http.ResponseWriter, q *http.Request) {
		http.Error(w, "no such hook: "+q.URL.Path, http.StatusForbidden)
	}
	log := tell(t, r.hook(), outcome("c1", plan.Denied))
	if !strings.Contains(log, "refused it (403: no such hook: ***)") || strings.Contains(log, canary) {
		t.Error(log)
	}
	d := r.hook()
	d.Hook.URL = constant("http://hooks.example.com/" + canary)
	if log := tell(t, d, outcome("c1", plan.Denied)); !strings.Contains(log, "it must be https") || strings.Contains(log, canary) {
		t.Error(log)
	}
	d.Hook.URL = constant("http://127.0.0.1:9/" + canary)
	if log := tell(t, d, outcome("c1", plan.Denied)); !strings.Contains(log, "cannot be reached") || strings.Contains(log, canary) {
		t.Error(log)
	}
}

func TestAMessageThatIsGoneIsPostedAnew(t *testing.T) {
	r := newReceiver(t)
	calls := 0
	r.answer = func(w http.ResponseWriter, q *http.Request) {
		calls++
		if strings.HasSuffix(q.URL.Path, "update") {
			fmt.Fprint(w, `{"ok": false, "error": "message_not_found"}`)
			return
		}
		r.got = append(r.got, "post")
		fmt.Fprint(w, `{"ok": true, "channel": "C1", "ts": "1.1"}`)
	}
	tell(t, r.bot(), outcome("c1", plan.Pending), outcome("c1", plan.InSync))
	if r.wants(t, "post", "post"); calls != 3 {
		t.Errorf("%d calls", calls)
	}
}

func TestWhatIsRememberedOfMessagesIsBounded(t *testing.T) {
	r := newReceiver(t)
	b := &bot{SlackBot: *r.bot().Bot, messages: map[Episode]*message{}}
	for i := range mostMessages + 10 {
		if err := b.send(t.Context(), Episode{Number: i}, newNotice(outcome("c1", plan.Pending), nil)); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.messages) != mostMessages || b.messages[Episode{Number: 9}] != nil || b.messages[Episode{Number: mostMessages + 9}] == nil {
		t.Errorf("%d messages; the oldest must go", len(b.messages))
	}
}

func TestNobodyWaitsForADestination(t *testing.T) {
	r := newReceiver(t)
	n := New(Config{Destinations: []Destination{r.hook(), r.bot(), r.events()}}) // and nobody sends
	for i := range 5000 {
		n.Observe(outcome(fmt.Sprint("c", i), plan.Denied))
	}
	r.wants(t)
}
