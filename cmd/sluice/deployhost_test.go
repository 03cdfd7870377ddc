package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
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

// leastPolicy is what `sluice iam-policy` prints for the quickstart by tag, without
// an account that is known.
func leastPolicy(t *testing.T) (text string, actions []string) {
	t.Helper()
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	var out bytes.Buffer
	a := &app{stdout: &out, stderr: io.Discard, getenv: os.Getenv, now: time.Now}
	if code := a.execute(t.Context(), []string{"iam-policy", "--dir", filepath.Join("..", "..", "examples", "quickstart", "specs"), "--mode", "apply", "--tag", "managed-by=sluice"}); code != exitDone {
		t.Fatalf("exit status %d", code)
	}
	var policy struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal(out.Bytes(), &policy); err != nil {
		t.Fatal(err)
	}
	for _, s := range policy.Statement {
		actions = append(actions, s.Action...)
	}
	return out.String(), actions
}

func TestTheTerraformRoleHasThePolicyThatSluicePrints(t *testing.T) {
	text := strings.NewReplacer("${partition}", "aws", "${region}", "eu-central-1", "${account}", "*", "${tag_key}", "managed-by", "${tag_value}", "sluice").
		Replace(deployed(t, "terraform/policy.json.tftpl"))
	printed, _ := leastPolicy(t)
	var has, want any
	if err := errors.Join(json.Unmarshal([]byte(text), &has), json.Unmarshal([]byte(printed), &want)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(has, want) {
		t.Errorf("the module has\n%s\nand sluice iam-policy prints\n%s", text, printed)
	}
}

func TestTheTerraformEventsAreOffAndNameEveryCallThatChanges(t *testing.T) {
	events := deployed(t, "terraform/events.tf")
	_, actions := leastPolicy(t)
	for _, op := range actions {
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
