package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inBackground is a line of a script that starts a process beside what follows.
var inBackground = regexp.MustCompile(`(?m)^[^#\n].*&\w*&?$`)

// racedAnyway has one script for each command whose own code shares data between goroutines.
var racedAnyway = []string{"ack", "apply", "audit", "backtest", "import", "plan"}

// raced reports whether a script is worth the race detector, under which a process takes five
// times as long. A command alone only wires packages, whose own tests have the detector.
func raced(path string, script []byte) bool {
	name := strings.TrimSuffix(filepath.Base(path), ".txtar")
	return slices.Contains(racedAnyway, name) || inBackground.Match(script)
}

// scriptsIn lists the scripts of a folder.
func scriptsIn(t *testing.T, dir string) []string {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	return paths
}

// worthTheirTime lists the scripts of a folder, and under the race detector those that are
// worth it: `make race` runs all of them without it too.
func worthTheirTime(t *testing.T, dir string) (files []string) {
	paths := scriptsIn(t, dir)
	for _, path := range paths {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !raceDetector || raced(path, script) {
			files = append(files, path)
		}
	}
	t.Logf("%d of %d scripts run", len(files), len(paths))
	return files
}
