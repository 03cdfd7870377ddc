package report

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

func TestFormatsAreAsInTheGoldenFiles(t *testing.T) {
	for name, format := range Formats() {
		t.Run(name, func(t *testing.T) {
			golden(t, name, written(t, format, mixed()))
			golden(t, name+"-clean", written(t, format, clean()))
			golden(t, name+"-empty", written(t, format, render.AuditReport{}))
			golden(t, name+"-diff", written(t, format, changed()))
			golden(t, name+"-unchanged", written(t, format, unchanged()))
			golden(t, name+"-live", written(t, format, lively()))
		})
	}
}

func TestPlansAreAsInTheGoldenFiles(t *testing.T) {
	for name, p := range map[string]plan.Plan{"plan": samplePlan(), "plan-empty": {}} {
		var b bytes.Buffer
		if err := PlanMarkdown(&b, p, sampleCommit); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

func TestTheSameReportGivesTheSameBytes(t *testing.T) {
	for name, format := range Formats() {
		first := written(t, format, mixed())
		for range 20 { // titles are a map
			if again := written(t, format, mixed()); !bytes.Equal(first, again) {
				t.Errorf("%s differs from one time to the next", name)
			}
		}
	}
}

// once fails when it is written to twice, and always at the end.
type once struct{ writes int }

func (o *once) Write([]byte) (int, error) {
	o.writes++
	return 0, errors.New("the disk is full")
}

func TestAReportIsWrittenAtOnceAndSaysWhenThatFails(t *testing.T) {
	formats := Formats()
	formats["plan"] = func(w io.Writer, _ render.AuditReport) error {
		return PlanMarkdown(w, samplePlan(), sampleCommit)
	}
	for name, format := range formats {
		o := &once{}
		if err := format(o, mixed()); err == nil || o.writes != 1 {
			t.Errorf("%s: %d writes, error %v", name, o.writes, err)
		}
	}
}
