package render

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares what was printed with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run go test with -update and look at the difference\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// styled is a style of a fixed width on a buffer.
func styled(w *bytes.Buffer, colour bool, width int) *Style {
	return &Style{w: w, colour: colour, width: func() int { return width }}
}

func TestTextIsAsInTheGoldenFiles(t *testing.T) {
	mixed, synced := mixedPlan(), syncedPlan()
	for _, c := range []struct {
		name  string
		print func(*Style) error
	}{
		{"plan-swap", func(s *Style) error { return s.Plan(swapPlan(), sampleCommit, false) }},
		{"plan-mixed", func(s *Style) error { return s.Plan(mixed, sampleCommit, false) }},
		{"plan-mixed-verbose", func(s *Style) error { return s.Plan(mixed, sampleCommit, true) }},
		{"plan-in-sync", func(s *Style) error { return s.Plan(synced, Commit{ID: "dir:" + sampleHash}, false) }},
		{"plan-held", func(s *Style) error { return s.Plan(heldPlan(), sampleCommit, false) }},
		{"plan-held-in-sync", func(s *Style) error { return s.Plan(heldInSync(), sampleCommit, false) }},
		{"plan-drift", func(s *Style) error { return s.Plan(driftedPlan(), sampleCommit, false) }},
		{"history-drift", func(s *Style) error { return s.History(entriesOf(driftedRecords())) }},
		{"history-taken", func(s *Style) error { return s.History(entriesOf(takenRecords())) }},
		{"explain-taken", func(s *Style) error { return s.Explain(history.Explain(takenRecords(), ips("10.0.1.21")[0])) }},
		{"explain-drift", func(s *Style) error { return s.Explain(history.Explain(driftedRecords(), ips("10.0.1.20")[0])) }},
		{"plan-waiting", func(s *Style) error { return s.Plan(waitingPlan(), sampleCommit, false) }},
		{"agenda", func(s *Style) error { return s.Agenda(sampleAgenda()) }},
		{"agenda-empty", func(s *Style) error { return s.Agenda(Agenda{At: sampleTime}) }},
		{"plan-empty", func(s *Style) error { return s.Plan(plan.Plan{Mode: "observe"}, sampleCommit, false) }},
		{"title", func(s *Style) error { return s.Title("A commit adds an address.\nWatch it drain.") }},
		{"probes", func(s *Style) error { return s.Probes(sampleProbes()) }},
		{"audit", func(s *Style) error { return s.Audit(sampleAudit()) }},
		{"audit-diff", func(s *Style) error { return s.Audit(sampleDiff()) }},
		{"audit-unchanged", func(s *Style) error { return s.Audit(AuditReport{Diff: &AuditDiff{Base: "HEAD~1", Unchanged: 1}}) }},
		{"audit-clean", func(s *Style) error { return s.Audit(AuditReport{Documents: sampleAudit().Documents[2:]}) }},
		{"rules", func(s *Style) error { return s.Rules(sampleRules()) }},
		{"rules-plain", func(s *Style) error { return s.Rules(rulebook.New(sampleRuleSet()[:1], ruling.Set{}, noon)) }},
		{"history", func(s *Style) error { return s.History(entriesOf(sampleRecords())) }},
		{"history-held", func(s *Style) error { return s.History(entriesOf(heldRecords())) }},
		{"history-empty", func(s *Style) error { return s.History(nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, colour := range []bool{false, true} {
				var b bytes.Buffer
				if err := c.print(styled(&b, colour, 80)); err != nil {
					t.Fatal(err)
				}
				name := c.name
				if colour {
					name += ".colour"
				}
				golden(t, name, b.Bytes())
			}
		})
	}
}

func TestANarrowTerminalWraps(t *testing.T) {
	var b bytes.Buffer
	s := styled(&b, false, 50)
	if err := s.Plan(mixedPlan(), sampleCommit, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Probes(sampleProbes()); err != nil {
		t.Fatal(err)
	}
	if err := s.History(entriesOf(sampleRecords())); err != nil {
		t.Fatal(err)
	}
	golden(t, "narrow", b.Bytes())
}

func TestJSONIsAsInTheGoldenFiles(t *testing.T) {
	for _, c := range []struct {
		name  string
		print func(*bytes.Buffer) error
	}{
		{"plan-json", func(b *bytes.Buffer) error { return PlanJSON(b, mixedPlan()) }},
		{"plan-drift-json", func(b *bytes.Buffer) error { return PlanJSON(b, driftedPlan()) }},
		{"plan-empty-json", func(b *bytes.Buffer) error { return PlanJSON(b, plan.Plan{Resources: []plan.Resource{{}}}) }},
		{"apply-json", func(b *bytes.Buffer) error { return ApplyJSON(b, swapPlan(), sampleSteps(), sampleProbes()) }},
		{"apply-empty-json", func(b *bytes.Buffer) error { return ApplyJSON(b, plan.Plan{}, nil, nil) }},
		{"rules-json", func(b *bytes.Buffer) error { return RulesJSON(b, sampleRules()) }},
		{"audit-json", func(b *bytes.Buffer) error { return AuditJSON(b, sampleAudit()) }},
		{"audit-diff-json", func(b *bytes.Buffer) error { return AuditJSON(b, sampleDiff()) }},
		{"history-json", func(b *bytes.Buffer) error { return HistoryJSON(b, entriesOf(sampleRecords())) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := c.print(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name, b.Bytes())
		})
	}
}

// entriesOf are records of one log for all targets.
func entriesOf(records []history.Record) (list []history.Entry) {
	for _, r := range records {
		list = append(list, history.Entry{Record: r})
	}
	return list
}
