package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A promise without a test is a wish, and a test that was renamed leaves one.
func TestEveryPromiseOfSecurityNamesTestsThatExist(t *testing.T) {
	there := testNames(t, "../..")
	data, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, promises, _ := strings.Cut(string(data), "## What sluice promises")
	promises, _, _ = strings.Cut(promises, "\n## ")
	rows := 0
	name := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+|[a-z_]+\\.txtar)`")
	for line := range strings.Lines(promises) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) != 3 || strings.HasPrefix(cells[0], "---") || strings.TrimSpace(cells[0]) == "promise" {
			continue
		}
		rows++
		named := name.FindAllStringSubmatch(cells[2], -1)
		if len(named) == 0 {
			t.Errorf("no test is named for: %s", cells[0])
		}
		for _, n := range named {
			if !there[n[1]] {
				t.Errorf("there is no %s, which is named for: %s", n[1], cells[0])
			}
		}
	}
	if rows < 30 {
		t.Errorf("%d promises were found; did the table's form change?", rows)
	}
}

// testNames are the tests, fuzz targets and scripts below a folder.
func testNames(t *testing.T, root string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".txtar") {
			names[d.Name()] = true
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(data, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
