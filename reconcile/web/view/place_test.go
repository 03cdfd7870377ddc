package view

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

func TestAPlaceIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Za-z0-9][-A-Za-z0-9_.]{0,8}`)
		p := Place(rapid.MapOfN(name, rapid.Uint64(), 1, 9).Draw(t, "place"))
		if rapid.Bool().Draw(t, "one log") {
			p = Place{"": rapid.Uint64Min(1).Draw(t, "number")}
		}
		got, err := ParsePlace(p.String())
		if err != nil || !maps.Equal(got, p) {
			t.Fatalf("%q: %v, %v", p, got, err)
		}
	})
}

func TestAPlaceThatIsNoneIsRefused(t *testing.T) {
	for text, ok := range map[string]bool{"": true, "0": true, " 7 ": true, "a:7,b:0": true, "x": false, "-1": false, "a:": false, "a:1,": false, "18446744073709551616": false} {
		if _, err := ParsePlace(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if p, err := ParsePlace("0"); p != nil || err != nil {
		t.Errorf("0 is %v (%v), and not the newest entries", p, err)
	}
}

func FuzzPlace(f *testing.F) {
	for _, text := range []string{"", "4711", "prod-a:12,stage:0", ":7", "a:b:3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePlace(text)
		if err != nil {
			return
		}
		if again, err := ParsePlace(p.String()); err != nil || !maps.Equal(again, p) && len(p) > 0 && p.String() != "0" {
			t.Errorf("%q is %v, and %q %v (%v)", text, p, p, again, err)
		}
	})
}
