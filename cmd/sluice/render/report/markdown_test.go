package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

func TestACommentStaysWithinWhatGitHubTakes(t *testing.T) {
	var r render.AuditReport
	for i := range 5000 {
		r.Documents = append(r.Documents, render.AuditDocument{
			File: fmt.Sprintf("%d.yaml", i), Line: 1, Kind: "NatGateway", Name: fmt.Sprint("egress-", i),
			Rules: []render.AuditRule{{ID: "spec.x", Decision: "deny", Msg: strings.Repeat("|", 5000)}, {ID: "spec.y", Decision: "pass"}},
		})
	}
	p := plan.Plan{}
	for i := range 5000 {
		p.Resources = append(p.Resources, plan.Resource{State: plan.Pending, Reason: strings.Repeat("<", 5000), Spec: plan.SpecRef{Name: fmt.Sprint(i)}})
	}
	p.Seal()
	var b bytes.Buffer
	if err := PlanMarkdown(&b, p, render.Commit{Message: strings.Repeat("@", 100_000)}); err != nil {
		t.Fatal(err)
	}
	audit := written(t, Markdown, r)
	if size := len(audit) + b.Len(); size > 65_536 {
		t.Errorf("audit and plan make a comment of %d bytes", size)
	}
	rows := 0
	for _, row := range readTables(t, audit) {
		if len(row) == 4 { // of the first table
			rows++
		}
	}
	for _, want := range []string{fmt.Sprintf("%d more: `sluice audit -o json`", 5000-rows), "**5000 documents**: 5000 denied", "5000 checks passed", "</details>"} {
		if !strings.Contains(string(audit), want) {
			t.Errorf("%q is missing; the end is %s", want, audit[len(audit)-400:])
		}
	}
	if rows < 5 {
		t.Errorf("only %d rows", rows)
	}
}

func TestAPlanSaysWhenEachResourceConverges(t *testing.T) {
	unassign := func(drain int) plan.Action {
		return plan.Action{Verb: inventory.VerbUnassign, MaxDrainSeconds: drain}
	}
	for _, c := range []struct {
		name  string
		state plan.State
		waves [][]plan.Action
		want  string
	}{
		{"an assign drains nothing", plan.Pending, [][]plan.Action{{{Verb: inventory.VerbAssign}}}, "after 1 step"},
		{"drains of one wave run together", plan.Pending, [][]plan.Action{{unassign(60), unassign(350)}}, "after 1 step, with at most 5m50s of draining"},
		{"waves run one after another", plan.Pending, [][]plan.Action{{unassign(60)}, {unassign(350)}}, "after 2 steps, with at most 6m50s of draining"},
		{"a held plan waits for a person", plan.Held, [][]plan.Action{{unassign(60)}}, "when it is approved"},
		{"what a window holds for its time", plan.Held, [][]plan.Action{{unassign(60)}}, "begins by itself 2026-11-24 02:00 UTC"},
		{"a denied one for nobody", plan.Denied, nil, "never: policy denies it"},
		{"what is in transition for EC2", plan.Converging, nil, "when EC2 has settled what is in transition"},
		{"a state that is not known is said", "odd|state", nil, "not known"},
	} {
		p := plan.Plan{Resources: []plan.Resource{{Kind: "NatGateway", ID: "nat-1", State: c.state, Waves: c.waves}}}
		if strings.Contains(c.name, "window") {
			opens := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
			p.Resources[0].Opens, p.Resources[0].Verdicts = &opens, []plan.Verdict{{Rule: "guard.window", Decision: "hold"}}
		}
		var b bytes.Buffer
		if err := PlanMarkdown(&b, p, render.Commit{}); err != nil {
			t.Fatal(err)
		}
		rows := readTables(t, b.Bytes())
		if len(rows) != 1 || rows[0][4] != c.want {
			t.Errorf("%s: %q, want %q", c.name, rows, c.want)
		}
	}
}

func TestThePlanPutsTheGravestFirstAndDropsNone(t *testing.T) {
	p := samplePlan()
	var b bytes.Buffer
	if err := PlanMarkdown(&b, p, sampleCommit); err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, row := range readTables(t, b.Bytes()) {
		states = append(states, row[0])
	}
	want := "error denied held blocked blocked pending pending converging NatGateway/egress-b\ngateways/egress-b.yaml:1"
	if got := strings.Join(states, " "); got != want {
		t.Errorf("rows are %q, want %q", got, want)
	}
}

// ours are the lines of a comment that are markup, as they must be exactly.
var ours = regexp.MustCompile(`^(<!-- sluice plan -->|## Plan|<details><summary>1 resource in sync</summary>|</details>|\|.*)$`)

func TestNoTextFromOutsideBreaksAPlan(t *testing.T) {
	show := func(t rapid.TB, text string) {
		r := plan.Resource{
			Target: text, Kind: inventory.Kind(text), ID: text, State: plan.Held, Reason: text,
			Spec:     plan.SpecRef{Name: text, File: text, Line: 3},
			Waves:    [][]plan.Action{{{Verb: inventory.Verb(text), From: text}}},
			Verdicts: []plan.Verdict{{Rule: text, Decision: text, Msg: text + "x"}},
		}
		p := plan.Plan{Commit: text, PolicyDigest: text, PlanHash: text, Mode: text, Resources: []plan.Resource{r, {State: plan.InSync, ID: text}}}
		p.Seal()
		var b bytes.Buffer
		if err := PlanMarkdown(&b, p, render.Commit{Author: text, Message: text}); err != nil {
			t.Fatal(err)
		}
		rows := readTables(t, b.Bytes())
		if len(rows) != 2 || rows[0][0] != "held" {
			t.Fatalf("%q", rows)
		}
		if msg := clip(cleanLines(text+"x"), proseLimit); !strings.Contains(rows[0][3], msg) {
			t.Fatalf("%q does not say %q", rows[0][3], msg)
		}
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimSuffix(line, "\n"); !ours.MatchString(line) {
				plainText(t, line)
			}
			if strings.HasPrefix(line, "/") {
				t.Fatalf("a command in %q", line)
			}
		}
	}
	for _, trick := range tricks {
		show(t, trick)
	}
	rapid.Check(t, func(t *rapid.T) {
		show(t, strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(tricks), rapid.String()), 0, 4).Draw(t, "parts"), ""))
	})
}
