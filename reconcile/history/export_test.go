package history

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnExportIsVerifiedWithoutTheLogAndTheNextOneHangsOnIt(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "h.db"))
	wrote := appendNotes(t, f, 6)
	var first, second bytes.Buffer
	span, err := Export(&first, func(yield func(Record, error) bool) {
		for r, err := range f.Records(ctx, 1) {
			if r.Seq > 4 || !yield(r, err) {
				return
			}
		}
	})
	if err != nil || span != (Span{From: 1, To: 4, Head: wrote[3].Hash}) {
		t.Fatalf("%+v, %v", span, err)
	}
	if span, err = Export(&second, f.Records(ctx, 5)); err != nil || span != (Span{From: 5, To: 6, Before: wrote[3].Hash, Head: wrote[5].Hash}) {
		t.Fatalf("%+v, %v", span, err)
	}
	for name, data := range map[string]string{"the second": second.String(), "both in one": first.String() + second.String()} {
		if got, err := VerifyExport(ReadExport("x.jsonl", strings.NewReader(data))); err != nil || got.To != 6 || got.Head != wrote[5].Hash {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, c := range map[string]struct{ data, want string }{
		"a line that is no record":   {first.String() + "{}x\n", "x.jsonl:5: "},
		"a line that was reworded":   {strings.Replace(first.String(), `{"seq":2,`, `{ "seq":2,`, 1), "x.jsonl:2: "},
		"a record that was changed":  {strings.Replace(first.String(), `"kind":"commit"`, `"kind":"comma"`, 1), "record 1 is wrong: "},
		"a gap":                      {strings.SplitAfterN(first.String(), "\n", 2)[0] + second.String(), "record 2 is wrong: it is missing"},
		"a beginning out of nowhere": {strings.Replace(second.String(), `"seq":5`, `"seq":1`, 1), "record 1 is wrong: "},
		"a line without end":         {strings.Repeat("x", maxRecord+2), "x.jsonl: "},
	} {
		if _, err := VerifyExport(ReadExport("x.jsonl", strings.NewReader(c.data))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
