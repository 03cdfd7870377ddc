package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheSystemdUnitIsAsConfinedAsItsREADMESays(t *testing.T) {
	unit := deployed(t, "systemd/sluice.service")
	for _, line := range []string{"DynamicUser=yes", "StateDirectory=sluice", "ExecReload=/bin/kill -HUP $MAINPID", "MemoryMax=3G", "NoNewPrivileges=yes", "ProtectSystem=strict"} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("the unit has no line %s", line)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here")
	}
	version, err := exec.Command(analyze, "--version").Output()
	if err != nil || !strings.HasPrefix(string(version), "systemd 252 ") {
		t.Skipf("the figure is that of systemd 252, not of %.20q (%v)", version, err)
	}
	out, err := exec.Command(analyze, "security", "--offline=yes", "--no-pager", "--threshold=15", filepath.Join("..", "..", "examples", "deploy", "systemd", "sluice.service")).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	figure := regexp.MustCompile(`Overall exposure level for sluice.service: ([0-9.]+) OK`).FindStringSubmatch(string(out))
	if figure == nil || !strings.Contains(deployed(t, "README.md"), "exposure level of "+figure[1]) {
		t.Errorf("the README does not give the figure %q", figure)
	}
}

// operations lists the EC2 operations that the program calls, by their names in
// the SDK, from the source.
func operations(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "reconcile", "ec2", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`&?ec2\.([A-Z]\w+)Input\{`).FindAllSubmatch(data, -1) {
			if !strings.HasSuffix(name, "_test.go") {
				list = append(list, "ec2:"+string(found[1]))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestTheTerraformRoleMayDoWhatIsCalledAndNoMore(t *testing.T) {
	text := strings.NewReplacer("${partition}", "aws", "${region}", "eu-central-1", "${account}", "123456789012", "${tag_key}", "managed-by", "${tag_value}", "sluice").
		Replace(deployed(t, "terraform/policy.json.tftpl"))
	var policy struct {
		Version   string
		Statement []struct {
			Sid, Effect      string
			Action, Resource []string
			Condition        map[string]map[string][]string
		}
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil || strings.Contains(text, "${") {
		t.Fatalf("%v in\n%s", err, text)
	}
	var may []string
	for _, s := range policy.Statement {
		may = append(may, s.Action...)
		mutating := slices.ContainsFunc(s.Action, func(a string) bool { return strings.Contains(a, "ssign") })
		if mutating && (slices.Contains(s.Resource, "*") || len(s.Condition["StringEquals"]["aws:ResourceTag/managed-by"]) != 1) {
			t.Errorf("%s may change anything: %+v", s.Sid, s)
		}
	}
	slices.Sort(may)
	if calls := operations(t); !slices.Equal(may, calls) {
		t.Errorf("the role may do\n%s\nand the program calls\n%s", may, calls)
	}
}

func TestTheTerraformEventsAreOffAndNameEveryCallThatChanges(t *testing.T) {
	events := deployed(t, "terraform/events.tf")
	for _, op := range operations(t) {
		if name := strings.TrimPrefix(op, "ec2:"); strings.Contains(op, "ssign") && !strings.Contains(events, `"`+name+`"`) {
			t.Errorf("the rule does not name %s", name)
		}
	}
	for block := range strings.SplitSeq(events, "\nresource ") {
		if strings.HasPrefix(block, `"`) && !strings.Contains(block, "= var.events ? 1 : 0\n") {
			t.Errorf("made without being asked for:\n%s", block)
		}
	}
	if !regexp.MustCompile(`variable "events" \{[^}]*default     = false`).MatchString(deployed(t, "terraform/variables.tf")) {
		t.Error("events are not off by default")
	}
}

func TestTheTerraformFilesAreWellFormed(t *testing.T) {
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not here")
	}
	cmd := exec.Command(terraform, "fmt", "-check", "-diff", "-no-color", filepath.Join("..", "..", "examples", "deploy", "terraform"))
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
