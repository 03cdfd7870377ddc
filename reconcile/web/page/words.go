package page

import (
	"fmt"
	"html/template"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
)

// words are what templates say things with. None of them marks text as safe.
var words = template.FuncMap{
	"short":     short,
	"number":    number,
	"clock":     clock,
	"iso":       func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"subject":   subject,
	"left":      left,
	"seconds":   func(n int) string { return (time.Duration(n) * time.Second).String() },
	"list":      list,
	"asset":     assetPath,
	"linked":    linked,
	"explained": func(a netip.Addr) string { return "/explain/" + a.String() },
	"selects":   rulebook.SelectorWords,
	"place":     rulebook.Place,
	"params":    rulebook.Params,
	"text":      func(v any) string { return fmt.Sprint(v) },
	"many":      many,
	"link":      link,
	"int":       func(n uint64) int { return int(min(n, 1<<53)) },
	"sub":       func(a, b int) int { return a - b },
	"deref":     func(n *int) int { return *n },
}

// entryLink is an entry of the navigation.
type entryLink struct {
	Path, Text string
	On         bool
}

func link(path, text, here string) entryLink { return entryLink{path, text, path == here} }

// short cuts a commit id or a digest to what a person compares.
func short(id string) string {
	if _, rest, found := strings.Cut(id, ":"); found { // "sha256:" or "dir:"
		id = rest
	}
	return id[:min(len(id), 12)]
}

// number writes 165000 as 165,000.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// many counts something in words.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + more
}

// clock is a time as the record shows it, in UTC and to the second.
func clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func subject(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return line
}

// left says how long a drain may still take. It may be late: EC2's clock is not ours.
// The script says it in the same words.
func left(seconds int) string {
	if seconds < 0 {
		return fmt.Sprintf("%d:%02d past its time", -seconds/60, -seconds%60)
	}
	return fmt.Sprintf("at most %d:%02d left", seconds/60, seconds%60)
}

// list joins addresses and prefixes.
func list(addresses []netip.Addr, prefixes []netip.Prefix) string {
	var all []string
	for _, a := range addresses {
		all = append(all, a.String())
	}
	for _, p := range prefixes {
		all = append(all, p.String())
	}
	return strings.Join(all, ", ")
}

// linked is a resource's page; empty when it has none.
func linked(target, id string) string {
	if target == "" || id == "" {
		return ""
	}
	return "/resources/" + url.PathEscape(target) + "/" + url.PathEscape(id)
}

// states lists the states that the fleet can be narrowed to, the gravest first.
var states = []plan.State{plan.Error, plan.Denied, plan.Held, plan.Blocked, plan.Converging, plan.Pending, plan.InSync}
