package gitsource

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

const (
	branchPrefix = "refs/heads/"
	tagPrefix    = "refs/tags/"
	// maxRefName is what a file system can hold as one name; servers allow no more.
	maxRefName = 255
	// shownRefs is how many refs an error lists.
	shownRefs = 5
)

// check validates the names. They are sent to servers and looked up as files by
// the library, so nothing that Git itself would refuse may pass.
func (r Ref) check() error {
	set := 0
	for _, v := range []string{r.Branch, r.Tag, r.Semver, r.Commit, r.Name} {
		if v != "" {
			set++
		}
	}
	if set > 1 {
		return fmt.Errorf("ref: more than one of branch, tag, semver, commit and name is set; keep one")
	}
	if r.Branch != "" {
		if err := checkRefName(r.Branch); err != nil {
			return fmt.Errorf("ref.branch: %w", err)
		}
	}
	if r.Tag != "" {
		if err := checkRefName(r.Tag); err != nil {
			return fmt.Errorf("ref.tag: %w", err)
		}
	}
	if r.Semver != "" {
		if err := CheckRange(r.Semver); err != nil {
			return fmt.Errorf("ref.semver: %w", err)
		}
	}
	if r.Name != "" {
		if err := checkRefName(r.Name); err != nil {
			return fmt.Errorf("ref: %w", err)
		}
	}
	if r.Commit != "" {
		if err := checkCommit(r.Commit); err != nil {
			return fmt.Errorf("ref.commit: %w", err)
		}
	}
	return nil
}

// full lists the whole names that the ref may have, the first that exists counts;
// none for HEAD, for a pinned commit and for a range of versions.
func (r Ref) full() []string {
	switch {
	case r.Branch != "":
		return []string{branchPrefix + r.Branch}
	case r.Tag != "":
		return []string{tagPrefix + r.Tag}
	case r.Name != "":
		return []string{branchPrefix + r.Name, tagPrefix + r.Name}
	}
	return nil
}

// String names the ref in a sentence.
func (r Ref) String() string {
	switch {
	case r.Branch != "":
		return fmt.Sprintf("branch %q", r.Branch)
	case r.Tag != "":
		return fmt.Sprintf("tag %q", r.Tag)
	case r.Semver != "":
		return fmt.Sprintf("a tag in the range %q", r.Semver)
	case r.Commit != "":
		return "commit " + r.Commit
	case r.Name != "":
		return fmt.Sprintf("branch or tag %q", r.Name)
	}
	return "HEAD"
}

// checkRefName applies the rules of git-check-ref-format to a short name.
func checkRefName(name string) error {
	const advice = "give the name as `git branch` or `git tag` lists it"
	switch {
	case len(name) > maxRefName:
		return fmt.Errorf("a name of %d bytes is longer than %d", len(name), maxRefName)
	case !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%q holds control characters; %s", name, advice)
	case strings.ContainsAny(name, " ~^:?*[\\"), strings.Contains(name, "@{"), strings.Contains(name, ".."):
		return fmt.Errorf("%q is not a ref name: spaces, .., @{ and any of ~^:?*[\\ are not allowed; %s", name, advice)
	case strings.HasPrefix(name, "-"), strings.HasSuffix(name, "."), name == "@", name == "HEAD":
		return fmt.Errorf("%q is not a ref name; %s", name, advice)
	case strings.HasPrefix(name, "refs/"):
		return fmt.Errorf("%q is a full name; %s, without refs/heads/ or refs/tags/", name, advice)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return fmt.Errorf("%q is not a ref name: a part is empty, begins with a dot or ends with .lock; %s", name, advice)
		}
	}
	return nil
}

// checkCommit accepts a whole SHA-1 object id in lower case.
func checkCommit(id string) error {
	if _, err := hex.DecodeString(id); err == nil && id == strings.ToLower(id) {
		switch len(id) {
		case 40:
			return nil
		case 64:
			return fmt.Errorf("%s is a SHA-256 object id, and SHA-256 repositories are not supported", id)
		}
	}
	return fmt.Errorf("%q is not a commit id; give all 40 hex digits in lower case, as `git rev-parse` prints them", id)
}

// missingRef is the error for a ref that is not there. It lists some that are,
// branches before tags.
func missingRef(where string, ref Ref, names []string) error {
	var shown []string
	for _, kind := range [][2]string{{branchPrefix, "branch "}, {tagPrefix, "tag "}} {
		var of []string
		for _, n := range names {
			if short, ok := strings.CutPrefix(n, kind[0]); ok {
				of = append(of, kind[1]+words.Quote(short))
			}
		}
		slices.Sort(of)
		shown = append(shown, of...)
	}
	has := "; it has no branch and no tag"
	if n := len(shown); n > shownRefs {
		has = fmt.Sprintf("; it has %s and %d more", strings.Join(shown[:shownRefs], ", "), n-shownRefs)
	} else if n > 0 {
		has = "; it has " + strings.Join(shown, ", ")
	}
	if ref == (Ref{}) {
		return failf(ErrRefNotFound, where, "HEAD names no branch that exists: set ref.branch%s", has)
	}
	return failf(ErrRefNotFound, where, "%s does not exist: check the name%s", ref, has)
}
