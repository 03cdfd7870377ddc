package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

var update = flag.Bool("update", false, "rewrite the expected messages")

// TestBadSpecsAreRefusedInOneSentence plans and applies the specs of each folder of
// testdata/badspecs.txtar on its world. What is said of each resource must be what
// the folder's file "want" holds; the status is 1, and EC2 is asked for no change.
func TestBadSpecsAreRefusedInOneSentence(t *testing.T) {
	const file = "testdata/badspecs.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret-of-the-tester",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(key, value)
	}
	world := archive.Files[0]
	for i := 1; i < len(archive.Files); {
		name, _, _ := strings.Cut(archive.Files[i].Name, "/")
		dir := t.TempDir()
		for ; !strings.HasSuffix(archive.Files[i].Name, "/want"); i++ {
			write(t, filepath.Join(dir, filepath.FromSlash(archive.Files[i].Name)), archive.Files[i].Data)
		}
		want := &archive.Files[i]
		i++
		t.Run(name, func(t *testing.T) {
			got := refused(t, world, dir, name)
			if *update {
				want.Data = []byte(got)
			} else if got != string(want.Data) {
				t.Errorf("got\n%swant\n%s", got, want.Data)
			}
		})
	}
	if *update {
		write(t, file, txtar.Format(archive))
	}
}

// refused returns what plan says of each resource that is not in sync.
func refused(t *testing.T, world txtar.File, dir, name string) string {
	w, err := ec2sim.ParseWorld(world.Name, world.Data)
	if err != nil {
		t.Fatal(err)
	}
	sim := ec2sim.New(w, ec2sim.Options{})
	server := httptest.NewServer(sim)
	defer server.Close()
	config := filepath.Join(dir, "sluice.yaml")
	write(t, config, fmt.Appendf(nil, "apiVersion: sluice/v1\nkind: Config\nspecs: {dir: %s}\ntargets: {default: {endpoint: %q}}\nhistory: {file: history.db}\n", name, server.URL))
	stdout, stderr, status := execute(t, "plan", "--config", config, "-o", "json")
	if status != exitFailed {
		t.Errorf("plan ends with status %d, want 1", status)
	}
	if _, _, status := execute(t, "apply", "--config", config, "--mode", "apply"); status != exitFailed {
		t.Errorf("apply ends with status %d, want 1", status)
	}
	if calls := callLines(sim); calls != "" {
		t.Errorf("EC2 was asked for a change:\n%s", calls)
	}
	var p plan.Plan
	if err := json.Unmarshal([]byte(stdout), &p); stdout != "" && err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range p.Resources {
		if r.State != plan.InSync {
			fmt.Fprintf(&b, "%s:%d %s %s\n  %s\n", r.Spec.File, r.Spec.Line, r.Spec.Name, r.State, r.Reason)
		}
	}
	return b.String() + strings.ReplaceAll(stderr, dir+string(filepath.Separator), "")
}

// execute runs a command line in this process.
func execute(t *testing.T, args ...string) (stdout, stderr string, status int) {
	var out, err bytes.Buffer
	a := &app{stdout: &out, stderr: &err, getenv: os.Getenv, now: time.Now}
	status = a.execute(t.Context(), args)
	return out.String(), err.String(), status
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
