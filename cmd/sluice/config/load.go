package config

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

var schema = sync.OnceValue(func() *jsonschema.Schema { return strictyaml.MustCompile(schemaJSON, "") })

// Load reads a configuration. The file's name serves for problems and as the
// base of relative paths. With any problem the configuration is empty.
func Load(file string, data []byte) (Config, []strictyaml.Problem) {
	docs, problems := strictyaml.Parse(file, data)
	if len(docs) != 1 {
		if len(problems) == 0 {
			words := "the file is empty; it must hold one document of kind Config"
			if len(docs) > 1 {
				words = "the file holds several documents; keep one, of kind Config"
			}
			problems = []strictyaml.Problem{{File: file, Message: words}}
		}
		return Config{}, problems
	}
	l := loader{yaml: docs[0], folder: filepath.Dir(file), problems: append(problems, docs[0].Validate(schema())...)}
	// What has the wrong shape is left out here, and reported by the schema.
	if err := l.yaml.Decode(&l.raw); err != nil && len(l.problems) == 0 {
		l.problem(nil, "%v", err)
	}
	cfg := l.config()
	if len(l.problems) > 0 {
		return Config{}, strictyaml.SortProblems(l.problems)
	}
	return cfg, nil
}

// raw is a configuration as it is written.
type raw struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Mode       string            `json:"mode"`
	Specs      rawRepo           `json:"specs"`
	Policies   []rawRepo         `json:"policies"`
	Levels     map[string]string `json:"levels"`
	Targets    map[string]struct {
		Region                 string `json:"region"`
		Profile                string `json:"profile"`
		RoleARN                string `json:"roleArn"`
		Endpoint               string `json:"endpoint"`
		CloudTrailEndpoint     string `json:"cloudTrailEndpoint"`
		AddressesPerNatGateway int    `json:"addressesPerNatGateway"`
	} `json:"targets"`
	Drift struct {
		Cron     string `json:"cron"`
		TimeZone string `json:"timeZone"`
		Action   string `json:"action"`

		Attribution string `json:"attribution"`
	} `json:"drift"`
	rawCalendar
	Budget struct {
		Removals *int `json:"removals"`
		Percent  *int `json:"percent"`
	} `json:"budget"`
	History  rawHistory  `json:"history"`
	Listen   string      `json:"listen"`
	Web      rawWeb      `json:"web"`
	Webhooks rawWebhooks `json:"webhooks"`
	Hints    rawHints    `json:"hints"`

	CommitStatus *rawCommitStatus `json:"commitStatus"`
	PolicyLimits rawPolicyLimits  `json:"policyLimits"`
	Notify       []rawNotify      `json:"notify"`
	Traces       *rawTraces       `json:"traces"`
}

type rawRepo struct {
	URL string `json:"url"`
	Dir string `json:"dir"`
	Ref struct {
		Branch string `json:"branch"`
		Tag    string `json:"tag"`
		Semver string `json:"semver"`
		Commit string `json:"commit"`
	} `json:"ref"`
	Path     string     `json:"path"`
	Interval string     `json:"interval"`
	Verify   *rawVerify `json:"verify"`
	CAFile   string     `json:"caFile"`
	Limits   *rawLimits `json:"limits"`
	rawAccess
	rawBundle
}

type rawVerify struct {
	PGPKeys           string `json:"pgpKeys"`
	SSHAllowedSigners string `json:"sshAllowedSigners"`
	Mode              string `json:"mode"`
}

// loader makes a Config of its raw form and checks what the schema cannot.
type loader struct {
	yaml     strictyaml.Document
	folder   string
	raw      raw
	problems []strictyaml.Problem
}

// problem notes a problem at path, unless one is known there.
func (l *loader) problem(path []string, format string, args ...any) {
	p := l.yaml.Problemf(path, format, args...)
	if !slices.ContainsFunc(l.problems, func(q strictyaml.Problem) bool { return q.Line == p.Line && q.Column == p.Column }) {
		l.problems = append(l.problems, p)
	}
}

// config makes the whole of the parts, problems or not: what is wrong in one part must not
// hide what is wrong in the next.
func (l *loader) config() Config {
	cfg, r := Default(), l.raw
	cfg.Mode = cmp.Or(r.Mode, cfg.Mode)
	cfg.Specs = l.repo(r.Specs, "specs")
	cfg.Specs.Verify = l.verify(cfg.Specs, r.Specs.Verify)
	for i, p := range r.Policies {
		index := strconv.Itoa(i)
		policy := l.repo(p, "policies", index)
		if p.Interval == "" {
			policy.Interval = cfg.Specs.Interval
		}
		l.checkPolicySource(cfg.Specs, policy, index)
		if p.Verify != nil {
			l.problem([]string{"policies", index, "verify"}, "verify is for specs only: no rule asks who signed a policy")
		}
		cfg.Policies = append(cfg.Policies, policy)
	}
	cfg.Levels = r.Levels
	if len(r.Targets) > 0 {
		cfg.Targets = make(map[string]Target, len(r.Targets))
	}
	for name, t := range r.Targets {
		l.checkTarget(name, t.Endpoint)
		l.checkEndpoint(t.CloudTrailEndpoint, "targets", name, "cloudTrailEndpoint")
		cfg.Targets[name] = Target{Region: t.Region, Profile: t.Profile, RoleARN: t.RoleARN, Endpoint: t.Endpoint, CloudTrailEndpoint: t.CloudTrailEndpoint,
			AddressesPerNatGateway: cmp.Or(t.AddressesPerNatGateway, defaultLimit)}
	}
	cfg.Drift.Cron = cmp.Or(r.Drift.Cron, cfg.Drift.Cron)
	cfg.Drift.TimeZone = cmp.Or(r.Drift.TimeZone, cfg.Drift.TimeZone)
	cfg.Drift.Action = cmp.Or(r.Drift.Action, cfg.Drift.Action)
	cfg.Drift.Attribution = r.Drift.Attribution
	cfg.Calendar = l.calendar(cfg)
	if r.Budget.Removals != nil {
		cfg.Budget.Removals = *r.Budget.Removals
	}
	if r.Budget.Percent != nil {
		cfg.Budget.Percent = *r.Budget.Percent
	}
	cfg.History = l.history(r.History)
	cfg.Listen = cmp.Or(r.Listen, cfg.Listen)
	cfg.Web = l.web(cfg.Specs, cfg.Listen, r.Web)
	cfg.Webhooks = l.webhooks(cfg.Specs, r.Webhooks)
	cfg.Hints = l.hints(r.Hints)
	cfg.CommitStatus = l.commitStatus(cfg.Specs, r.CommitStatus)
	cfg.PolicyLimits = l.policyLimits(r.PolicyLimits)
	for i, n := range r.Notify {
		cfg.Notify = append(cfg.Notify, l.notify(cfg, n, "notify", strconv.Itoa(i)))
	}
	cfg.Traces = l.traces(cfg.Specs, r.Traces)
	return cfg
}

func (l *loader) repo(r rawRepo, path ...string) Repo {
	at := func(field ...string) []string { return append(slices.Clone(path), field...) }
	repo := Repo{URL: r.URL, Dir: l.resolve(r.Dir), Path: r.Path, Interval: defaultInterval,
		Ref: gitsource.Ref{Branch: r.Ref.Branch, Tag: r.Ref.Tag, Semver: r.Ref.Semver, Commit: r.Ref.Commit}}
	if r.URL != "" {
		l.checkURL(r.URL, at("url"))
	}
	if r.Ref.Semver != "" {
		if err := gitsource.CheckRange(r.Ref.Semver); err != nil {
			l.problem(append(at("ref"), "semver"), "%v", err)
		}
	}
	if r.Bundle != "" {
		repo.Bundle = l.bundle(r.rawBundle, r.CAFile, at)
		repo.Access = l.bundleAccess(r, at)
	} else {
		repo.Access = l.access(r.rawAccess, r.CAFile, r.URL, at)
	}
	for field, set := range map[string]bool{"caFile": r.CAFile != "", "clientCert": r.ClientCert.CertFile != "", "proxy": r.Proxy != ""} {
		if r.Dir != "" && set {
			l.problem(at(field), "%s is for what is fetched over https; dir is a folder", field)
		}
	}
	if r.Path != "" && !filepath.IsLocal(r.Path) {
		l.problem(at("path"), "path must stay inside the repository; write it relative to its root, such as gateways/prod")
	}
	if r.Interval != "" {
		repo.Interval = l.duration(r.Interval, minInterval, maxInterval, at("interval"))
	}
	repo.Limits = l.limits(r.Limits, r, path[0] == "specs", at)
	return repo
}

func (l *loader) verify(specs Repo, r *rawVerify) Verify {
	if r == nil {
		return Verify{}
	}
	v := Verify{PGPKeys: l.resolve(r.PGPKeys), SSHAllowedSigners: l.resolve(r.SSHAllowedSigners), Mode: r.Mode}
	if v.Mode != "" && v.PGPKeys+v.SSHAllowedSigners == "" {
		l.problem([]string{"specs", "verify", "mode"}, "mode asks for signatures, and no keys are given to verify them with; set pgpKeys or sshAllowedSigners")
	}
	l.checkKeys(specs, v.PGPKeys, "pgpKeys")
	l.checkKeys(specs, v.SSHAllowedSigners, "sshAllowedSigners")
	return v
}

// resolve makes a relative path one that starts at the configuration's folder.
func (l *loader) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.folder, path)
}
