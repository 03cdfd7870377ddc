package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// FuzzSavedPlan: a file is a plan whose hash fits its content, or it is refused.
func FuzzSavedPlan(f *testing.F) {
	p := plan.Plan{Version: plan.Version, Commit: "c"}
	p.Seal()
	f.Add([]byte(`{"version": 1, "commit": "c", "planHash": "` + p.PlanHash + `"}`))
	f.Add([]byte(`{"version": 1, "planHash": "sha256:00", "resources": [{"waves": [[{"verb": "unassign", "addresses": ["10.0.1.10"]}]]}]}`))
	f.Add([]byte(`{"version": 99}`))
	f.Add([]byte(`null`))
	file := filepath.Join(f.TempDir(), "plan.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readPlan(t.Context(), file)
		if err != nil {
			return
		}
		said := got.PlanHash
		if got.Seal(); got.PlanHash != said || got.Version != plan.Version {
			t.Errorf("%+v has the hash %s", got, said)
		}
	})
}

// FuzzRemoteRecord: what a daemon answers is records up to an error or to its end; nothing comes
// after an error.
func FuzzRemoteRecord(f *testing.F) {
	f.Add(`{"seq": 1, "time": "2026-01-01T00:00:00Z", "kind": "commit"}` + "\n" + `{"error": "it is damaged"}`)
	f.Add(`{"seq": "x"}`)
	f.Add(strings.Repeat("{}", 100))
	f.Fuzz(func(t *testing.T, body string) {
		failed := false
		decode(strings.NewReader(body), func(_ history.Record, err error) bool {
			if failed {
				t.Error("something comes after an error")
			}
			failed = err != nil
			return true
		})
	})
}

// FuzzRef: a --ref is a whole commit, a tag, a branch, a range or a name, and only one of them.
func FuzzRef(f *testing.F) {
	for _, text := range []string{"main", "refs/tags/v1", "refs/heads/", "semver:>=1", strings.Repeat("a", 40), "", "semver:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := parseRef(text)
		named := 0
		for _, part := range []string{r.Commit, r.Tag, r.Branch, r.Semver, r.Name} {
			if part != "" {
				named++
			}
			if !strings.Contains(text, part) {
				t.Errorf("%q has %q", text, part)
			}
		}
		if named > 1 {
			t.Errorf("%q is %+v", text, r)
		}
		_, _ = gitsource.Open(gitsource.Config{URL: "https://git.example.com/x", Ref: r})
	})
}
