package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy/library"
)

// BenchmarkAuditOf1000Files runs `sluice audit` and conftest (from $CONFTEST or the
// path) on 1,000 specs, one of which is denied, by the same rules: the shipped ones
// for documents. Both are whole processes, run in turns; the best of each counts,
// since another program's work only ever adds.
func BenchmarkAuditOf1000Files(b *testing.B) {
	sluice := filepath.Join(b.TempDir(), "sluice")
	if out, err := exec.Command("go", "build", "-o", sluice, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	specs, rules := writeSpecs(b, 1000), writeRules(b)
	conftest, err := exec.LookPath(os.Getenv("CONFTEST"))
	if os.Getenv("CONFTEST") == "" {
		conftest, err = exec.LookPath("conftest")
	}
	if err != nil {
		b.Logf("conftest is not installed, so sluice is measured alone: %v", err)
	}
	ours, theirs := time.Hour, time.Hour
	for b.Loop() {
		for range 5 {
			ours = min(ours, timeOf(b, exitDenied, sluice, "audit", specs))
			if conftest != "" {
				theirs = min(theirs, timeOf(b, 1, conftest, "test", "--policy", rules, "--data", filepath.Join(rules, "data.yaml"), specs))
			}
		}
	}
	b.ReportMetric(float64(ours.Microseconds())/1000, "sluice-ms")
	if conftest != "" {
		b.ReportMetric(float64(theirs.Microseconds())/1000, "conftest-ms")
		b.ReportMetric(float64(theirs)/float64(ours), "times-as-fast")
	}
}

// timeOf runs a program that must end with a status.
func timeOf(b *testing.B, status int, program string, args ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(program, args...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(start)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != status {
		b.Fatalf("%s: %v, want status %d\n%.2000s", filepath.Base(program), err, status, out)
	}
	return took
}

// writeSpecs writes n files of one gateway each; the last has a public address.
func writeSpecs(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		block := fmt.Sprintf("10.%d.%d", i/250, i%250)
		if i == n-1 {
			block = "198.51.100"
		}
		text := fmt.Sprintf("apiVersion: sluice/v1\nkind: NatGateway\nmetadata:\n  name: egress-%d\n  labels: {env: prod, owner: network}\nspec:\n  id: nat-%017x\n  secondary:\n    addresses: [%s.20, %s.21]\n  drain: {maxDuration: 350s}\n", i, i, block, block)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("s%d.yaml", i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// helper is the name of a helper in a rule; comment is a line of METADATA, of which
// a package may have one only.
var (
	helper  = regexp.MustCompile(`(^|[^\w"/])_([a-z]\w*)`)
	comment = regexp.MustCompile(`(?m)^#.*\n`)
)

// writeRules writes the shipped rules of documents as conftest likes them best: the
// same text in one package, main, with a name of its own for each helper.
func writeRules(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	entries, err := library.Files.ReadDir(".")
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		data, err := library.Files.ReadFile(e.Name())
		if err != nil {
			b.Fatal(err)
		}
		rule, isRule := strings.CutSuffix(e.Name(), ".rego")
		if isRule && (strings.HasSuffix(rule, "_test") || !strings.Contains(string(data), "package sluice.spec.")) {
			continue // a test, or a rule of another scope
		}
		text := string(data)
		if isRule {
			text = strings.Replace(text, "package sluice.spec."+rule, "package main", 1)
			text = helper.ReplaceAllString(comment.ReplaceAllString(text, ""), "${1}"+rule+"_$2")
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}
