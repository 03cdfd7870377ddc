package gitsource

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

func TestARangeOfVersionsGivesTheNewestTagInIt(t *testing.T) {
	tests := []struct{ name, within, want string }{
		{"the highest, not the last by name", ">=1.2.0 <2.0.0", "v1.10.0"},
		{"a tag without v", "~1.2", "1.2.9"},
		{"a pre-release only if the range names one", ">=2.0.0-0 <2.0.0", "v2.0.0-rc.2"},
		{"an annotated tag", "^0.9", "v0.9.0"},
		{"exactly one", "=1.2.3", "v1.2.3"},
		{"any release", "*", "v3.0.0"},
	}
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		ids := map[string]string{}
		for i, tag := range []string{"v3.0.0", "v1.2.3", "1.2.9", "v1.10.0", "v1.9.0", "v2.0.0-rc.1", "v2.0.0-rc.2", "v4", "v4.0", "release-9.0.0", "v5.0.0.1", "V6.0.0"} {
			ids[tag] = r.commit("main", map[string]node{"a.yaml": file(fmt.Sprint(i))})
			r.point(tagPrefix+tag, ids[tag])
		}
		ids["v0.9.0"] = r.commit("main", map[string]node{"a.yaml": file("0.9")})
		r.tag("v0.9.0", ids["v0.9.0"], plumbing.CommitObject)
		for _, tt := range tests {
			cfg.Ref = Ref{Semver: tt.within}
			s := open(t, cfg)
			got, err := s.Snapshot(t.Context(), nil)
			check(t, err)
			if got.Commit.ID != ids[tt.want] {
				t.Errorf("%s: %s gave %q, want that of %s", tt.name, tt.within, got.Commit.Message, tt.want)
			}
			if again, err := s.Snapshot(t.Context(), got); err != nil || again != got {
				t.Errorf("%s: a second look gave another snapshot, or %v", tt.name, err)
			}
			if st := s.Stats(); st != (Stats{LsRemotes: 2, Fetches: 1}) {
				t.Errorf("%s: %+v", tt.name, st)
			}
		}
		cfg.Ref = Ref{Semver: ">=7"}
		_, err := open(t, cfg).Head(t.Context())
		wantError(t, err, ErrRefNotFound, `a tag in the range ">=7" does not exist`, "branch main")
	})
}

func TestANewerTagInTheRangeIsANewCommit(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		first := r.commit("main", map[string]node{"a.yaml": file("1")})
		r.point(tagPrefix+"v1.0.0", first)
		cfg.Ref = Ref{Semver: "^1"}
		s := open(t, cfg)
		a, err := s.Snapshot(t.Context(), nil)
		check(t, err)
		second := r.commit("main", map[string]node{"a.yaml": file("2")}, first)
		r.tag("v1.1.0", second, plumbing.CommitObject)
		r.point(tagPrefix+"v2.0.0", r.commit("main", map[string]node{"a.yaml": file("3")}, second))
		b, err := s.Snapshot(t.Context(), a)
		check(t, err)
		if b.Commit.ID != second {
			t.Errorf("got %q", b.Commit.Message)
		}
	})
}

func TestTwoTagsOfOneVersion(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		id := r.commit("main", map[string]node{"a.yaml": file("1")})
		r.point(tagPrefix+"v1.0.0", id)
		r.tag("1.0.0", id, plumbing.CommitObject)
		cfg.Ref = Ref{Semver: "^1"}
		got, err := open(t, cfg).Head(t.Context())
		if strings.Contains(t.Name(), "the_library's_server") { // it does not say what a tag is for
			wantError(t, err, ErrRefused, "are one version and two commits")
		} else if err != nil || got != id {
			t.Errorf("of one commit: %s, %v", got, err)
		}
		r.point(tagPrefix+"v1.0.0+other", r.commit("main", map[string]node{"a.yaml": file("2")}))
		_, err = open(t, cfg).Head(t.Context())
		wantError(t, err, ErrRefused, "are one version and two commits", "the tags 1.0.0 and v1.0.0", "delete one of them")
	})
}

func TestAWrongRangeIsRefusedAtOpen(t *testing.T) {
	for _, text := range []string{"newest", ">=", "1.2.3 ||", "\x00", strings.Repeat("1", 300), ">=1.0.0\n<2"} {
		_, err := Open(Config{URL: "file:///nowhere", Ref: Ref{Semver: text}})
		wantError(t, err, nil, "ref.semver: ", "is not a range of versions", "write one such as")
	}
	_, err := Open(Config{URL: "file:///nowhere", Ref: Ref{Semver: "1", Tag: "v1"}})
	wantError(t, err, nil, "more than one of")
}

// advertising serves a list of refs that no honest server has; any other request fails
// the test.
func advertising(t *testing.T, asked *atomic.Int64, lines ...string) string {
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		if !strings.HasSuffix(q.URL.Path, "/info/refs") {
			t.Errorf("asked for %s", q.URL.Path)
		}
		w.Header().Set("Content-Type", advertType)
		e := pktline.NewEncoder(w)
		_ = e.EncodeString("# service=git-upload-pack\n")
		_ = e.Flush()
		for i, line := range lines {
			if i == 0 && !strings.Contains(line, "\x00") { // or it brings its own capabilities
				line += "\x00shallow"
			}
			_ = e.EncodeString(line + "\n")
		}
		_ = e.Flush()
	}))
}

func TestRefNamesOfAServerAreDataNeverPaths(t *testing.T) {
	var asked atomic.Int64
	good, bad := strings.Repeat("a", 40), strings.Repeat("b", 40)
	lines := []string{good + " refs/tags/v1.0.0"}
	for _, name := range []string{"../../x", "v9.0.0/../../../etc/passwd", "v9.0.0-\x1b[31m", "v9.9.9-" + strings.Repeat("x", 5000), "..", "v9.0.0\\x", "v9.0.0;rm"} {
		lines = append(lines, bad+" refs/tags/"+name)
	}
	lines = append(lines, bad+" ../../refs/tags/v9.0.0", bad+" refs/heads/v9.0.0")
	for i := range 5000 {
		lines = append(lines, fmt.Sprintf("%s refs/tags/v0.0.%d", bad, i))
	}
	s := open(t, Config{URL: advertising(t, &asked, lines...), Ref: Ref{Semver: "*"}})
	if got, err := s.Head(t.Context()); err != nil || got != good {
		t.Errorf("got %s, %v", got, err)
	}
	if asked.Load() != 1 {
		t.Errorf("one look made %d requests", asked.Load())
	}
	// A NUL ends the list: the protocol has one, before the capabilities.
	s = open(t, Config{URL: advertising(t, &asked, lines[0], bad+" refs/tags/v9\x00.0.0"), Ref: Ref{Semver: "*"}})
	if got, err := s.Head(t.Context()); err == nil && got != good {
		t.Errorf("a name with a NUL byte: %s", got)
	}
}

func TestMoreTagsThanTheCapAreAnError(t *testing.T) {
	names := make([]string, maxTags+1)
	for i := range names {
		names[i] = tagPrefix + "x"
	}
	_, err := Ref{Semver: "*"}.newest("here", names, nil)
	wantError(t, err, ErrLimit, "there are more than 100000 tags", "set ref.tag or ref.branch")
}
