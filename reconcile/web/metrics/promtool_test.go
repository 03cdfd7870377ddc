package metrics

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// promtool is Prometheus's own checker, where it is installed.
func promtool(t *testing.T) string {
	t.Helper()
	tool, err := exec.LookPath("promtool")
	switch {
	case err != nil && os.Getenv("SLUICE_REQUIRE_SERVERS") == "1":
		t.Fatal("there is no promtool here: Debian's package prometheus is missing, and SLUICE_REQUIRE_SERVERS=1 says that it is there")
	case err != nil:
		t.Skip("there is no promtool here; as root, .ci/servers installs Debian's package prometheus, which has it")
	}
	return tool
}

func TestPromtoolAcceptsTheMetrics(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), promtool(t), "check", "metrics")
	cmd.Stdin = strings.NewReader(page(t, full()))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPromtoolAcceptsTheAlertsAndEachFires(t *testing.T) {
	tool := promtool(t)
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
		cmd := exec.CommandContext(t.Context(), tool, args...)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	tests, err := os.ReadFile(filepath.Join(folder, "alerts_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range alerts(t) {
		if name, _ := rule["alert"].(string); !strings.Contains(string(tests), "alertname: "+name+"\n        exp_alerts:") {
			t.Errorf("no test sees %s fire", name)
		}
	}
}
