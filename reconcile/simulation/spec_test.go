package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// doc is one spec as an author thinks of it.
type doc struct {
	name, target string
	gateway      bool
	id, tag      string // by id, or by the tag Name
	subnet       int
	addresses    []string // nil with count
	count        int      // -1: addresses are listed
	drain        int
	minServing   int
	reassign     bool
	prefixes     []string
	labels       map[string]string
	suspended    time.Time
	comment      string
}

// tree is all specs of a commit.
type tree struct {
	docs map[string]doc    // by name
	raw  map[string]string // files that are no good spec
	bad  fault             // what is wrong with it; "" nothing
}

func (t tree) clone() tree {
	return tree{docs: maps.Clone(t.docs), raw: maps.Clone(t.raw), bad: t.bad}
}

func (t tree) names() []string { return slices.Sorted(maps.Keys(t.docs)) }

// files is what lies in the repository.
func (t tree) files() map[string]string {
	files := map[string]string{"README.md": "specs\n"}
	for name, d := range t.docs {
		files["specs/"+name+".yaml"] = d.yaml()
	}
	for name, text := range t.raw {
		files[name] = text
	}
	if t.bad == badEmpty {
		return map[string]string{}
	}
	return files
}

func (d doc) yaml() string {
	var b strings.Builder
	kind := "NetworkInterface"
	if d.gateway {
		kind = "NatGateway"
	}
	fmt.Fprintf(&b, "# %s\napiVersion: sluice/v1\nkind: %s\nmetadata:\n  name: %s\n", d.comment, kind, d.name)
	if len(d.labels) > 0 {
		b.WriteString("  labels:\n")
		for _, k := range slices.Sorted(maps.Keys(d.labels)) {
			fmt.Fprintf(&b, "    %s: %q\n", k, d.labels[k])
		}
	}
	fmt.Fprintf(&b, "spec:\n  target: %s\n", d.target)
	if d.tag != "" {
		fmt.Fprintf(&b, "  selector: {tags: {Name: %s}}\n", d.tag)
	} else {
		fmt.Fprintf(&b, "  id: %s\n", d.id)
	}
	if d.count >= 0 {
		fmt.Fprintf(&b, "  secondary: {count: %d}\n", d.count)
	} else {
		fmt.Fprintf(&b, "  secondary: {addresses: [%s]}\n", strings.Join(d.addresses, ", "))
	}
	if d.gateway {
		fmt.Fprintf(&b, "  drain: {maxDuration: %ds}\n  minServing: %d\n", d.drain, d.minServing)
	} else {
		fmt.Fprintf(&b, "  allowReassignment: %t\n", d.reassign)
	}
	if d.prefixes != nil {
		fmt.Fprintf(&b, "  prefixes: {cidrs: [%s]}\n", strings.Join(d.prefixes, ", "))
	}
	if !d.suspended.IsZero() {
		fmt.Fprintf(&b, "  suspend: {until: %s, reason: look first, owner: ada@example.com}\n", d.suspended.UTC().Format(time.RFC3339))
	}
	return b.String()
}

// wants reports whether a document asks for an address by its name.
func (d doc) wants(ip string) bool { return slices.Contains(d.addresses, ip) }
