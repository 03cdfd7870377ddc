package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/seed-6ca89210/sluice/gitsource"
)

// Apart refuses policies that the change they judge could bring along: a folder
// inside the specs' folder or around it, or the same repository unless both name
// different branches or tags. Of a bundle, its file and the keys that it is trusted
// by count.
func Apart(specs, policies Repo) error {
	const advice = "a change of the specs could bring the policy that judges it: keep them apart"
	if policies.Bundle != nil {
		for _, file := range policies.Bundle.places() {
			if a := localFolder(specs); a != "" && within(localFolder(Repo{Dir: file}), a) {
				return fmt.Errorf("%s lies in %s, where the specs are; %s", file, shown(specs), advice)
			}
		}
		return nil
	}
	a, b := localFolder(specs), localFolder(policies)
	for _, file := range policies.Access.trusted() {
		if a != "" && within(localFolder(Repo{Dir: file}), a) {
			return fmt.Errorf("%s, which says what server the policies may come from, lies in %s, where the specs are; %s", file, shown(specs), advice)
		}
	}
	switch {
	case a != "" && b != "" && policies.Dir+specs.Dir != "" && (within(b, a) || within(a, b)):
		return fmt.Errorf("the policies in %s and the specs in %s lie in one another; %s", shown(policies), shown(specs), advice)
	case policies.URL != "" && specs.URL != "" && gitsource.Repository(policies.URL) == gitsource.Repository(specs.URL) && !otherRef(policies.Ref, specs.Ref):
		return fmt.Errorf("the policies and the specs come from one repository (%s) and may come from one ref; %s, or name another ref for each", shown(policies), advice)
	}
	return nil
}

// otherRef reports whether two refs are named and differ for certain.
func otherRef(a, b gitsource.Ref) bool {
	none := gitsource.Ref{}
	if a == none || b == none || a == b {
		return false
	}
	if a.Semver+b.Semver != "" { // a range may come to mean the other's tag
		return a.Branch+b.Branch != ""
	}
	return a.Name == "" && b.Name == "" || a.Name+a.Branch+a.Tag != b.Name+b.Branch+b.Tag
}

// localFolder is the folder on this machine that a source is read from, with links
// resolved; "" when it is elsewhere.
func localFolder(repo Repo) string {
	dir := repo.Dir
	if path, ok := strings.CutPrefix(repo.URL, "file://"); ok {
		dir = path
	}
	if dir == "" {
		return ""
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	return abs // it will not be found later either
}

// shown names a source without what may be secret in it.
func shown(repo Repo) string {
	if repo.Dir != "" {
		return repo.Dir
	}
	return cmp.Or(gitsource.Shown(repo.URL), "a url that cannot be used")
}
