package config

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// FuzzLoad gives it any bytes. They end in problems that a person can act on, with a
// place in the file, or in a configuration that keeps every promise of its fields.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(head + "specs: {dir: x}\nlisten: \"%\"\ndrift: {cron: \"TZ=\"}\n"))
	f.Add([]byte(head + "specs: {url: \"::\"}\ntargets: {a: {endpoint: \"http://[\"}}\n---\n"))
	f.Add([]byte(head + "specs: {url: \"git@h:x\", auth: {ssh: {keyFile: k, passphraseEnv: P, hostKeys: [\"SHA256:x\"]}}}\n"))
	f.Add([]byte(head + "specs: {url: \"https://h/x\", auth: {githubApp: {appId: 1, installationId: 2, privateKeyFile: k}}, proxy: \"http://p:1\"}\n"))
	f.Add([]byte(head + strings.Repeat("[", 2000)))
	f.Add([]byte("\xef\xbb\xbf" + head + "specs: {dir: \"\\u0000\"}\n"))
	archive, err := txtar.ParseFile("testdata/bad.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(archive.Files); i += 2 {
		f.Add(append([]byte(head), archive.Files[i].Data...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		cfg, problems := Load("sluice.yaml", data)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		again, same := Load("sluice.yaml", data)
		if !reflect.DeepEqual(cfg, again) || !reflect.DeepEqual(problems, same) {
			t.Errorf("the same bytes give %+v, %v and %+v, %v", cfg, problems, again, same)
		}
		if len(problems) > 0 {
			checkProblems(t, problems)
			if !reflect.DeepEqual(cfg, Config{}) {
				t.Errorf("a configuration with problems is used: %+v", cfg)
			}
			return
		}
		checkConfig(t, cfg)
	})
}

// checkProblems wants one line of each, and a place in the file unless it is about the
// whole of it.
func checkProblems(t *testing.T, problems []strictyaml.Problem) {
	for _, p := range problems {
		if p.File != "sluice.yaml" || p.Line < 1 && !strings.HasPrefix(p.Message, "the file ") {
			t.Errorf("no place: %+v", p)
		}
		if p.Message == "" || strings.ContainsFunc(p.Message, unicode.IsControl) {
			t.Errorf("not one line: %q", p.Message)
		}
	}
}

// checkConfig holds what the wiring relies on.
func checkConfig(t *testing.T, cfg Config) {
	checkRepo(t, cfg.Specs)
	if cfg.Specs.Bundle != nil || len(cfg.Targets) == 0 {
		t.Errorf("incomplete: %+v", cfg)
	}
	for _, p := range cfg.Policies {
		checkRepo(t, p)
		if err := Apart(cfg.Specs, p); err != nil || p.Verify != (Verify{}) {
			t.Errorf("policies %+v: %v", p, err)
		}
	}
	for name, target := range cfg.Targets {
		u, err := url.Parse(target.Endpoint)
		if !targetName.MatchString(name) || err != nil || u.User != nil || target.AddressesPerNatGateway < 1 {
			t.Errorf("target %q: %+v", name, target)
		}
	}
	if cfg.Mode != "observe" && cfg.Mode != "dry-run" && cfg.Mode != "apply" || cfg.Drift.Action != "correct" && cfg.Drift.Action != "detect" && cfg.Drift.Action != "adopt" {
		t.Errorf("mode %q, drift %q", cfg.Mode, cfg.Drift.Action)
	}
	if _, err := schedule.Parse(cfg.Drift.Cron, cfg.Drift.TimeZone); err != nil {
		t.Errorf("drift: %v", err)
	}
	if b := cfg.Budget; b.Removals < 0 || b.Percent < 0 || b.Percent > 100 {
		t.Errorf("budget %+v", b)
	}
	host, _, err := net.SplitHostPort(cfg.Listen)
	ip, ipErr := netip.ParseAddr(host)
	alone := host == "localhost" || ipErr == nil && ip.IsLoopback()
	asked := cfg.Web.Token != nil || cfg.Web.TLS != nil && cfg.Web.TLS.ClientCAFile != ""
	if err != nil || !alone && (!asked || cfg.Web.TLS == nil && !cfg.Web.BehindTLSProxy) || cfg.Web.BehindTLSProxy && cfg.Web.Token == nil {
		t.Errorf("others can reach %q: %+v", cfg.Listen, cfg.Web)
	}
	if cfg.Webhooks.MinInterval <= 0 {
		t.Errorf("webhooks %+v", cfg.Webhooks)
	}
	for name, secret := range cfg.Webhooks.Secrets {
		if secret == (Secret{}) {
			t.Errorf("webhook %s has no secret", name)
		}
	}
}

// checkRepo wants one place, and nothing that leads out of it.
func checkRepo(t *testing.T, r Repo) {
	places := 0
	for _, there := range []bool{r.URL != "", r.Dir != "", r.Bundle != nil} {
		if there {
			places++
		}
	}
	if places != 1 || r.Interval < minInterval || r.Interval > maxInterval || r.Path != "" && !filepath.IsLocal(r.Path) {
		t.Errorf("the place %+v", r)
	}
	if b := r.Bundle; b != nil && ((b.URL == "") == (b.File == "") || b.URL != "" && len(b.PublicKeys) == 0) {
		t.Errorf("the bundle %+v", b)
	}
}
