package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secretURLs hold a login, or what a slip of the keyboard makes of one.
var secretURLs = []string{
	"https://ada:canary@127.0.0.1:1/x",
	"https://canary@127.0.0.1:1/x",
	"HTTPS://ada:canary@127.0.0.1:1/x",
	"http://ada:canary@127.0.0.1:1/x",
	"http://ada:canary@example.com/x",
	"https://ada:canary@127.0.0.1:port/x",
	"https://ada:canary%@127.0.0.1/x",
	"https://ada:canary@127.0.0.1 /x",
	"https://ada:canary\n@127.0.0.1/x",
	"https://ada:canary@/x",
	"https://ada:canary@127.0.0.1:1",
	"https://127.0.0.1:1/x?token=canary",
	"https://127.0.0.1:1/x#canary",
	"https//ada:canary@127.0.0.1/x",
	"ada:canary@127.0.0.1:1/x",
	"git@ada:canary@127.0.0.1:1/x",
	"ssh://git:canary@127.0.0.1:1/x",
	"file://ada:canary@/x",
	"ftp://ada:canary@127.0.0.1/x",
	"ext::canary",
}

func TestALoginInAURLIsShownByNoCommand(t *testing.T) {
	dir := t.TempDir()
	for name, value := range map[string]string{"XDG_STATE_HOME": dir, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_CONFIG_FILE": filepath.Join(dir, "none")} {
		t.Setenv(name, value)
	}
	tried := 0
	for _, cmd := range (&app{}).rootCommand().Commands() {
		if cmd.Flags().Lookup("repo") == nil || cmd.Name() == "serve" { // serve goes on; a script looks at it
			continue
		}
		for _, url := range secretURLs {
			t.Run(fmt.Sprintf("%s --repo %s", cmd.Name(), strings.ReplaceAll(url, "/", "|")), func(t *testing.T) {
				args := []string{cmd.Name(), "--repo", url}
				if cmd.Name() == "ack" {
					args = append(args, strings.Repeat("ab", 20))
				}
				wantNoCanary(t, exitFailed, args...)
			})
			tried++
		}
	}
	if tried < 3*len(secretURLs) {
		t.Errorf("only %d commands with --repo were tried", tried)
	}
}

func TestALoginInAConfigurationsURLIsShownByNoCommand(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "specs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i, url := range secretURLs {
		for place, text := range map[string]string{
			"specs":    fmt.Sprintf("specs: {url: %q}", url),
			"policies": fmt.Sprintf("specs: {dir: specs}\npolicies: [{url: %q}]", url),
			"both":     fmt.Sprintf("specs: {url: %q}\npolicies: [{url: %q}]", url, url),
			"bundle":   fmt.Sprintf("specs: {dir: specs}\npolicies: [{bundle: %q, publicKeys: {ci: none.pem}}]", url),
			"proxy":    fmt.Sprintf("specs: {url: \"https://127.0.0.1:1/x\", proxy: %q}", url),
			"endpoint": fmt.Sprintf("specs: {dir: specs}\ntargets: {a: {endpoint: %q}}", url),
		} {
			t.Run(fmt.Sprintf("%s %s", place, strings.ReplaceAll(url, "/", "|")), func(t *testing.T) {
				file := filepath.Join(dir, fmt.Sprintf("%d-%s.yaml", i, place))
				if err := os.WriteFile(file, []byte("apiVersion: sluice/v1\nkind: Config\n"+text+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				wantNoCanary(t, exitFailed, "audit", "--config", file)
			})
		}
	}
}

func wantNoCanary(t *testing.T, want int, args ...string) {
	t.Helper()
	stdout, stderr, status := execute(t, args...)
	if status != want || strings.Contains(strings.ToLower(stdout+stderr), "canary") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}
