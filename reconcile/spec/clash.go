package spec

import (
	"fmt"
	"strings"
)

// refuseClashes makes both documents bad when two have one name, or claim one
// resource by its id. Taking either would let the order of files decide. Claims
// by tags are compared in reconcile/plan, where it is known what they match.
func refuseClashes(all []entry) {
	for _, group := range groupBy(all, func(d Document) string { return d.Name }) {
		refuse(group, []string{"metadata", "name"}, func(d Document) string {
			return "name " + quote(d.Name) + " is taken"
		}, "names must be unique among all specs; rename one of them")
	}
	for _, group := range groupBy(all, claim) {
		refuse(group, []string{"spec", "id"}, func(d Document) string {
			return d.ID + " in target " + quote(d.Target) + " is claimed"
		}, "a resource has one spec; merge the two, or remove one")
	}
}

// claim is the same for two documents that claim one resource.
func claim(d Document) string {
	if d.ID == "" {
		return ""
	}
	return d.Target + "\x00" + d.ID
}

// groupBy returns the documents of each key that several have. An empty key is
// none.
func groupBy(all []entry, key func(Document) string) map[string][]*entry {
	groups := map[string][]*entry{}
	for i := range all {
		if k := key(all[i].doc); k != "" {
			groups[k] = append(groups[k], &all[i])
		}
	}
	for k, group := range groups {
		if len(group) < 2 {
			delete(groups, k)
		}
	}
	return groups
}

// refuse adds a problem to every document of a group, which names the others.
func refuse(group []*entry, path []string, what func(Document) string, advice string) {
	for _, e := range group {
		p := e.yaml.Problemf(path, "%s by %s too; %s", what(e.doc), places(group, e), advice)
		e.doc.Problems = append(e.doc.Problems, p)
	}
}

// places names the documents of a group other than self, the first few of them.
func places(group []*entry, self *entry) string {
	const most = 3
	var list []string
	for _, e := range group {
		if e == self {
			continue
		}
		if len(list) == most {
			list = append(list, fmt.Sprintf("%d more", len(group)-1-most))
			break
		}
		list = append(list, fmt.Sprintf("%s:%d", e.doc.File, e.doc.Line))
	}
	return strings.Join(list, " and ")
}
