package report

import (
	"cmp"
	"io"
	"maps"
	"net/url"
	"slices"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// The part of SARIF 2.1.0 that is written here. Names are the standard's.
type (
	sarifLog struct {
		Version string     `json:"version"`
		Schema  string     `json:"$schema"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		ColumnKind  string            `json:"columnKind"`
		Properties  map[string]string `json:"properties,omitempty"`
	}
	sarifTool struct {
		Driver struct {
			Name  string      `json:"name"`
			Rules []sarifRule `json:"rules"`
		} `json:"driver"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical struct {
			Artifact sarifArtifact `json:"artifactLocation"`
			Region   *sarifRegion  `json:"region,omitempty"`
		} `json:"physicalLocation"`
		Logical []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifArtifact struct {
		URI    string `json:"uri"`
		BaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// SARIF writes one run of SARIF 2.1.0: every rule, and a result for each check that
// is no pass. Passes are no results: GitHub would show each as an alert. It also
// refuses a file in which a result has no location, so what is of no file is a
// notification of the tool, and the run a failed one.
func SARIF(w io.Writer, r render.AuditReport) error {
	all := subjects(r)
	run := sarifRun{Results: []sarifResult{}, ColumnKind: "unicodeCodePoints", Invocations: []sarifInvocation{{ExecutionSuccessful: true}}}
	if r.PolicyDigest != "" {
		run.Properties = map[string]string{"policyDigest": render.Clean(r.PolicyDigest)}
	}
	run.Tool.Driver.Name = "sluice"
	ids := ruleIDs(all)
	run.Tool.Driver.Rules = sarifRules(ids, r.Titles)
	prints := fingerprints{}
	for _, s := range all {
		for _, c := range s.checks {
			switch {
			case c.level == passed && (!s.remark || c.msg == ""):
			case c.path == "":
				inv := &run.Invocations[0]
				inv.ExecutionSuccessful = inv.ExecutionSuccessful && c.level < failure
				inv.Notifications = append(inv.Notifications, sarifNotification{c.level.sarif(), sarifText{c.text()}})
			default:
				index, _ := slices.BinarySearch(ids, c.rule)
				run.Results = append(run.Results, sarifResult{
					RuleID: c.rule, RuleIndex: index, Level: c.level.sarif(), Message: sarifText{c.text()},
					Locations:    []sarifLocation{sarifPlace(s, c)},
					Fingerprints: map[string]string{"sluice/v1": prints.of(s, c)},
				})
			}
		}
	}
	return writeJSON(w, sarifLog{Version: "2.1.0", Schema: sarifSchema, Runs: []sarifRun{run}})
}

// ruleIDs lists every rule that said something or passed, once, sorted.
func ruleIDs(all []subject) []string {
	var ids []string
	for _, s := range all {
		for _, c := range s.checks {
			ids = append(ids, c.rule)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// sarifRules describes the rules by their titles, as far as these are known.
func sarifRules(ids []string, titles map[string]string) []sarifRule {
	known := ownTitles()
	for _, id := range slices.Sorted(maps.Keys(titles)) { // two ids may be the same when cleaned
		known[render.Clean(id)] = render.Clean(titles[id])
	}
	rules := []sarifRule{}
	for _, id := range ids {
		rules = append(rules, sarifRule{ID: id, ShortDescription: sarifText{cmp.Or(known[id], id)}})
	}
	return rules
}

func sarifPlace(s subject, c check) sarifLocation {
	var l sarifLocation
	l.Physical.Artifact = sarifFile(c.path)
	if c.line > 0 {
		l.Physical.Region = &sarifRegion{StartLine: c.line, StartColumn: c.column}
	}
	if s.name != "" {
		l.Logical = []sarifLogical{{Name: s.label(), Kind: "resource"}}
	}
	return l
}

// sarifFile makes a path a URI reference, every byte that has a meaning there
// escaped. A relative one is of the repository.
func sarifFile(path string) sarifArtifact {
	u := url.URL{Path: path}
	if path[0] == '/' {
		u.Scheme = "file"
		return sarifArtifact{URI: u.String()}
	}
	return sarifArtifact{URI: u.String(), BaseID: "%SRCROOT%"}
}

// sarif is the level in SARIF's words.
func (l level) sarif() string {
	switch l {
	case passed, note:
		return "note"
	case warning:
		return "warning"
	}
	return "error"
}
