package render

import (
	"fmt"
	"io"
	"strings"
)

// The outcomes of a check.
const (
	CheckOK   = "ok"
	CheckWarn = "warn" // works, or is not known; worth a look
	CheckFail = "fail" // will not work
)

// Check is what the doctor found in one place.
type Check struct {
	Name    string `json:"check"`   // what was looked at: configuration, git, credentials, …
	Subject string `json:"subject"` // of which target, repository or file
	State   string `json:"state"`   // ok, warn, fail
	Said    string `json:"said"`
	Do      string `json:"do,omitempty"` // what to do about it
}

// Checkup is all checks, in an order that does not depend on how long each took.
type Checkup struct {
	Checks  []Check        `json:"checks"`
	Summary map[string]int `json:"summary"` // by state
}

// NewCheckup counts the checks.
func NewCheckup(checks []Check) Checkup {
	c := Checkup{Checks: checks, Summary: map[string]int{CheckOK: 0, CheckWarn: 0, CheckFail: 0}}
	for _, one := range checks {
		c.Summary[one.State]++
	}
	return c
}

// CheckupJSON writes a check-up as JSON.
func CheckupJSON(w io.Writer, c Checkup) error { return writeJSON(w, c) }

// Checkup prints a check-up: a line a check, and below it what to do.
func (s *Style) Checkup(c Checkup) error {
	inks := map[string]ink{CheckOK: good, CheckWarn: due, CheckFail: worst}
	return s.print(func(p *page) {
		var rows []row
		for _, one := range folded(c.Checks) {
			// The subject flows with the rest: it may be a long path.
			r := row{cells: []span{{inks[one.State], one.State}, {strong, one.Name}, {plain, one.Subject + ": " + one.Said}}}
			if one.Do != "" {
				r.below = []span{{due, "-> " + one.Do}}
			}
			rows = append(rows, r)
		}
		p.table(0, rows)
		p.newline()
		noun := "checks"
		if len(c.Checks) == 1 {
			noun = "check"
		}
		p.line(span{plain, fmt.Sprintf("%d %s: %s", len(c.Checks), noun, counted(c.Summary))})
	})
}

// folded puts the ok checks of one name and subject that follow each other on one line.
func folded(checks []Check) []Check {
	var out []Check
	for _, one := range checks {
		if n := len(out) - 1; n >= 0 && one.State == CheckOK && one.Do == "" && out[n].State == CheckOK && out[n].Do == "" &&
			out[n].Name == one.Name && out[n].Subject == one.Subject {
			out[n].Said += ", " + one.Said
			continue
		}
		out = append(out, one)
	}
	return out
}

// counted names the states that there are, the gravest first.
func counted(summary map[string]int) string {
	var parts []string
	for _, state := range []string{CheckFail, CheckWarn, CheckOK} {
		if n := summary[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}
