package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/commitstatus"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Episode is what notices are about.
type Episode struct {
	Target string
	Commit string
	Number int // of this process
}

// notice is one piece of news of an episode.
type notice struct {
	Kind   Kind
	Digest string    // of reason and difference: what is told once
	At     time.Time // when it became so
	Line   string    // in words, one line
	Text   string    // for Slack
	Data   string    // for CloudEvents: JSON
}

// newNotice makes a notice of what a turn found. strays is what drifted in the episode.
func newNotice(o reconcile.Outcome, strays []string) notice {
	n := notice{Kind: kindOf(o), At: o.At, Line: commitstatus.Describe(o).Line}
	n.Digest = digest(n.Kind, o, strays)
	n.Text = slackText(n, o)
	n.Data = eventData(n, o)
	return n
}

// digest names reason and difference. Sentences are left out where they hold what
// changes by itself: times, numbers of requests, what AWS says.
func digest(kind Kind, o reconcile.Outcome, strays []string) string {
	parts := []string{o.Failure, fmt.Sprint(o.Trouble != "", o.Hold != "")}
	parts = slices.Concat(parts, o.Problems, strays)
	for _, r := range o.Resources {
		stopped := r.State == plan.Blocked || slices.ContainsFunc(o.Steps, func(s apply.Step) bool { return s.Spec == r.Spec && s.Refused() }) ||
			slices.ContainsFunc(o.Probes, func(p apply.Probe) bool { return p.Spec == r.Spec && unauthorised(p) })
		if r.Drift != nil && r.Drift.Contested {
			parts = append(parts, subject(r)+"contested")
		}
		switch {
		case stopped:
			parts = append(parts, subject(r)+" stopped")
		case r.State == plan.Error, r.State == plan.Held, r.State == plan.Denied:
			parts = append(parts, fmt.Sprint(subject(r), r.State, stoppers(r), r.Waves))
		}
	}
	slices.Sort(parts)
	sum := sha256.Sum256([]byte(string(kind) + "\x00" + strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func subject(r plan.Resource) string { return fmt.Sprintf("%s/%s/%s ", r.Kind, r.ID, r.Spec.Name) }

// stoppers are the rules that hold or deny a resource.
func stoppers(r plan.Resource) []string {
	var rules []string
	for _, v := range r.Verdicts {
		if v.Decision == "hold" || v.Decision == "deny" {
			rules = append(rules, v.Rule)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// superseded is the last notice of an episode that a newer commit ended.
func (n notice) superseded(by reconcile.Outcome) notice {
	n.Kind, n.At, n.Digest = superseded, by.At, "superseded"
	n.Line = "superseded by " + short(by.Commit.ID)
	first, rest, _ := strings.Cut(n.Text, "\n")
	n.Text = fmt.Sprintf("*superseded* by commit `%s`; it was: %s\n%s", short(by.Commit.ID), first, rest)
	return n
}

// short is a commit's id as people write it.
func short(id string) string { return id[:min(len(id), 12)] }
