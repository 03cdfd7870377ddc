package spec

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// The bounds of EC2's MaxDrainDurationSeconds.
const (
	minDrain = time.Second
	maxDrain = 4000 * time.Second
)

// maxTagKey is AWS's limit of a tag's key, in characters.
const maxTagKey = 128

// reader fills a document from its raw form and checks what the schema cannot.
type reader struct {
	yaml strictyaml.Document
	raw  raw
	doc  *Document
}

// problem notes a problem at path, unless one is known there: a value of the
// wrong type was left out, and must not be called empty on top of it.
func (r *reader) problem(path []string, format string, args ...any) {
	p := r.yaml.Problemf(path, format, args...)
	if !slices.ContainsFunc(r.doc.Problems, func(q strictyaml.Problem) bool { return q.Line == p.Line && q.Column == p.Column }) {
		r.doc.Problems = append(r.doc.Problems, p)
	}
}

// elsewhere says where the kinds belong that are no specs. Read only.
var elsewhere = map[string]string{
	"Config":   "it is sluice's own configuration: name the file with --config, and keep it out of the specs",
	"Waiver":   "waivers belong in the policy source",
	"Approval": "approvals belong in the policy source",
}

// header checks what decides by which schema a document is read.
func (r *reader) header() {
	// Both may be missing, and then stand at the same place.
	add := func(path []string, format string, args ...any) {
		r.doc.Problems = append(r.doc.Problems, r.yaml.Problemf(path, format, args...))
	}
	version, kind := r.raw.APIVersion, r.raw.Kind
	if version != apiVersion {
		add([]string{"apiVersion"}, "apiVersion must be %q%s", apiVersion, notThis(version))
	}
	switch where, known := elsewhere[kind]; {
	case known:
		add([]string{"kind"}, "kind %s is not a spec; %s", kind, where)
	case kind != string(inventory.KindNatGateway) && kind != string(inventory.KindNetworkInterface):
		add([]string{"kind"}, "kind must be NatGateway or NetworkInterface%s", notThis(kind))
	}
}

func notThis(found string) string {
	if found == "" {
		return "; it is missing or no text"
	}
	return ", not " + quote(found)
}

// spec fills in all that a document says, also where the schema has found it bad: the
// checks here go on, so that a person sees every problem at once.
func (r *reader) spec() {
	m, s, doc := r.raw.Metadata, r.raw.Spec, r.doc
	doc.Name, doc.Labels, doc.Annotations = m.Name, m.Labels, m.Annotations
	doc.Target = cmp.Or(s.Target, defaultTarget)
	doc.ID, doc.SelectorTags = s.ID, maps.Clone(s.Selector.Tags)
	for key := range doc.SelectorTags {
		if key == "" || utf8.RuneCountInString(key) > maxTagKey {
			r.problem([]string{"spec", "selector", "tags", key}, "tag key %s is none: a key has 1 to %d characters", quote(key), maxTagKey)
		}
	}
	doc.AllowReassignment = s.AllowReassignment
	if s.Suspend != nil {
		r.suspend(s.Suspend.Until, s.Suspend.Reason, s.Suspend.Owner)
	}
	doc.MaxDrainSeconds = defaultDrainSeconds
	if s.Drain.MaxDuration != nil {
		r.drain(*s.Drain.MaxDuration)
	}
	if s.Secondary != nil {
		doc.Secondary = &Secondary{Count: s.Secondary.Count}
		doc.Secondary.Addresses = r.addresses(s.Secondary.Addresses)
		doc.Secondary.Pool = r.ranges(s.Secondary.Pool, checkPool, "spec", "secondary", "pool")
	}
	if s.Prefixes != nil {
		doc.Prefixes = &Prefixes{Count: s.Prefixes.Count}
		doc.Prefixes.CIDRs = r.ranges(s.Prefixes.CIDRs, checkPrefix, "spec", "prefixes", "cidrs")
	}
	if doc.Kind == inventory.KindNatGateway {
		doc.MinServing = defaultMinServing
		if s.MinServing != nil {
			doc.MinServing = *s.MinServing
		}
		r.enoughServing()
	}
}

// drain reads spec.drain.maxDuration.
func (r *reader) drain(text string) {
	path := []string{"spec", "drain", "maxDuration"}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		r.problem(path, "maxDuration %s is not a duration; write whole seconds from 1s to 4000s, such as 350s or 10m", quote(text))
	case d < minDrain || d > maxDrain:
		r.problem(path, "maxDuration %s is outside of what EC2 allows; write 1s to 4000s", quote(text))
	case d%time.Second != 0:
		r.problem(path, "maxDuration %s is not in whole seconds; write %s", quote(text), d.Round(time.Second))
	default:
		r.doc.MaxDrainSeconds = int(d / time.Second)
	}
}

// enoughServing refuses a spec that cannot be met: at its end state fewer
// addresses would serve than it demands at every moment.
func (r *reader) enoughServing() {
	s := r.doc.Secondary
	if s == nil || r.raw.Spec.MinServing == nil {
		return
	}
	total := 1 + len(r.raw.Spec.Secondary.Addresses)
	if s.Count != nil {
		total = 1 + *s.Count
	}
	if r.doc.MinServing > total {
		r.problem([]string{"spec", "minServing"},
			"minServing is %d addresses, but this spec leaves the gateway with %d, the primary included; ask for more addresses or lower minServing",
			r.doc.MinServing, total)
	}
}

// quote shortens pasted text in messages.
func quote(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"`
}
