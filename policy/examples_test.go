package policy

import (
	"os"
	"path/filepath"
	"testing"
)

// The example policy repository must load and pass its own tests as it is.
func TestTheExamplePolicyRepositoryPasses(t *testing.T) {
	src := Source{Name: "examples/policies"}
	names, err := filepath.Glob(filepath.Join("..", "examples", "policies", "*"))
	if err != nil || len(names) < 3 {
		t.Fatalf("%v: %v", names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		src.Files = append(src.Files, File{Path: filepath.Base(name), Data: data})
	}
	report, err := Test(t.Context(), []Source{src})
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() > 0 || len(report.Tests) == 0 {
		t.Errorf("report %+v", report)
	}
}
