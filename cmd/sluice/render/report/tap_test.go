package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// prove is Perl's reader, the strictest of those that people have.
func TestProveReadsTAP(t *testing.T) {
	prove, err := exec.LookPath("prove")
	if err != nil {
		t.Skip("prove is not installed; the reader of these tests reads the same elsewhere")
	}
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Skip("there is no cat to feed it with")
	}
	args := []string{"--exec", cat}
	save := func(r render.AuditReport) {
		path := filepath.Join(t.TempDir(), "report.tap")
		if err := os.WriteFile(path, written(t, TAP, r), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	save(mixed())
	for _, trick := range tricks {
		save(hostile("a"+trick, trick, "spec."+trick, "a"+trick))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, _ := exec.CommandContext(ctx, prove, args...).CombinedOutput() // it fails, as the report does
	for _, want := range []string{"Failed 7/12 subtests", fmt.Sprintf("Tests=%d", 12+5*len(tricks))} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "Parse errors") {
		t.Errorf("prove does not understand it:\n%s", out)
	}
}
