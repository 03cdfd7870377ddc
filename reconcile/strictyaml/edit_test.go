package strictyaml

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAListIsEditedWhereItStands(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"in brackets", "a: {b: [x, y]} # c\n", "a: {b: [y, z]} # c\n"},
		{"in brackets on two lines", "a:\n  b: [x,\n      y]\nc: d\n", "a:\n  b: [y, z]\nc: d\n"},
		{"behind letters of several bytes", "ü: {é: 1}\na: {ö: é, b: [y]}\n", "ü: {é: 1}\na: {ö: é, b: [y, z]}\n"},
		{"a line an item", "a:\n  b:\n  - x\n  # of y\n  - y # c\n  d: e\n", "a:\n  b:\n  # of y\n  - y # c\n  - z\n  d: e\n"},
		{"with more room behind the dash", "a:\n  b:\n   -   y\n", "a:\n  b:\n   -   y\n   -   z\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs, _ := Parse("a.yaml", []byte(c.before))
			got, err := docs[0].SetList([]byte(c.before), []string{"y", "z"}, "a", "b")
			if err != nil || string(got) != c.after {
				t.Errorf("%v\n%s", err, got)
			}
		})
	}
}

func TestWhatAProgramShouldNotEditItRefuses(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"a comment inside of brackets", "a: {b: [x, # c\n  y]}\n"},
		{"a dash on a line of its own", "a:\n  b:\n    -\n      x\n"},
		{"two items of lists on one line", "a:\n  b:\n  - - x\n"},
		{"no list", "a: {b: x}\n"},
		{"nothing", "a: {}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs, _ := Parse("a.yaml", []byte(c.text))
			if got, err := docs[0].SetList([]byte(c.text), []string{"y"}, "a", "b"); !errors.Is(err, errByHand) || !strings.HasPrefix(err.Error(), "a.yaml:") {
				t.Errorf("%v\n%s", err, got)
			}
		})
	}
	text := []byte("a: 'x'\nb: >\n  x\n")
	docs, _ := Parse("a.yaml", text)
	for _, key := range []string{"a", "b", "c"} {
		if got, err := docs[0].SetText(text, "y", key); !errors.Is(err, errByHand) {
			t.Errorf("%s: %v\n%s", key, err, got)
		}
	}
	if got, err := docs[0].SetText([]byte("é: 1 # c\n"), "2", "a"); err == nil {
		t.Errorf("another text was edited: %s", got)
	}
}

// Whatever stands in a file: an edit ends, and either is refused or gives a text.
func FuzzEditing(f *testing.F) {
	for _, seed := range []string{"a: {b: [x, y]}\n", "a:\n  b:\n  - x\n  - y # c", "\ufeff{\"a\": {\"b\": []}}", "a:\r\n  b:\r\n  - x\r\n", "a: {b: 1}\u2028\n", "---\na:\n b: [\n]\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := slices.Clone(text)
		docs, _ := Parse("a.yaml", text)
		for _, d := range docs {
			for _, values := range [][]string{{}, {"x", "z"}} {
				if out, err := d.SetList(text, values, "a", "b"); (err == nil) != (out != nil) {
					t.Errorf("%q, %v", out, err)
				}
			}
			_, _ = d.SetText(text, "2", "a", "b")
		}
		if !slices.Equal(before, text) {
			t.Errorf("the text itself was changed: %q", text)
		}
	})
}
