package main

import (
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
)

// settingsDoc tells every setting of sluice.yaml.
const settingsDoc = "examples/config/README.md"

// projectFile reads a file of the repository.
func projectFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// sourceRows are the table of sources and webhooks: what is in front, and all of it.
func sourceRows(t *testing.T) (rows []string, table string) {
	t.Helper()
	_, table, _ = strings.Cut(projectFile(t, settingsDoc), "## Sources and webhooks\n")
	table, _, _ = strings.Cut(table, "\n#")
	for line := range strings.Lines(table) {
		row, found := strings.CutPrefix(line, "| `")
		setting, _, _ := strings.Cut(row, "` |")
		if found && !strings.HasPrefix(setting, "SLUICE_") {
			rows = append(rows, setting)
		}
	}
	return rows, table
}

func TestEachRowOfTheSourcesLoads(t *testing.T) {
	const head = "apiVersion: sluice/v1\nkind: Config\n"
	url := "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/specs"
	without, _ := config.Load("sluice.yaml", []byte(head+"specs: {url: \""+url+"\"}\n"))
	rows, _ := sourceRows(t)
	for _, setting := range rows {
		text := "specs: {url: \"" + url + "\", " + setting + "}\n"
		switch {
		case strings.HasPrefix(setting, "webhooks:"), strings.HasPrefix(setting, "policyLimits:"):
			text = "specs: {url: \"" + url + "\"}\n" + setting + "\n"
		case strings.Contains(setting, "ssh:"):
			text = strings.Replace(text, url, "git@git.example.com:net/addresses.git", 1)
		}
		cfg, problems := config.Load("sluice.yaml", []byte(head+text))
		if len(problems) > 0 || reflect.DeepEqual(cfg, without) && setting != "interval: 1m" {
			t.Errorf("%s: %v", setting, problems)
		}
	}
	if len(rows) < 20 {
		t.Errorf("only %d rows were found", len(rows))
	}
}

// Below a line between them rows are no table any more, but a heap of words.
func TestEachRowOfTheTablesIsInATable(t *testing.T) {
	rows := 0
	for _, name := range []string{"README.md", settingsDoc} {
		lines := strings.Split(projectFile(t, name), "\n")
		for i, line := range lines {
			if !strings.HasPrefix(line, "|") {
				continue
			}
			rows++
			if !strings.HasPrefix(lines[i-1], "|") && !strings.HasPrefix(lines[i+1], "|--") {
				t.Errorf("%s:%d: a row of no table: %.60s", name, i+1, line)
			}
		}
	}
	if rows < 40 {
		t.Errorf("only %d rows were looked at", rows)
	}
}

// A heading that was renamed takes its anchor with it.
func TestLinksBetweenTheDocumentsLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]*)(#[^)\s]*)?\)`)
	checked := 0
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", settingsDoc, "examples/deploy/README.md", "examples/observability/README.md", "examples/policies/README.md"} {
		for _, m := range link.FindAllStringSubmatch(projectFile(t, name), -1) {
			file, anchor := m[1], m[2]
			if strings.Contains(file, "://") {
				continue
			}
			checked++
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			info, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(to)))
			if err != nil {
				t.Errorf("%s: the link to %s leads nowhere", name, m[0])
				continue
			}
			if info.IsDir() {
				to = path.Join(to, "README.md")
			}
			if anchor != "" && !slices.Contains(anchors(projectFile(t, to)), anchor) {
				t.Errorf("%s: %s has no heading for %s", name, to, anchor)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d links were followed", checked)
	}
}

// anchors are those that GitHub makes of a document's headings.
func anchors(text string) []string {
	var list []string
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		heading, found := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !found || fenced || !strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(heading))
		list = append(list, "#"+words)
	}
	return list
}

func TestTheTablesOfSettingsTellEverySettingAtTheTop(t *testing.T) {
	text := projectFile(t, settingsDoc)
	for _, setting := range settings(t) {
		if strings.Contains(setting, ".") || setting == "apiVersion" || setting == "kind" {
			continue
		}
		if !regexp.MustCompile("(?m)^\\| .*`" + setting + "[`:]").MatchString(text) {
			t.Errorf("%s has no row for %s", settingsDoc, setting)
		}
	}
}

// What the table covers, it covers whole: a new setting needs a word in it.
func TestTheTableOfSourcesTellsEverySettingOfThem(t *testing.T) {
	rows, table := sourceRows(t)
	covered := []string{"specs.ref", "specs.interval", "specs.verify", "specs.limits", "specs.auth", "specs.caFile", "specs.clientCert", "specs.proxy", "webhooks", "policyLimits"}
	words := regexp.MustCompile("[a-zA-Z]+")
	told := map[string]bool{}
	for _, code := range regexp.MustCompile("`[^`]+`").FindAllString(table, -1) {
		for _, word := range words.FindAllString(code, -1) {
			told[word] = true
		}
	}
	checked := 0
	for _, setting := range settings(t) {
		if !slices.ContainsFunc(covered, func(c string) bool { return setting == c || strings.HasPrefix(setting, c+".") }) {
			continue
		}
		checked++
		if name := setting[strings.LastIndex(setting, ".")+1:]; !told[name] {
			t.Errorf("the table of %d rows says nothing of %s", len(rows), setting)
		}
	}
	if checked < 50 {
		t.Errorf("only %d settings were looked for", checked)
	}
}
