package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits checks the exact exit status: "! exec" takes any failure for the right one.
func exits(ts *testscript.TestScript, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		got = ended.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func quickstart(ts *testscript.TestScript, _ []string) {
	ts.Check(copyExamples("quickstart", ts.MkAbs(".")))
}

// breaks puts line breaks where a script's argument says \n.
var breaks = strings.NewReplacer(`\n`, "\n")

// replace changes a text everywhere in a file.
func replace(ts *testscript.TestScript, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text, before, after := ts.ReadFile(args[0]), breaks.Replace(args[1]), breaks.Replace(args[2])
	if !strings.Contains(text, before) {
		ts.Fatalf("%s does not hold %q", args[0], before)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, before, after)), 0o644))
}

func expand(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// later sets a variable to an instant that is some time away: later NAME DURATION.
func later(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: later NAME DURATION")
	}
	d, err := time.ParseDuration(args[1])
	ts.Check(err)
	ts.Setenv(args[0], time.Now().Add(d).UTC().Format(time.RFC3339))
}

func folder(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: folder DIR")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, entry := range entries {
		fmt.Fprintln(ts.Stdout(), entry.Name())
	}
}

// keys prints every field of a JSON file once, as a path; [] is any element.
func keys(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: keys FILE")
	}
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &value))
	paths := map[string]bool{}
	collectKeys("", value, paths)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		fmt.Fprintln(ts.Stdout(), path)
	}
}

// field prints one field of a JSON file by its path, as JSON.
func field(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: field FILE PATH")
	}
	value := json.RawMessage(ts.ReadFile(args[0]))
	for name := range strings.SplitSeq(args[1], ".") {
		var object map[string]json.RawMessage
		ts.Check(json.Unmarshal(value, &object))
		if value = object[name]; value == nil {
			ts.Fatalf("%s has no field %s", args[0], args[1])
		}
	}
	fmt.Fprintln(ts.Stdout(), string(value))
}

func collectKeys(at string, value any, paths map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for key, field := range v {
			path := strings.TrimPrefix(at+"."+key, ".")
			paths[path] = true
			collectKeys(path, field, paths)
		}
	case []any:
		for _, element := range v {
			collectKeys(at+"[]", element, paths)
		}
	}
}
