package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy/worker"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

var update = flag.Bool("update", false, "rewrite the expected messages")

const head = "apiVersion: sluice/v1\nkind: Config\n"

const sample = head + `mode: dry-run
specs:    {url: "https://git.example.com/net/addresses.git", ref: {branch: main}, path: gateways, interval: 30s,
  verify: {pgpKeys: keys/ops.asc, sshAllowedSigners: /etc/allowed_signers},
  limits: {files: 100000, fileSize: 256KiB, totalSize: 512MiB, depth: 256, pathLength: 4096, transfer: 64GiB, unpacked: 65536KiB, memory: 64MiB, timeout: 1h}}
policies: [{url: "https://git.example.com/net/policy.git", ref: {tag: v1}, path: policies, limits: {fileSize: 1MiB}}, {dir: policies, limits: {files: 1, timeout: 1s}},
  {bundle: "https://example.com/p.tar.gz", publicKeys: {ci: ci.pem}, scope: write, tokenFile: token, caFile: /ca.pem, interval: 5m}, {bundle: p.tar.gz}]
levels: {spec.keep_two: advisory}
targets:
  prod-use1: {region: us-east-1, roleArn: "arn:aws:iam::123456789012:role/sluice", endpoint: ""}
  sim: {endpoint: "http://127.0.0.1:4566", cloudTrailEndpoint: "http://127.0.0.1:4566", profile: sim, addressesPerNatGateway: 16}
drift: {cron: "0 3 * * 1-5", timeZone: Europe/Berlin, action: adopt, attribution: cloudtrail}
schedules: [{name: prod, selector: {labels: {env: prod}}, cron: "0 4 * * *", timeZone: Europe/Berlin}, {name: lab, selector: {target: sim, kind: NatGateway}, cron: "@hourly", action: detect}]
windows: [{name: nights, action: allow, selector: {labels: {env: prod}}, cron: "0 2 * * 1-5", duration: 3h, timeZone: Europe/Berlin}, {name: noon, action: deny, cron: "0 12 * * *", duration: 90m}]
freezes: [{name: year-end, selector: {name: egress-a}, from: 2026-12-20T00:00:00Z, until: 2027-01-07T08:00:00+01:00, reason: year-end trade, owner: net@example.com}]
budget: {removals: 0, percent: 25}
history: {file: sluice.db}
listen: "0.0.0.0:9000"
web: {tokenFile: web.token, tls: {certFile: web.pem, keyFile: /etc/web.key, clientCAFile: ca.pem}}
webhooks: {github: {secretFile: hooks/github}, gitlab: {secretEnv: GITLAB_HOOK}, minInterval: 5s}
policyLimits: {memory: 256MiB, compile: 1m, evaluation: 500ms}
hints: {sqs: {queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/sluice", roleArn: "arn:aws:iam::123456789012:role/sluice"}, minInterval: 30s}
`

var prod = spec.Selector{Labels: map[string]string{"env": "prod"}}

func cron(t *testing.T, expr, zone string) schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(expr, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func window(t *testing.T, opens schedule.Schedule, lasts time.Duration) schedule.Window {
	t.Helper()
	w, err := schedule.NewWindow(opens, lasts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheRecordInATable(t *testing.T) {
	for text, want := range map[string]DynamoDB{
		"{table: sluice}": {Table: "sluice", Lease: 30 * time.Second},
		"{table: sluice, region: eu-west-1, endpoint: \"http://127.0.0.1:8000\", lease: 2s}": {Table: "sluice", Region: "eu-west-1", Endpoint: "http://127.0.0.1:8000", Lease: 2 * time.Second},
	} {
		got, problems := Load("/c/sluice.yaml", []byte(head+"specs: {dir: x}\nhistory: {dynamodb: "+text+"}\n"))
		if len(problems) > 0 || !reflect.DeepEqual(got.History, History{DynamoDB: &want}) {
			t.Errorf("%s: %+v, %v", text, got.History.DynamoDB, problems)
		}
	}
}

func TestLoadReadsEverySetting(t *testing.T) {
	folder := filepath.Join(string(filepath.Separator), "etc", "sluice")
	got, problems := Load(filepath.Join(folder, "sluice.yaml"), []byte(sample))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := Config{
		Mode: "dry-run",
		Specs: Repo{URL: "https://git.example.com/net/addresses.git", Ref: gitsource.Ref{Branch: "main"},
			Path: "gateways", Interval: 30 * time.Second,
			Limits: gitsource.Limits{Files: 100_000, FileSize: 256 << 10, TotalSize: 512 << 20, Depth: 256, PathLength: 4096,
				Transfer: 64 << 30, Unpacked: 64 << 20, Memory: 64 << 20, Timeout: time.Hour},
			Verify: Verify{PGPKeys: filepath.Join(folder, "keys", "ops.asc"), SSHAllowedSigners: "/etc/allowed_signers"}},
		Policies: []Repo{
			{URL: "https://git.example.com/net/policy.git", Ref: gitsource.Ref{Tag: "v1"}, Path: "policies", Interval: 30 * time.Second, Limits: gitsource.Limits{FileSize: 1 << 20}},
			{Dir: filepath.Join(folder, "policies"), Interval: 30 * time.Second, Limits: gitsource.Limits{Files: 1, Timeout: time.Second}},
			{Interval: 5 * time.Minute, Bundle: &Bundle{URL: "https://example.com/p.tar.gz", PublicKeys: map[string]string{"ci": filepath.Join(folder, "ci.pem")},
				Scope: "write", TokenFile: filepath.Join(folder, "token"), CAFile: "/ca.pem"}},
			{Interval: 30 * time.Second, Bundle: &Bundle{File: filepath.Join(folder, "p.tar.gz")}},
		},
		Levels: map[string]string{"spec.keep_two": "advisory"},
		Targets: map[string]Target{
			"prod-use1": {Region: "us-east-1", RoleARN: "arn:aws:iam::123456789012:role/sluice", AddressesPerNatGateway: 8},
			"sim":       {Endpoint: "http://127.0.0.1:4566", CloudTrailEndpoint: "http://127.0.0.1:4566", Profile: "sim", AddressesPerNatGateway: 16},
		},
		Drift: Drift{Cron: "0 3 * * 1-5", TimeZone: "Europe/Berlin", Action: "adopt", Attribution: "cloudtrail"},
		Calendar: calendar.Calendar{
			Schedules: []calendar.Schedule{
				{Name: "prod", Selector: prod, Cron: cron(t, "0 4 * * *", "Europe/Berlin"), Correct: true},
				{Name: "lab", Selector: spec.Selector{Target: "sim", Kind: "NatGateway"}, Cron: cron(t, "@hourly", "")},
				{Name: "drift", Cron: cron(t, "0 3 * * 1-5", "Europe/Berlin"), Adopt: true},
			},
			Windows: []calendar.Window{
				{Name: "nights", Selector: prod, Times: window(t, cron(t, "0 2 * * 1-5", "Europe/Berlin"), 3*time.Hour)},
				{Name: "noon", Deny: true, Times: window(t, cron(t, "0 12 * * *", ""), 90*time.Minute)},
			},
			Freezes: []calendar.Freeze{{Name: "year-end", Selector: spec.Selector{Name: "egress-a"}, From: time.Date(2026, 12, 20, 0, 0, 0, 0, time.UTC),
				Until: time.Date(2027, 1, 7, 7, 0, 0, 0, time.UTC), Reason: "year-end trade", Owner: "net@example.com"}},
		},
		Budget:  Budget{Removals: 0, Percent: 25},
		History: History{File: filepath.Join(folder, "sluice.db")},
		Listen:  "0.0.0.0:9000",
		Web: Web{Token: &Secret{File: filepath.Join(folder, "web.token")}, TLS: &TLS{
			CertFile: filepath.Join(folder, "web.pem"), KeyFile: "/etc/web.key", ClientCAFile: filepath.Join(folder, "ca.pem")}},
		Webhooks: Webhooks{MinInterval: 5 * time.Second, Secrets: map[string]Secret{
			"github": {File: filepath.Join(folder, "hooks", "github")}, "gitlab": {Env: "GITLAB_HOOK"}}},
		PolicyLimits: PolicyLimits{Limits: worker.Limits{Memory: 256 << 20, Start: time.Minute}, Evaluation: 500 * time.Millisecond},
		Hints: Hints{MinInterval: 30 * time.Second, SQS: &SQS{QueueURL: "https://sqs.eu-central-1.amazonaws.com/123456789012/sluice",
			Region: "eu-central-1", RoleARN: "arn:aws:iam::123456789012:role/sluice"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWhatIsNotSaidIsTheDefault(t *testing.T) {
	got, problems := Load("sluice.yaml", []byte(head+"specs: {dir: specs}\n"))
	want := Default()
	want.Specs.Dir = "specs"
	if len(problems) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, problems, want)
	}
	if _, ok := want.Targets["default"]; !ok || want.Mode != "dry-run" {
		t.Errorf("the default must be a dry-run of one target: %+v", want)
	}
}

func TestEnvironmentVariablesAreNotExpanded(t *testing.T) {
	t.Setenv("HOME", "/home/x")
	got, problems := Load("/c/sluice.yaml", []byte(head+"specs: {dir: $HOME/specs}\nhistory: {file: ~/h.db}\n"))
	if len(problems) > 0 || got.Specs.Dir != filepath.Join("/c", "$HOME", "specs") || got.History.File != filepath.Join("/c", "~", "h.db") {
		t.Errorf("got %+v, %v", got, problems)
	}
}

func TestLoopbackAddressesAreAccepted(t *testing.T) {
	for _, opened := range []string{
		"{tls: {certFile: c, keyFile: k, clientCAFile: a}}", "{tokenEnv: T, tls: {certFile: c, keyFile: k}}", "{tokenFile: t, behindTLSProxy: true}",
	} {
		if _, problems := Load("f", []byte(head+"specs: {dir: x}\nlisten: 0.0.0.0:8443\nweb: "+opened+"\n")); len(problems) > 0 {
			t.Errorf("%s: %v", opened, problems)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "127.8.9.10:80", "[::1]:8080", "localhost:8080"} {
		if _, problems := Load("f", []byte(head+"specs: {dir: x}\nlisten: \""+listen+"\"\n")); len(problems) > 0 {
			t.Errorf("%s: %v", listen, problems)
		}
	}
}

func TestARangeOfVersionsIsARef(t *testing.T) {
	got, problems := Load("f", []byte(head+"specs: {url: \"https://h/x\", ref: {semver: \">=1.2.0 <2.0.0\"}}\n"))
	if len(problems) > 0 || got.Specs.Ref.Semver != ">=1.2.0 <2.0.0" {
		t.Errorf("got %+v, %v", got.Specs.Ref, problems)
	}
}

func TestBadConfigurations(t *testing.T) {
	const file = "testdata/bad.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, want := archive.Files[i], &archive.Files[i+1]
		t.Run(in.Name, func(t *testing.T) {
			data := in.Data
			if !strings.HasPrefix(string(data), "apiVersion") {
				data = append([]byte(head), data...)
			}
			cfg, problems := Load("sluice.yaml", data)
			var got strings.Builder
			for _, p := range problems {
				fmt.Fprintln(&got, p.Error())
			}
			if got.Len() == 0 || !reflect.DeepEqual(cfg, Config{}) {
				t.Errorf("accepted: %+v", cfg)
			}
			if strings.Contains(got.String(), "s3cret") {
				t.Errorf("a password is shown:\n%s", got.String())
			}
			if *update {
				want.Data = []byte(got.String())
			} else if got.String() != string(want.Data) {
				t.Errorf("got\n%swant\n%s", got.String(), want.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
