package adopt

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// maxName is the longest metadata.name.
const maxName = 63

var (
	unfitRunes = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)
	// reserved are names that Windows keeps for devices, whatever their extension.
	reserved = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)
)

// folders are where each kind's files go.
var folders = map[inventory.Kind]string{
	inventory.KindNatGateway:       "nat-gateways",
	inventory.KindNetworkInterface: "network-interfaces",
}

// name gives every spec a name that no other spec has, and a file. Those who would
// share a name all get their ids behind it, so that none of them depends on which
// came first. Case does not tell two names apart: on many disks it does not either.
func name(specs []Spec, in Input) {
	wanted := map[string]int{}
	for _, d := range in.Documents {
		wanted[strings.ToLower(d.Name)]++
	}
	for i := range specs {
		specs[i].Name = fromTag(specs[i].Resource)
		wanted[strings.ToLower(specs[i].Name)]++
	}
	taken, files := map[string]bool{}, map[string]bool{}
	for _, d := range in.Documents {
		taken[strings.ToLower(d.Name)], files[strings.ToLower(d.File)] = true, true
	}
	for i := range specs {
		s := &specs[i]
		if wanted[strings.ToLower(s.Name)] > 1 {
			s.Name = join(s.Name, s.ID)
		}
		s.File = file(*s, in.FolderPerTarget)
		for n, plain := 2, s.Name; taken[strings.ToLower(s.Name)] || files[strings.ToLower(s.File)]; n++ {
			s.Name = join(plain, fmt.Sprint(n))
			s.File = file(*s, in.FolderPerTarget)
		}
		taken[strings.ToLower(s.Name)] = true
	}
}

// file is where a spec goes: a folder a kind, a file a resource, so that a change is a
// small diff, and owners can be given to folders.
func file(s Spec, byTarget bool) string {
	name := folders[s.Kind] + "/" + s.Name + ".yaml"
	if byTarget {
		return s.Target + "/" + name
	}
	return name
}

// fromTag makes a name of the Name tag; of the id where there is none that can be
// made one.
func fromTag(r Resource) string {
	text := trim(unfitRunes.ReplaceAllString(r.Tags["Name"], "-"))
	if len(text) > maxName {
		text = trim(text[:maxName])
	}
	switch {
	case text == "":
		return r.ID
	case reserved.MatchString(text):
		return join(text, r.ID)
	}
	return text
}

// join puts an id behind a name, within the length that a name may have.
func join(text, id string) string {
	if text == id {
		return id
	}
	if room := maxName - len(id) - 1; len(text) > room {
		text = trim(text[:room])
	}
	return text + "-" + id
}

// trim takes away what may not stand at the ends of a name.
func trim(text string) string { return strings.Trim(text, "-_.") }
