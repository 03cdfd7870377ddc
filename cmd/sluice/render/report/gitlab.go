package report

import (
	"cmp"
	"io"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// The part of the Code Climate format that GitLab reads.
type (
	gitlabIssue struct {
		Description string         `json:"description"`
		CheckName   string         `json:"check_name"`
		Fingerprint string         `json:"fingerprint"`
		Severity    string         `json:"severity"`
		Location    gitlabLocation `json:"location"`
	}
	gitlabLocation struct {
		Path  string      `json:"path"`
		Lines gitlabLines `json:"lines"`
	}
	gitlabLines struct {
		Begin int `json:"begin"`
	}
)

// GitLab writes a code quality report. The format is a list of issues: rules that
// pass have no place in it. A path and a line are required, so what is of no file
// is put on the folder.
func GitLab(w io.Writer, r render.AuditReport) error {
	issues := []gitlabIssue{}
	prints := fingerprints{}
	for _, s := range subjects(r) {
		for _, c := range s.checks {
			if c.level == passed || c.level == note && c.file == "" { // a note of no file is not about the code
				continue
			}
			issues = append(issues, gitlabIssue{
				Description: c.rule + ": " + c.text(), CheckName: c.rule, Fingerprint: prints.of(s, c), Severity: gitlabSeverity(c),
				Location: gitlabLocation{Path: cmp.Or(c.file, "."), Lines: gitlabLines{Begin: max(1, c.line)}},
			})
		}
	}
	return writeJSON(w, issues)
}

// gitlabSeverity is one of info, minor, major, critical, blocker.
func gitlabSeverity(c check) string {
	switch {
	case c.level == note:
		return "info"
	case c.level == warning:
		return "minor"
	case c.decision == "hold":
		return "major"
	case c.decision == "deny":
		return "critical"
	}
	return "blocker" // nothing is known of it until it is mended
}
