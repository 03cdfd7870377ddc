package metrics

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "rewrite the list of metrics")

var folder = filepath.Join("..", "..", "..", "examples", "observability")

// metric is one of ours as it is gathered.
type metric struct {
	kind, help string
	labels     []string
}

func gathered(t *testing.T) map[string]metric {
	t.Helper()
	families, err := full().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]metric{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "sluice_") {
			continue // Go's and the process's, as everywhere
		}
		m := metric{kind: strings.ToLower(f.GetType().String()), help: f.GetHelp()}
		for _, l := range f.GetMetric()[0].GetLabel() {
			m.labels = append(m.labels, l.GetName())
		}
		out[f.GetName()] = m
	}
	return out
}

// TestTheListOfMetricsIsAPromise holds names, types, labels and words of all metrics
// against the document.
func TestTheListOfMetricsIsAPromise(t *testing.T) {
	var rows []string
	for name, m := range gathered(t) {
		labels := "–"
		if len(m.labels) > 0 {
			labels = "`" + strings.Join(m.labels, "`, `") + "`"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, m.kind, labels, m.help))
	}
	slices.Sort(rows)
	file := filepath.Join(folder, "README.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "<!-- metrics -->\n", "<!-- end of metrics -->\n"
	before, rest, ok := strings.Cut(string(data), start)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no marks around the list", file)
	}
	want := before + start + "| metric | type | labels | what it says |\n|---|---|---|---|\n" + strings.Join(rows, "") + end + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(data) != want {
		t.Errorf("%s is not what is gathered (-update rewrites it); it should be\n%s", file, want)
	}
}

func TestNamesAreAsPrometheusWantsThem(t *testing.T) {
	problems, err := testutil.GatherAndLint(full().registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

var (
	selector = regexp.MustCompile(`(sluice_\w+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	grouping = regexp.MustCompile(`\b(?:by|on)\s*\(([^)]*)\)`)
)

// check reports what an expression takes for a metric or a label and is none.
func check(t *testing.T, metrics map[string]metric, where, expr string) {
	t.Helper()
	found := selector.FindAllStringSubmatch(expr, -1)
	if len(found) == 0 {
		t.Errorf("%s: no metric of ours in %s", where, expr)
	}
	labels := []string{"le"}
	for _, sel := range found {
		name := sel[1]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base := strings.TrimSuffix(name, suffix); metrics[base].kind == "histogram" {
				name = base
			}
		}
		m, ok := metrics[name]
		if !ok {
			t.Errorf("%s: there is no metric %s", where, sel[1])
		}
		labels = append(labels, m.labels...)
		for _, l := range matcher.FindAllStringSubmatch(sel[2], -1) {
			if l[1] != "le" && !slices.Contains(m.labels, l[1]) {
				t.Errorf("%s: %s has no label %s", where, name, l[1])
			}
		}
	}
	for _, group := range grouping.FindAllStringSubmatch(expr, -1) {
		for _, l := range strings.Split(group[1], ",") {
			if l = strings.TrimSpace(l); l != "" && !slices.Contains(labels, l) {
				t.Errorf("%s: no metric of it has a label %s", where, l)
			}
		}
	}
}

// alerts are the rules of the example.
func alerts(t *testing.T) []map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct{ Rules []map[string]any }
	}
	if err := yaml.Unmarshal(data, &file); err != nil || len(file.Groups) == 0 {
		t.Fatalf("%d groups: %v", len(file.Groups), err)
	}
	return file.Groups[0].Rules
}

func TestAlertsAskForMetricsThatThereAre(t *testing.T) {
	metrics := gathered(t)
	for _, rule := range alerts(t) {
		name, _ := rule["alert"].(string)
		expr, _ := rule["expr"].(string)
		check(t, metrics, name, expr)
		words, _ := rule["annotations"].(map[string]any)
		if name == "" || words["summary"] == nil || words["description"] == nil {
			t.Errorf("%s: an alert has a name, a summary, and a description that says what to do", name)
		}
	}
}

func TestTheDashboardAsksForMetricsThatThereAre(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(folder, "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Type    string
			Title   string
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ Expr, RefID string }
		}
		Templating struct {
			List []struct{ Name, Query, Type string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil || len(board.Panels) < 10 {
		t.Fatalf("%d panels: %v", len(board.Panels), err)
	}
	metrics, ids, shown := gathered(t), map[int]bool{}, ""
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || (p.Type != "row") != (len(p.Targets) > 0) {
			t.Errorf("panel %d %q: %+v", p.ID, p.Title, p.GridPos)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			check(t, metrics, p.Title, target.Expr)
			shown += target.Expr
		}
	}
	for _, v := range board.Templating.List {
		if v.Type == "query" {
			check(t, metrics, "variable "+v.Name, v.Query)
		}
	}
	for name := range metrics {
		if !strings.Contains(shown, name) && !slices.Contains([]string{"sluice_turns_total", "sluice_last_turn_timestamp_seconds", "sluice_last_git_read_timestamp_seconds", "sluice_config_last_reload_success_timestamp_seconds"}, name) {
			t.Errorf("%s is on no panel", name)
		}
	}
}
