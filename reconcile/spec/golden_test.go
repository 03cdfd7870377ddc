package spec

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected messages")

// TestBadSpecs runs testdata/bad.txtar: a spec, then what is said of it. The
// lines of the spec are indented below "spec:" of a gateway (or, when the name
// says "interface", of a network interface), unless it begins with "apiVersion".
func TestBadSpecs(t *testing.T) {
	const file = "testdata/bad.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, want := archive.Files[i], &archive.Files[i+1]
		t.Run(in.Name, func(t *testing.T) {
			set := Parse([]File{{Path: "a.yaml", Data: complete(in)}})
			var got strings.Builder
			for _, p := range set.Problems {
				fmt.Fprintln(&got, p.Error())
			}
			if got.Len() == 0 {
				t.Error("accepted")
			}
			if *update {
				want.Data = []byte(got.String())
			} else if got.String() != string(want.Data) {
				t.Errorf("got\n%swant\n%s", got.String(), want.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func complete(f txtar.File) []byte {
	text := string(f.Data)
	if strings.HasPrefix(text, "apiVersion") {
		return f.Data
	}
	kind, id := "NatGateway", "nat-0ee3edd182361f662"
	if strings.Contains(f.Name, "interface") {
		kind, id = "NetworkInterface", "eni-0065a61b324d1897a"
	}
	head := "apiVersion: sluice/v1\nkind: " + kind + "\nmetadata: {name: a}\nspec:\n"
	if !strings.Contains(text, "id:") && !strings.Contains(text, "selector:") {
		head += "  id: " + id + "\n"
	}
	body := strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
	return []byte(head + "  " + body + "\n")
}
