package main

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/examples"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// readmeBlock returns the fenced block of README.md below <!-- test: name -->.
func readmeBlock(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), "<!-- test: "+name+" -->\n```")
	if !found {
		t.Fatalf("README.md has no block %q", name)
	}
	_, rest, _ = strings.Cut(rest, "\n") // the language
	block, _, found := strings.Cut(rest, "\n```")
	if !found {
		t.Fatalf("block %q does not end", name)
	}
	return block
}

// shell runs the lines of a README block as a reader would type them, and
// returns the exit status of each sluice command.
type shell struct {
	t      *testing.T
	out    bytes.Buffer
	status []int
	speed  float64  // of the simulator
	served chan int // the exit status of serve
}

func (s *shell) run(block string) {
	s.t.Helper()
	for line := range strings.Lines(block) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "export":
			for _, assignment := range words[1:] {
				if name, value, _ := strings.Cut(assignment, "="); name != "AWS_ENDPOINT_URL" {
					s.t.Setenv(name, value)
				}
			}
		case words[0] == "sluice" && words[1] == "sim":
			s.sim(words)
		case words[0] == "sluice" && words[1] == "serve":
			s.serve(words[1 : len(words)-1]) // without the &
		case words[0] == "pkill":
			if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
				s.t.Fatal(err)
			}
		case words[0] == "sluice":
			a := &app{stdout: &s.out, stderr: &s.out, getenv: os.Getenv, now: time.Now}
			s.status = append(s.status, a.execute(s.t.Context(), words[1:]))
		default:
			if out, err := exec.CommandContext(s.t.Context(), "sh", "-c", line).CombinedOutput(); err != nil {
				s.t.Fatalf("%s: %v\n%s", line, err, out)
			}
		}
	}
}

// serve runs until the test ends.
func (s *shell) serve(args []string) {
	ctx, cancel := context.WithCancel(s.t.Context())
	s.served = make(chan int, 1)
	s.t.Cleanup(func() {
		cancel()
		if status := <-s.served; status != exitDone {
			s.t.Errorf("serve ended with %d", status)
		}
	})
	go func() {
		a := &app{stdout: io.Discard, stderr: io.Discard, getenv: os.Getenv, now: time.Now}
		s.served <- a.execute(ctx, args)
	}()
}

// shows waits until a page of the daemon has all of these words.
func (s *shell) shows(path string, words ...string) {
	s.t.Helper()
	var page string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		page, _, _ = fetch(holderAPI("sluice.db.holder") + path)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(page, w) }) {
			return
		}
	}
	s.t.Fatalf("%s never shows %q:\n%s", path, words, page)
}

// sim stands for `sluice sim … &`, on a free port and faster.
func (s *shell) sim(words []string) {
	s.t.Helper()
	data, err := os.ReadFile(words[3])
	if err != nil {
		s.t.Fatal(err)
	}
	w, err := ec2sim.ParseWorld(words[3], data)
	if err != nil {
		s.t.Fatal(err)
	}
	server := httptest.NewServer(ec2sim.New(w, ec2sim.Options{Speed: s.speed}))
	s.t.Cleanup(server.Close)
	s.t.Setenv("AWS_ENDPOINT_URL", server.URL)
}

// newcomer is a folder with the examples in it, and nothing configured.
func newcomer(t *testing.T) *shell {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples"), examples.Quickstart); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "none"))
	return &shell{t: t, speed: 600}
}

func TestAFleetIsAdoptedAsTheReadmeSays(t *testing.T) {
	block, output := readmeBlock(t, "adoption"), readmeBlock(t, "adoption output")
	s := newcomer(t)
	for name, value := range map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "sim", "AWS_SECRET_ACCESS_KEY": "sim"} {
		t.Setenv(name, value)
	}
	s.sim([]string{"sluice", "sim", "--world", "examples/quickstart/world.yaml"})
	s.run(block)
	if want := []int{exitDone, exitDone, exitDone, exitDone}; !slices.Equal(s.status, want) {
		t.Errorf("statuses %v, want %v\n%s", s.status, want, s.out.String())
	}
	for line := range strings.Lines(output + "\n3 resources: 3 in sync\n") {
		if !strings.Contains(s.out.String(), line) {
			t.Errorf("the output does not say %q:\n%s", line, s.out.String())
		}
	}
}

func TestTheReadmesFirstDayEndsWithWhoChangedAnAddress(t *testing.T) {
	one, two, three := readmeBlock(t, "day one"), readmeBlock(t, "day two"), readmeBlock(t, "day three")
	cfg, output := readmeBlock(t, "day config"), readmeBlock(t, "day output")
	s := newcomer(t)
	s.speed = 60 // slow enough for a drain to be seen
	for name, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "sim", "AWS_SECRET_ACCESS_KEY": "sim",
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
	} {
		t.Setenv(name, value)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	cfg = strings.Replace(cfg, "/home/ada/fleet", filepath.Join(dir, "fleet"), 1) + "\nlisten: 127.0.0.1:0\n"
	if err := os.WriteFile("sluice.yaml", []byte(cfg), 0o644); err != nil {
		t.Fatal(err)
	}
	s.sim([]string{"sluice", "sim", "--world", "examples/quickstart/world.yaml"})
	s.run(one)
	s.run(two)
	s.shows("/", "assign 10.0.1.22, then unassign 10.0.1.20")
	s.shows("/plan", "10.0.1.22", "assign", "unassign")
	before, explain, _ := strings.Cut(three, "sluice explain")
	s.run(before)
	s.shows("/resources/default/nat-0ee3edd182361f662", "draining", " left")
	s.shows("/api/v1/status", `"inSync":3`)
	s.run("sluice explain" + explain)
	if slices.ContainsFunc(s.status, func(status int) bool { return status != exitDone }) {
		t.Errorf("statuses %v\n%s", s.status, s.out.String())
	}
	for _, want := range []string{"unassign 10.0.1.20 from egress-a, drain up to 5m50s", "by Ada <ada@example.com>", "EC2       accepted", "seen      in effect"} {
		if !strings.Contains(s.out.String(), want) || !strings.Contains(output, want) {
			t.Errorf("explain, or what README.md shows of it, does not say %q:\n%s", want, s.out.String())
		}
	}
}

func TestTheReadmesSessionWorksAsWritten(t *testing.T) {
	block := readmeBlock(t, "session")
	s := newcomer(t)
	s.run(block)
	want := []int{exitDone, exitPending, exitPending, exitDone, exitDone}
	if len(s.status) != len(want) {
		t.Fatalf("statuses %v, want %v\n%s", s.status, want, s.out.String())
	}
	for i := range want {
		if s.status[i] != want[i] {
			t.Errorf("command %d ended with %d, want %d\n%s", i+1, s.status[i], want[i], s.out.String())
		}
	}
	for _, promised := range []string{"1  + assign   10.0.1.22", "2  - unassign 10.0.1.20  drain up to 3m", "AUTHORISED", "3 resources: 3 in sync", "assign 10.0.1.22 to egress-a"} {
		if !strings.Contains(s.out.String(), promised) {
			t.Errorf("the output does not say %q:\n%s", promised, s.out.String())
		}
	}
}

func TestTheReadmesAuditPasses(t *testing.T) {
	block := readmeBlock(t, "audit")
	s := newcomer(t)
	s.run(block)
	if len(s.status) != 1 || s.status[0] != exitDone || !strings.Contains(s.out.String(), "spec.keep_two") {
		t.Errorf("statuses %v\n%s", s.status, s.out.String())
	}
}

func TestTheReadmesFirstRuleIsCheckedTestedAndEnforced(t *testing.T) {
	files := map[string]string{}
	for _, name := range []string{"rules/keep_three.rego", "rules/keep_three_test.rego"} {
		files[name] = readmeBlock(t, "rule "+name)
	}
	session, output := readmeBlock(t, "rule session"), readmeBlock(t, "rule output")
	s := newcomer(t)
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.run(session)
	if want := []int{exitDone, exitDone, exitDenied}; !slices.Equal(s.status, want) {
		t.Errorf("statuses %v, want %v", s.status, want)
	}
	if !strings.HasSuffix(s.out.String(), output+"\n") {
		t.Errorf("the output ends in\n%s\nand not in\n%s", s.out.String(), output)
	}
}

func TestTheReadmesConfigurationLoads(t *testing.T) {
	cfg, problems := config.Load("sluice.yaml", []byte(readmeBlock(t, "config")))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if cfg.Targets["prod-use1"].RoleARN == "" || len(cfg.Policies) != 1 {
		t.Errorf("config %+v", cfg)
	}
	cfg, problems = config.Load("sluice.yaml", []byte(readmeBlock(t, "config")+"\n"+readmeBlock(t, "calendar")))
	if c := cfg.Calendar; len(problems) > 0 || len(c.Schedules) != 2 || len(c.Windows) != 2 || len(c.Freezes) != 1 {
		t.Errorf("calendar %+v, %v", c, problems)
	}
}

func TestTheExamplePoliciesPassTheirTests(t *testing.T) {
	src := policy.Source{Name: "examples/quickstart/policies"}
	entries, err := examples.Quickstart.ReadDir("quickstart/policies")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := examples.Quickstart.ReadFile("quickstart/policies/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		src.Files = append(src.Files, policy.File{Path: e.Name(), Data: data})
	}
	report, err := policy.Test(t.Context(), []policy.Source{src})
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() > 0 || len(report.Tests) < 3 {
		t.Errorf("report %+v", report)
	}
}
