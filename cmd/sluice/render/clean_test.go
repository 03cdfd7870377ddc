package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

func TestCleanEscapesWhatActsOnATerminal(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "egress-a: 10.0.1.20", "egress-a: 10.0.1.20"},
		{"other scripts stay", "Zürich 東京 🚰", "Zürich 東京 🚰"},
		{"an escape sequence", "\x1b[2J\x1b]0;x\a", `\x1b[2J\x1b]0;x\x07`},
		{"the eight-bit CSI", "a\u009b31mb", `a\u009b31mb`},
		{"carriage return, tab, line break, delete", "a\rb\tc\nd\x7f", `a\x0db\tc\nd\x7f`},
		{"bytes that are no UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"text that runs backwards", "a\u202eb\u2066c", `a\u202eb\u2066c`},
		{"what cannot be seen", "a\u200bb\ufeff\U000e0041", `a\u200bb\ufeff\U000e0041`},
		{"line separators", "a\u2028b", `a\u2028b`},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31m", "\u009b", "\xff\xfe", "a\nb", "\ufffd", "\U000e0041"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if bad := unprintable(got); bad != "" {
			t.Errorf("Clean(%q) lets %s through", s, bad)
		}
		if Clean(got) != got {
			t.Errorf("cleaning %q twice changes it again", s)
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back, want string
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(cleanJSON(data), &back); err != nil || back != want {
			t.Errorf("cleaned JSON of %q reads as %q (%v)", s, back, err)
		}
	})
}

// unprintable names the first thing in a text that is neither to be read nor a
// line break.
func unprintable(s string) string {
	if !utf8.ValidString(s) {
		return "a byte that is no UTF-8"
	}
	for i, r := range s {
		if r != '\n' && !strconv.IsPrint(r) {
			return strconv.QuoteRune(r) + " at " + strconv.Itoa(i)
		}
	}
	return ""
}

// ownCodes are the only escape sequences that this package writes.
var ownCodes = regexp.MustCompile("\x1b\\[(0|1|2|31|32|33|35|36|1;31)m|\r\x1b\\[K")

// hostile draws text such as an attacker would put into a commit message.
func hostile() *rapid.Generator[string] {
	nasty := rapid.SampledFrom([]string{
		"", " ", "\x1b[2J", "\x1b[31m", "\x1b]8;;http://x\x1b\\", "\r\x1b[K", "\u009b2J", "\x00", "\x7f", "\xff", "\n\n", "\t",
		"\u202e", "\u2066", "\u200b", "\u2028", "\u00a0", "\ufffd", "a b", strings.Repeat("x", 200), "10.0.1.20", ":", "sha256:\x1b[",
	})
	bytes := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return string(b) })
	piece := rapid.OneOf(nasty, nasty, bytes, rapid.String())
	return rapid.Map(rapid.SliceOfN(piece, 0, 4), func(parts []string) string { return strings.Join(parts, "") })
}

// poison replaces about half of the strings in v, wherever they are.
func poison(t *rapid.T, v reflect.Value, text *rapid.Generator[string]) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && rapid.Bool().Draw(t, "poisoned") {
			v.SetString(text.Draw(t, "text"))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			poison(t, v.Field(i), text)
		}
	case reflect.Pointer:
		if !v.IsNil() && v.CanSet() { // a copy: others may point there too
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			poison(t, own.Elem(), text)
			v.Set(own)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(t, v.Index(i), text)
		}
	}
}

func poisoned[T any](t *rapid.T, v T) T {
	poison(t, reflect.ValueOf(&v).Elem(), hostile())
	return v
}

func TestNoControlByteReachesTheTerminalWhateverTheInput(t *testing.T) {
	prints := map[string]func(*rapid.T, *Style, io.Writer) error{
		"plan": func(t *rapid.T, s *Style, _ io.Writer) error {
			return s.Plan(poisoned(t, mixedPlan()), poisoned(t, sampleCommit), rapid.Bool().Draw(t, "verbose"))
		},
		"probes": func(t *rapid.T, s *Style, _ io.Writer) error { return s.Probes(poisoned(t, sampleProbes())) },
		"audit":  func(t *rapid.T, s *Style, _ io.Writer) error { return s.Audit(poisoned(t, sampleAudit())) },
		"diff":   func(t *rapid.T, s *Style, _ io.Writer) error { return s.Audit(poisoned(t, sampleDiff())) },
		"history": func(t *rapid.T, s *Style, _ io.Writer) error {
			return s.History(entriesOf(poisoned(t, sampleRecords())))
		},
		"explain":  func(t *rapid.T, s *Style, _ io.Writer) error { return s.Explain(poisoned(t, sampleStory())) },
		"progress": func(t *rapid.T, s *Style, _ io.Writer) error { return hostileProgress(t, s) },
		"JSON": func(t *rapid.T, _ *Style, w io.Writer) error {
			p, story := poisoned(t, mixedPlan()), poisoned(t, sampleStory())
			return errors.Join(PlanJSON(w, p), ApplyJSON(w, p, poisoned(t, sampleSteps()), poisoned(t, sampleProbes())),
				AuditJSON(w, poisoned(t, sampleAudit())), AuditJSON(w, poisoned(t, sampleDiff())), HistoryJSON(w, entriesOf(poisoned(t, sampleRecords()))), ExplainJSON(w, story))
		},
	}
	for name, print := range prints {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			var b bytes.Buffer
			s := styled(&b, rapid.Bool().Draw(t, "colour"), rapid.IntRange(minWidth, maxWidth).Draw(t, "width"))
			s.live = rapid.Bool().Draw(t, "live")
			if err := print(t, s, &b); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			if s.colour || s.live {
				text = ownCodes.ReplaceAllString(text, "")
			}
			if bad := unprintable(text); bad != "" {
				t.Fatalf("%s stands in the output: %q", bad, text)
			}
		}))
	}
}

// hostileProgress lets a loop whose every word is an attacker's be watched.
func hostileProgress(t *rapid.T, s *Style) error {
	p := s.Progress(func() time.Time { return sampleTime }, deadlineIn(time.Minute))
	for range rapid.IntRange(1, 4).Draw(t, "turns") {
		a := address("10.0.1.20", inventory.Status(hostile().Draw(t, "status")))
		a.FailureMessage = hostile().Draw(t, "failure")
		tn := turn(poisoned(t, mixedPlan()), a)
		tn.Desired.Commit.Message, tn.Desired.Commit.Author.Name = hostile().Draw(t, "message"), hostile().Draw(t, "author")
		tn.Probes = poisoned(t, sampleProbes())
		p.Event(reconcile.Event{Kind: reconcile.EventPlanned, Turn: tn})
		for _, st := range poisoned(t, sampleSteps()) {
			p.Event(reconcile.Event{Kind: reconcile.EventStep, Turn: tn, Step: &st})
		}
		p.Event(reconcile.Event{Kind: reconcile.EventTurned, Turn: tn})
		p.Event(reconcile.Event{Kind: reconcile.EventWaiting, Turn: tn})
		p.Event(reconcile.Event{Kind: reconcile.EventFailed, Err: errors.New(hostile().Draw(t, "error"))})
	}
	return p.Close()
}

func TestAPlanSurvivesItsJSONWhateverItsWords(t *testing.T) {
	valid := rapid.Map(hostile(), func(s string) string { return strings.ToValidUTF8(s, "?") })
	rapid.Check(t, func(t *rapid.T) {
		want := mixedPlan()
		poison(t, reflect.ValueOf(&want).Elem(), valid)
		var b bytes.Buffer
		if err := PlanJSON(&b, want); err != nil {
			t.Fatal(err)
		}
		var got plan.Plan
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if want = want.WholeLists(); !reflect.DeepEqual(got, want) {
			t.Fatalf("read back it is\n%+v, want\n%+v", got, want)
		}
	})
}
