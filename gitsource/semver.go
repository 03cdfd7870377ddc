package gitsource

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/Masterminds/semver/v3"
	"github.com/go-git/go-git/v5/plumbing"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

const (
	// maxTags bounds how many tags are read as versions.
	maxTags = 100_000
	// maxRange bounds the text of a range.
	maxRange = 256
)

// CheckRange says what is wrong with a range of versions, as [Ref].Semver takes it:
// ">=1.2.0 <2.0.0", "~1.2", "^1". Pre-releases are in a range only if it names one,
// as in ">=1.2.0-0". The error quotes the text and shows how a range is written.
func CheckRange(text string) error {
	_, err := parseRange(text)
	return err
}

func parseRange(text string) (*semver.Constraints, error) {
	if len(text) > maxRange || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, fmt.Errorf("%.40q is not a range of versions; write one such as %q", text, ">=1.2.0 <2.0.0")
	}
	c, err := semver.NewConstraint(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a range of versions; write one such as %q", text, ">=1.2.0 <2.0.0")
	}
	return c, nil
}

// newest finds the tag of the highest version in the range of Ref.Semver, among the
// whole names of a repository's references. Tags are versions as v1.2.3 and as 1.2.3;
// all others are passed over. commit says what a tag leads to: two tags of one
// version that lead to different commits are refused, for either could be the wrong one.
func (r Ref) newest(where string, names []string, commit func(full string) (plumbing.Hash, error)) (string, error) {
	within, err := parseRange(r.Semver)
	if err != nil {
		return "", err
	}
	var best *semver.Version
	var same []string // the tags of the best version
	tags := 0
	for _, full := range names {
		short, ok := strings.CutPrefix(full, tagPrefix)
		if !ok {
			continue
		}
		if tags++; tags > maxTags {
			return "", failf(ErrLimit, where, "there are more than %d tags; set ref.tag or ref.branch", maxTags)
		}
		v, err := semver.StrictNewVersion(strings.TrimPrefix(short, "v"))
		if err != nil || len(short) > maxRefName || !within.Check(v) {
			continue
		}
		switch order := compare(v, best); {
		case order > 0:
			best, same = v, []string{full}
		case order == 0:
			same = append(same, full)
		}
	}
	if best == nil {
		return "", missingRef(where, r, names)
	}
	return oneTag(where, same, commit)
}

// compare orders versions; nil is below all.
func compare(v, best *semver.Version) int {
	if best == nil {
		return 1
	}
	return v.Compare(best)
}

// oneTag picks among tags of one version, which must lead to one commit.
func oneTag(where string, tags []string, commit func(string) (plumbing.Hash, error)) (string, error) {
	if len(tags) == 1 {
		return tags[0], nil
	}
	slices.Sort(tags)
	first, err := commit(tags[0])
	if err != nil {
		return "", err
	}
	for _, other := range tags[1:] {
		h, err := commit(other)
		if err != nil {
			return "", err
		}
		if h != first {
			return "", failf(ErrRefused, where, "the tags %s and %s are one version and two commits (%s, %s): delete one of them",
				words.Quote(strings.TrimPrefix(tags[0], tagPrefix)), words.Quote(strings.TrimPrefix(other, tagPrefix)), first, h)
		}
	}
	return tags[0], nil
}
