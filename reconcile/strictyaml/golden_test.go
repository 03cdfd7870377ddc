package strictyaml

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected messages")

// TestBadFiles runs the pairs in testdata/bad.txtar: a file, then what is said
// of it. Documents that parse are validated against testdata/schema.json. The
// escapes <TAB>, <NUL>, <CR>, <LS> and <FF> stand for bytes that an editor hides.
func TestBadFiles(t *testing.T) {
	const file = "testdata/bad.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("testdata/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	compiled := MustCompile(schema, "")
	bytesOf := strings.NewReplacer("<TAB>", "\t", "<NUL>", "\x00", "<CR>", "\r", "<LS>", "\u2028", "<FF>", "\xff", "<RLO>", "\u202e")
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, want := archive.Files[i], &archive.Files[i+1]
		t.Run(in.Name, func(t *testing.T) {
			docs, problems := Parse("f.yaml", []byte(bytesOf.Replace(string(in.Data))))
			for _, d := range docs {
				if len(d.Problems) == 0 {
					problems = append(problems, d.Validate(compiled)...)
				}
			}
			if len(problems) == 0 {
				t.Error("accepted")
			}
			got := lines(problems)
			if *update {
				want.Data = []byte(got)
			} else if got != string(want.Data) {
				t.Errorf("got\n%swant\n%s", got, want.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARefusedValueIsToldOnce(t *testing.T) {
	schema, err := os.ReadFile("testdata/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	docs, problems := Parse("f.yaml", []byte("kind: Test\nminServing: !!int 3\nname: 7\n"))
	if len(problems) != 1 || len(docs) != 1 {
		t.Fatalf("got %v", problems)
	}
	got := lines(docs[0].Validate(MustCompile(schema, "")))
	if want := "f.yaml:3:7: name must be lower-case letters, not the number 7\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}
