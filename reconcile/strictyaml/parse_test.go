package strictyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// lines joins problems for comparison, one a line.
func lines(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p.Error())
	}
	return b.String()
}

func TestParseReadsPlainValuesAsJSONDoes(t *testing.T) {
	for _, tc := range []struct{ name, yaml, json string }{
		{"a mapping", "b: 1\na: x\n", `{"a":"x","b":1}`},
		{"yes, no and on are text", "a: [yes, No, on, off, y]", `{"a":["yes","No","on","off","y"]}`},
		{"true and false are not", "a: [true, False]", `{"a":[true,false]}`},
		{"dates are text", "a: 2026-01-01\nb: 2026-01-01T00:00:00Z", `{"a":"2026-01-01","b":"2026-01-01T00:00:00Z"}`},
		{"a date can be a key", "2026-01-01: x", `{"2026-01-01":"x"}`},
		{"versions and addresses are text", "a: [1.2.3, 10.0.0.1, 10.0.0.0/28, 1:30]", `{"a":["1.2.3","10.0.0.1","10.0.0.0/28","1:30"]}`},
		{"whole numbers have one form", "a: [2, 2.0, 2e0, -0, 1e3]", `{"a":[2,2,2,0,1000]}`},
		{"other numbers stay as written", "a: [1.50, 12345678901234567890, 1e300]", `{"a":[1.50,12345678901234567890,1e300]}`},
		{"null in all its forms", "a:\nb: ~\nc: null\n", `{"a":null,"b":null,"c":null}`},
		{"quotes make text of anything", `a: ["1", '012', "true", "<<", "null", ""]`, `{"a":["1","012","true","<<","null",""]}`},
		{"text of several lines", "a: |\n  x\n  y\nb: >\n  x\n  y\n", `{"a":"x\ny\n","b":"x y\n"}`},
		{"angle brackets are kept", "a: <b>&", `{"a":"<b>&"}`},
		{"JSON is YAML", "{\"a\": [1, \"x\"],\n\t\"b\": {\"c\": null}}", `{"a":[1,"x"],"b":{"c":null}}`},
		{"CRLF and a byte order mark", "\ufeffa: 1\r\nb: 2\r\n", `{"a":1,"b":2}`},
		{"a merge sign as a value is text", "a: <<", `{"a":"<<"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			docs, problems := Parse("f.yaml", []byte(tc.yaml))
			if len(problems) > 0 || len(docs) != 1 {
				t.Fatalf("got %d documents and problems:\n%s", len(docs), lines(problems))
			}
			if got := string(docs[0].JSON()); got != tc.json {
				t.Errorf("got  %s\nwant %s", got, tc.json)
			}
		})
	}
}

func TestParseSplitsDocumentsAndSkipsEmptyOnes(t *testing.T) {
	docs, problems := Parse("f.yaml", []byte("# only a comment\n---\na: 1\n---\n# nothing\n---\n\nb: 2\n---\n"))
	if len(problems) > 0 || len(docs) != 2 {
		t.Fatalf("got %d documents, problems %v", len(docs), problems)
	}
	if docs[0].Line != 3 || docs[1].Line != 8 {
		t.Errorf("lines %d and %d, want 3 and 8", docs[0].Line, docs[1].Line)
	}
	if docs, problems := Parse("f.yaml", nil); len(docs)+len(problems) > 0 {
		t.Errorf("an empty file gave %v, %v", docs, problems)
	}
}

func TestOneBadDocumentLeavesTheOthersGood(t *testing.T) {
	docs, problems := Parse("f.yaml", []byte("a: 1\n---\na: &x 1\n---\na: 3\n"))
	if len(docs) != 3 || len(problems) != 1 {
		t.Fatalf("got %d documents, problems %v", len(docs), problems)
	}
	if len(docs[0].Problems)+len(docs[2].Problems) != 0 || len(docs[1].Problems) != 1 {
		t.Errorf("problems are with the wrong document: %v", docs)
	}
}

// bombs are files that made some YAML reader hang or fill the memory.
func bombs() map[string][]byte {
	aliases := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		aliases += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), ","))
	}
	fill := func(unit string) []byte { return []byte(strings.Repeat(unit, MaxBytes/len(unit))) }
	return map[string][]byte{
		"400 kB of opening brackets": bytes.Repeat([]byte("["), 400_000),
		"opening brackets":           fill("["),
		"opening braces":             fill("{"),
		"nested flow mappings":       fill("{a: "),
		"explicit keys":              fill("? "),
		"dashes":                     fill("- "),
		"9000 open lists":            append(bytes.Repeat([]byte("["), 9000), bytes.Repeat([]byte("]"), 9000)...),
		"aliases of aliases":         []byte(aliases),
		"merge keys":                 []byte("a: &a {x: 1}\nb: {" + strings.TrimSuffix(strings.Repeat("<<: *a, ", 3000), ", ") + "}\n"),
		"anchors":                    fill("- &a x\n"),
		"empty documents":            fill("---\n"),
		"one huge number":            append([]byte("a: "), bytes.Repeat([]byte("9"), 200_000)...),
		"a huge exponent":            []byte("a: 1e999999999"),
	}
}

func TestBombsEndSoonInLittleMemory(t *testing.T) {
	for name, data := range bombs() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, problems := Parse("bomb.yaml", data)
			elapsed := time.Since(start)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MiB", elapsed, allocated)
			if len(problems) == 0 {
				t.Error("accepted")
			}
			if len(problems) > maxProblems {
				t.Errorf("%d problems are too many to report", len(problems))
			}
			if allocated > 64 {
				t.Errorf("allocated %d MiB", allocated)
			}
			// What hangs, hangs for hours; a busy machine must not fail this.
			if elapsed > time.Minute {
				t.Errorf("took %v", elapsed)
			}
		})
	}
}

func TestPositionFindsValues(t *testing.T) {
	docs, _ := Parse("f.yaml", []byte("a:\n  b: [x, {c: é, d: 1}]\n"))
	for _, tc := range []struct {
		path         []string
		line, column int
	}{
		{nil, 1, 1},
		{[]string{"a"}, 2, 3},
		{[]string{"a", "b"}, 2, 6},
		{[]string{"a", "b", "0"}, 2, 7},
		{[]string{"a", "b", "1", "d"}, 2, 20},
		{[]string{"a", "b", "1", "none"}, 2, 10},
		{[]string{"a", "b", "7", "d"}, 2, 6},
		{[]string{"none", "b"}, 1, 1},
	} {
		if line, column := docs[0].Position(tc.path...); line != tc.line || column != tc.column {
			t.Errorf("%v: got %d:%d, want %d:%d", tc.path, line, column, tc.line, tc.column)
		}
	}
}

func TestDecodeRefusesUnknownFieldsAndKeepsTheRest(t *testing.T) {
	docs, _ := Parse("f.yaml", []byte("a: 1\nb: x\nc: 3\n"))
	var v struct{ A, C int }
	if err := docs[0].Decode(&v); err == nil || v.A != 1 || v.C != 3 {
		t.Errorf("got %+v, %v", v, err)
	}
}

// anyValue draws values as encoding/json makes them. Line breaks come only in
// the fixed texts: the library writes text that begins with one wrongly.
func anyValue(depth int) *rapid.Generator[any] {
	text := rapid.StringOf(rapid.RuneFrom([]rune("abz019-~<>&*!|%@`'\"\\#:,[]{}? \té日.+eE_")))
	scalars := []*rapid.Generator[any]{
		rapid.Custom(func(t *rapid.T) any { return text.Draw(t, "text") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Bool().Draw(t, "bool") }),
		rapid.Custom(func(t *rapid.T) any { return float64(rapid.IntRange(-1<<40, 1<<40).Draw(t, "int")) }),
		rapid.SampledFrom([]any{nil, "yes", "null", "~", "012", "0x1f", "1e3", ".inf", "2026-01-01", "<<", "", "x\ny\n", "x\n  y"}),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	list := rapid.Custom(func(t *rapid.T) any {
		return append([]any{}, rapid.SliceOfN(anyValue(depth-1), 0, 4).Draw(t, "list")...)
	})
	fields := rapid.Custom(func(t *rapid.T) any {
		return rapid.MapOfN(text, anyValue(depth-1), 0, 4).Draw(t, "map")
	})
	return rapid.OneOf(append(scalars, list, fields)...)
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]any{"v": anyValue(3).Draw(t, "value")}
		for name, encode := range map[string]func(any) ([]byte, error){"YAML": yaml.Marshal, "JSON": json.Marshal} {
			data, err := encode(want)
			if err != nil {
				t.Fatal(err)
			}
			docs, problems := Parse("f.yaml", data)
			if len(problems) > 0 || len(docs) != 1 {
				t.Fatalf("%s %q: %v", name, data, problems)
			}
			var got map[string]any
			if err := docs[0].Decode(&got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s %q: got %#v, want %#v", name, data, got, want)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a: [1, {b: c}]\n---\nd: 'x'\n"))
	f.Add([]byte("a: &x 1\nb: *x\n<<: {c: 012}\n? [1]\n: 2\n"))
	f.Add([]byte("\ufeffa: \"\\u0000\\x85\"\r\n"))
	f.Add([]byte("%YAML 1.1\n---\n!!binary aGk=\n...\n- x\n"))
	f.Add([]byte("{[? - | > 'a\n"))
	f.Add([]byte("a: !%00%1b x\nb: !%c2%85 {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, problems := Parse("f.yaml", data)
		last := bytes.Count(data, []byte("\n")) + 1
		for _, p := range problems {
			if p.Message == "" || p.Line > last || p.Line < 1 && len(data) <= MaxBytes && !strings.Contains(p.Message, "split it") || p.Line > 0 && p.Column < 1 {
				t.Errorf("problem without place or words: %+v", p)
			}
			if strings.ContainsFunc(p.Message, unicode.IsControl) {
				t.Errorf("not one line: %q", p.Message)
			}
		}
		for _, d := range docs {
			var v any
			if err := d.Decode(&v); err != nil {
				t.Errorf("JSON() cannot be read back: %v", err)
			}
			if d.Line < 1 || d.Line > last {
				t.Errorf("document on line %d of %d", d.Line, last)
			}
		}
	})
}
