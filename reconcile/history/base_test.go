package history

import "testing"

func TestTheCommitThatTheNextOneMustDescendFrom(t *testing.T) {
	commit := func(kind Kind, id string) Record { return Record{Kind: kind, Commit: id} }
	denied := commit(KindConverged, "c2")
	denied.Decision = "deny"
	cases := []struct {
		name        string
		records     []Record
		base, taken string
	}{
		{"nothing", nil, "", ""},
		{"seen and judged only", []Record{commit(KindCommit, "c1"), commit(KindDecision, "c1"), commit(KindHeld, "c1")}, "", ""},
		{"a call was made", []Record{unassign("c1", addrA)}, "c1", ""},
		{"everything is as it says", []Record{commit(KindConverged, "c1")}, "c1", ""},
		{"a part was denied, and no call made", []Record{commit(KindConverged, "c1"), denied}, "c1", ""},
		{"acknowledged", []Record{commit(KindConverged, "c1"), commit(KindHeld, "c2"), commit(KindAcknowledged, "c2")}, "c2", "c2"},
		{"and gone past", []Record{commit(KindAcknowledged, "c2"), unassign("c3", addrA)}, "c3", "c2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := fold(c.records...)
			if l.Base() != c.base || l.Acknowledged() != c.taken {
				t.Errorf("base %q, acknowledged %q", l.Base(), l.Acknowledged())
			}
		})
	}
}

// A repository has its own last applied commit. One of which nothing was applied yet
// may be the same one under another URL.
func TestEachRepositoryGoesOnFromItsOwnLastCommit(t *testing.T) {
	seen := func(id, source string) Record { return Record{Kind: KindCommit, Commit: id, Source: source} }
	applied := func(id string) Record { return Record{Kind: KindConverged, Commit: id} }
	cases := []struct {
		name     string
		records  []Record
		one, two string // the bases in h/one and h/two
	}{
		{"only one was applied", []Record{seen("a", "h/one"), applied("a")}, "a", "a"},
		{"both were", []Record{seen("a", "h/one"), applied("a"), seen("b", "h/two"), applied("b")}, "a", "b"},
		{"a folder came last", []Record{seen("a", "h/one"), applied("a"), seen("dir:b", "/specs"), applied("dir:b")}, "a", "dir:b"},
		{"both hold one commit", []Record{seen("a", "h/one"), applied("a"), seen("b", "h/two"), applied("b"), seen("b", "h/one")}, "b", "b"},
		{"acknowledged before it was seen", []Record{seen("a", "h/one"), applied("a"), {Kind: KindAcknowledged, Commit: "c"}}, "c", "c"},
		{"records did not name it once", []Record{seen("a", "h/one"), applied("a"), seen("b", ""), applied("b")}, "b", "b"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := fold(c.records...)
			if one, two := l.BaseIn("h/one"), l.BaseIn("h/two"); one != c.one || two != c.two {
				t.Errorf("bases %q and %q, want %q and %q", one, two, c.one, c.two)
			}
		})
	}
}
