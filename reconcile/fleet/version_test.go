package fleet

import "testing"

func TestNoTwoStatusesThatDifferHaveTheSameNumberOfTurns(t *testing.T) {
	f := &Fleet{}
	last := 0
	for _, s := range []struct {
		shown string
		turns int
		same  bool
	}{
		{"a:5 b:3", 8, false}, {"a:5 b:3", 8, true}, {"a:6 b:3", 9, false}, {"a:5 b:4", 9, false}, {"a:6 b:4", 10, false}, // asked while both turned
		{"b:4", 11, false}, {"b:4", 11, true}, {"b:4 a:0", 12, false}, {"b:9 a:7", 30, false},
	} {
		n := f.version(s.shown, s.turns)
		if n < s.turns || (n == last) != s.same || n < last {
			t.Errorf("%s of %d turns is number %d after %d", s.shown, s.turns, n, last)
		}
		last = n
	}
}
