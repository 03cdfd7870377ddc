package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// epochs is a sealed log whose records have these epochs.
func epochs(t *testing.T, numbers ...uint64) []Record {
	t.Helper()
	var log []Record
	var head Head
	for _, epoch := range numbers {
		r, line, err := Seal(Record{Kind: KindTaken, Time: start, Target: target, Replica: "a", Epoch: epoch}, head)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(r); err != nil || !bytes.Equal(again, line) {
			t.Fatalf("%s is not %s", line, again)
		}
		log, head = append(log, r), Head{r.Seq, r.Hash}
	}
	return log
}

func each(log []Record) Records {
	return func(yield func(Record, error) bool) {
		for _, r := range log {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestALogInWhichAnEpochGoesBackIsWrong(t *testing.T) {
	good := epochs(t, 0, 1, 1, 2, 5)
	if head, err := VerifyAfter(Head{}, each(good)); err != nil || head.Seq != 5 {
		t.Errorf("%+v %v", head, err)
	}
	for _, numbers := range [][]uint64{{1, 2, 1}, {1, 1, 0}} {
		log := epochs(t, numbers...)
		_, walked := VerifyAfter(Head{}, each(log))
		_, exported := VerifyExport(each(log))
		for _, err := range []error{walked, exported} {
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || corrupt.Seq != 3 || !strings.Contains(err.Error(), "lost its lease") {
				t.Errorf("epochs %v: %v", numbers, err)
			}
		}
	}
}

func TestExplainSaysWhichReplicaMadeACall(t *testing.T) {
	call := Record{Kind: KindIntent, Target: target, ResourceID: "nat-1", Verb: "assign", Addresses: []netip.Addr{addrA}}
	of := func(epoch uint64) Record { r := call; r.Epoch = epoch; return r }
	story := Explain(numbered([]Record{
		call,
		{Kind: KindTaken, Target: target, Epoch: 3, Replica: "a"}, of(3),
		{Kind: KindTaken, Target: "other", Epoch: 9, Replica: "b"}, of(3),
		{Kind: KindTaken, Target: target, Epoch: 4, Replica: "c"}, of(4),
		of(5), // whose taking was cut off
	}), addrA)
	var got []string
	for _, e := range story.Events {
		got = append(got, e.Replica)
	}
	if want := ",a,a,c,"; strings.Join(got, ",") != want {
		t.Errorf("%q, not %q", strings.Join(got, ","), want)
	}
}
