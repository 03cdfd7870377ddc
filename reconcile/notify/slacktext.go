package notify

import (
	"fmt"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// The bounds of a message. Slack takes 4,000 characters well.
const (
	mostShown = 8
	mostLine  = 200
	mostText  = 3500
)

// slackText is a message: what became of it, of which commit, and what is still to do.
func slackText(n notice, o reconcile.Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%s* %s: %s\n", n.Kind, escape(o.Target), escape(n.Line))
	subject, _, _ := strings.Cut(strings.TrimSpace(o.Commit.Message), "\n")
	fmt.Fprintf(&b, "commit `%s` %s", escape(short(o.Commit.ID)), escape(post.Clean(subject, mostLine)))
	if author := o.Commit.Author.Name; author != "" {
		fmt.Fprintf(&b, " (%s)", escape(post.Clean(author, 80)))
	}
	shown, more := 0, 0
	for _, r := range o.Resources {
		if r.State == plan.InSync {
			continue
		}
		if shown == mostShown || b.Len() > mostText-2*mostLine {
			more++
			continue
		}
		shown++
		fmt.Fprintf(&b, "\n• %s", escape(post.Clean(resourceLine(r), mostLine)))
	}
	if more > 0 {
		fmt.Fprintf(&b, "\n… and %d more", more)
	}
	return b.String()
}

// resourceLine is "NAME (FILE:LINE) held by RULE: assign A; unassign B". What AWS
// said stays in the log.
func resourceLine(r plan.Resource) string {
	line := fmt.Sprintf("%s (%s:%d) %s", r.Spec.Name, r.Spec.File, r.Spec.Line, r.State)
	if rules := stoppers(r); len(rules) > 0 {
		line += " by " + strings.Join(rules, ", ")
	}
	var actions []string
	for _, wave := range r.Waves {
		for _, a := range wave {
			actions = append(actions, a.String())
		}
	}
	if r.Drift != nil && len(r.Drift.Addresses) > 0 {
		line += ", drifted: " + strings.Join(drifted(r), ", ")
	}
	if len(actions) > 0 {
		line += ": " + strings.Join(actions, "; ")
	}
	return line
}

// drifted lists what differs though no commit asked for it: "added 10.0.1.9".
func drifted(r plan.Resource) []string {
	var list []string
	if r.Drift != nil {
		for _, a := range r.Drift.Addresses {
			list = append(list, fmt.Sprintf("%s %s", a.Change, a.Address))
		}
	}
	return list
}

// escaper takes from text what Slack, and what is like it, would make more of than
// letters: links and mentions such as <!channel>, and @all in Mattermost.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b", "`", "'", "*", "\u2217", "](", "] (")

func escape(text string) string { return escaper.Replace(text) }
