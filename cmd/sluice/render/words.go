package render

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// shortID cuts a commit id or a digest to what a person compares.
func shortID(id string) string {
	if _, rest, found := strings.Cut(id, ":"); found { // "sha256:" or "dir:"
		id = rest
	}
	return id[:min(len(id), 12)]
}

// commitWord names a commit: a plain folder has a digest instead of one.
func commitWord(id string) string {
	if strings.HasPrefix(id, "dir:") {
		return "folder " + shortID(id)
	}
	return "commit " + shortID(id)
}

// firstLine is a commit message's subject.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}

// formatDuration writes a duration as a person would: whole seconds, no zero parts.
func formatDuration(d time.Duration) string {
	d = d.Round(time.Second)
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// FormatSeconds writes a number of seconds, as EC2 counts drains.
func FormatSeconds(n int) string { return formatDuration(time.Duration(n) * time.Second) }

// position is where a spec stands, "file:line", or the file alone.
func position(file string, line int) string {
	if line <= 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// cidrs lists addresses and prefixes, with commas.
func cidrs(addresses []netip.Addr, prefixes []netip.Prefix) string {
	var list []string
	for _, a := range addresses {
		list = append(list, a.String())
	}
	for _, p := range prefixes {
		list = append(list, p.String())
	}
	return strings.Join(list, ", ")
}

func formatNumber(n int) string { return strconv.Itoa(n) }

// count says how many there are of something.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return formatNumber(n) + " " + many
}

// symbol is the sign of a verb.
func symbol(v inventory.Verb) span {
	switch v {
	case inventory.VerbAssign:
		return span{good, "+"}
	case inventory.VerbUnassign:
		return span{bad, "-"}
	case inventory.VerbMove:
		return span{moving, ">"}
	}
	return span{plain, "?"}
}

// sentence says what an action does to a resource: "assign 10.0.1.21 to egress-a".
func sentence(a plan.Action, resource string) string {
	text := string(a.Verb) + " " + cidrs(a.Addresses, a.Prefixes)
	switch a.Verb {
	case inventory.VerbUnassign:
		text += " from " + resource
		if a.MaxDrainSeconds > 0 {
			text += ", drain up to " + FormatSeconds(a.MaxDrainSeconds)
		}
	case inventory.VerbMove:
		text += " from " + a.From + " to " + resource
	default:
		text += " to " + resource
	}
	return text
}

// labelled puts a word in front of a text, unless there is none.
func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + " " + text
}

// stateWords are the words and inks of the states, the gravest first.
var stateWords = [...]struct {
	state plan.State
	word  string
	ink   ink
	count func(plan.Summary) int
}{
	{plan.Error, "error", worst, func(s plan.Summary) int { return s.Error }},
	{plan.Denied, "denied", worst, func(s plan.Summary) int { return s.Denied }},
	{plan.Held, "held", holding, func(s plan.Summary) int { return s.Held }},
	{plan.Blocked, "blocked", due, func(s plan.Summary) int { return s.Blocked }},
	{plan.Pending, "pending", due, func(s plan.Summary) int { return s.Pending }},
	{plan.Converging, "converging", moving, func(s plan.Summary) int { return s.Converging }},
	{plan.InSync, "in sync", good, func(s plan.Summary) int { return s.InSync }},
}

// stateWord says a state; one that is not known stands for itself.
func stateWord(s plan.State) span {
	for _, w := range stateWords {
		if w.state == s {
			return span{w.ink, w.word}
		}
	}
	return span{plain, string(s)}
}

// decisionInk colours a rule's decision.
func decisionInk(decision string) ink {
	switch decision {
	case "deny", "error":
		return worst
	case "hold":
		return holding
	case "warn", "cap":
		return due
	case "allow", "pass":
		return good
	}
	return plain
}

// outcomeWord says what came of a call.
func outcomeWord(outcome string) span {
	switch outcome {
	case string(apply.Accepted):
		return span{good, outcome}
	case string(apply.Preempted), string(apply.Changed), string(apply.Unread), string(apply.Closed),
		string(inventory.ClassBusy), string(inventory.ClassThrottled), string(inventory.ClassLost):
		return span{due, outcome}
	}
	return span{worst, outcome}
}

// coded puts EC2's error code in front of its message.
func coded(code, message string) string {
	if code == "" || message == "" {
		return code + message
	}
	return code + ": " + message
}
