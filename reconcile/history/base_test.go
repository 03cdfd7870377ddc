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

func TestACommitOfAnotherRepositoryIsNoBase(t *testing.T) {
	l := NewLedger()
	l.Add(Record{Kind: KindCommit, Commit: "a", Source: "https://h/one"})
	l.Add(Record{Kind: KindIntent, Commit: "a"})
	for source, want := range map[string]string{"https://h/one": "a", "https://h/two": ""} {
		if got := l.BaseIn(source); got != want {
			t.Errorf("%s: base %q, want %q", source, got, want)
		}
	}
	l.Add(Record{Kind: KindCommit, Commit: "b"}) // as records were before they named it
	l.Add(Record{Kind: KindIntent, Commit: "b"})
	if got := l.BaseIn("https://h/two"); got != "b" {
		t.Errorf("of a commit that is from nowhere in particular the base is %q", got)
	}
}
