package report

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// tricks are texts that end, begin or hide something in at least one format.
var tricks = []string{
	"", " ", "\n", "\r\n", "\x00", "\x1b[2J", "\u009b31m", "\xff\xfe", "\ufffe", "\u202e", "\u2028", "]]>", "<!--", "--></testcase>", "&#x0;", "&amp;",
	"::error file=x::y", "\n::set-env name=x::y", "##[add-mask]x", "%0A::stop-commands::x", "%25", ",line=1", "::", "=",
	"\nnot ok 1 - x", "# SKIP", "#", "\\#", "\\", "\n  ...\n", "\n  ---\n", "1..0", "Bail out!",
	"|", "\\|", "`", "``", "`|`", "\n\n# x", "</details>", "<script>", "@everyone", "#12", "![x](y)", "**", "__", "~~~", "$$", "\n/close",
	"a.yaml:3:1: ", "a.yaml: ", ":1:1: ", "{{", "\"", "'", "\ttab", "…", "é東🚰",
}

// report of one hostile document between what is the same always.
func hostile(file, name, rule, msg string) render.AuditReport {
	return render.AuditReport{
		PolicyDigest: msg,
		Titles:       map[string]string{rule: msg},
		Problems:     []string{"first"},
		Documents: []render.AuditDocument{
			{File: file, Line: 3, Kind: "NatGateway", Name: name, Rules: []render.AuditRule{
				{ID: rule, Decision: "deny", Msg: msg, Line: 7, Column: 5},
				{ID: rule + "w", Decision: "warn", Msg: msg},
				{ID: rule + "p", Decision: "pass", Msg: msg},
			}},
			{File: "last.yaml", Line: 1, Kind: "NatGateway", Name: "last", Rules: []render.AuditRule{{ID: "spec.last", Decision: "pass"}}},
		},
	}
}

// readsBack fails unless every format, read back, says what the report says.
func readsBack(t rapid.TB, schema *jsonschema.Schema, file, name, rule, msg string) {
	t.Helper()
	r := hostile(file, name, rule, msg)
	want := map[string]string{
		"file": render.Clean(file), "rule": render.Clean(rule), "label": "NatGateway/" + render.Clean(name),
	}
	if name == "" {
		want["label"] = "NatGateway"
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(msg), "\n") {
		lines = append(lines, render.Clean(strings.TrimSuffix(line, "\r")))
	}
	want["msg"] = cmp.Or(strings.Join(lines, "\n"), "deny by "+want["rule"])
	equal := func(format, what, got, want string) {
		t.Helper()
		if got != want {
			t.Fatalf("%s: the %s is %q, want %q", format, what, got, want)
		}
	}

	var j junitReport
	data := written(t, JUnit, r)
	if err := xml.Unmarshal(data, &j); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	again, err := xml.MarshalIndent(j, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	equal("junit", "document, read and written", xml.Header+string(again)+"\n", string(data))
	if j.Tests != 5 || j.Failures != 2 || j.Errors != 0 || len(j.Suites) != 3 || j.Suites[2].Cases[0].Name != "spec.last" {
		t.Fatalf("junit: %+v", j)
	}
	equal("junit", "name of the suite", j.Suites[1].Name, want["label"])
	equal("junit", "file", j.Suites[1].Cases[0].File, want["file"])
	equal("junit", "rule", j.Suites[1].Cases[0].Name, want["rule"])
	equal("junit", "message", j.Suites[1].Cases[0].Failure.Message, want["msg"])

	validSARIF(t, schema, written(t, SARIF, r))

	commands, plain := readGitHub(t, written(t, GitHub, r))
	if len(commands) != 5 || len(plain) != 2 || commands[1].name != "error" || commands[2].name != "warning" || commands[4].name != "endgroup" {
		t.Fatalf("github: %q, and %q", commands, plain)
	}
	equal("github", "file", commands[1].properties["file"], want["file"])
	equal("github", "title", commands[1].properties["title"], "deny "+want["rule"]+" ("+want["label"]+")")
	equal("github", "message", commands[1].message, want["msg"])
	if keys := len(commands[1].properties); file != "" && (keys != 4 || commands[1].properties["line"] != "7") {
		t.Fatalf("github: %q", commands[1])
	}

	var issues []gitlabIssue
	if err := json.Unmarshal(written(t, GitLab, r), &issues); err != nil || len(issues) != 3 {
		t.Fatalf("gitlab: %v, %+v", err, issues)
	}
	equal("gitlab", "path", issues[1].Location.Path, cmp.Or(want["file"], "."))
	equal("gitlab", "description", issues[1].Description, want["rule"]+": "+want["msg"])

	points := readTAP(t, written(t, TAP, r))
	if len(points) != 5 || points[1].ok || !points[2].ok || !points[4].ok {
		t.Fatalf("tap: %+v", points)
	}
	equal("tap", "message", points[1].details["message"].(string), want["msg"])
	at := ":3"
	equal("tap", "description", points[1].description, strings.TrimSpace(want["file"]+at+" "+want["label"])+": "+want["rule"])

	rows := readTables(t, written(t, Markdown, r))
	if len(rows) != 5 {
		t.Fatalf("markdown: %q", rows)
	}
	equal("markdown", "message", rows[1][3], clip(want["msg"], proseLimit))
	equal("markdown", "decision", rows[1][0], "deny")
	if rule := clip(want["rule"], codeLimit); strings.TrimSpace(rule) != "" {
		equal("markdown", "rule", rows[1][2], rule)
	}
}

func TestNoTextFromOutsideBreaksAFormat(t *testing.T) {
	schema := sarifValidator(t)
	for _, trick := range tricks {
		readsBack(t, schema, trick, trick, trick, trick)
		readsBack(t, schema, "a"+trick+".yaml", trick+"a", "spec."+trick, "a"+trick+"\n"+trick)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(tricks), rapid.String()), 0, 4).Draw(t, "parts"), "")
		})
		readsBack(t, schema, text.Draw(t, "file"), text.Draw(t, "name"), text.Draw(t, "rule"), text.Draw(t, "msg"))
	})
}

func FuzzNoTextFromOutsideBreaksAFormat(f *testing.F) {
	for i, trick := range tricks {
		f.Add(trick, tricks[(i+7)%len(tricks)], tricks[(i+13)%len(tricks)], tricks[(i+29)%len(tricks)])
	}
	schema := sarifValidator(f)
	f.Fuzz(func(t *testing.T, file, name, rule, msg string) { readsBack(t, schema, file, name, rule, msg) })
}
