package reconcile

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

const (
	// sealing is what the store adds to a record.
	sealing       = 8 << 10
	largestRecord = 1<<20 - sealing // of the history's limit of 1 MiB
	largestPacked = history.MostPacked - sealing
	// longestVerdict is what is kept of one message where there is too much.
	longestVerdict = 4 << 10
)

// fit makes a judged record one that can be written: rules may say any number of things,
// and without its record nothing is carried out. What the decision rests on goes first,
// since it is wanted only for judging again; then what was said, the least grave first.
// How much was left out stands in the message. A plan goes before what was said where it
// takes most of the room, as only texts that do not pack do: what is left of it is approved
// anew then.
func fit(r history.Record) history.Record {
	if fits(r) {
		return r
	}
	if r.Basis = nil; fits(r) {
		return r
	}
	said := slices.Clone(r.Verdicts)
	slices.SortStableFunc(said, func(a, b history.Verdict) int { return cmp.Compare(gravity(a), gravity(b)) })
	r.Verdicts = nil
	if sizeOf(r) > largestPacked/2 && packedSize(r) > largestPacked/2 {
		r.Plan = nil
	}
	const note = 128 // of what was left out
	room := largestRecord - sizeOf(r) - note
	for _, v := range said {
		if len(v.Msg) > longestVerdict {
			v.Msg = strings.ToValidUTF8(v.Msg[:longestVerdict], "") + "…"
		}
		if size := sizeOf(v) + len(","); size <= room {
			r.Verdicts, room = append(r.Verdicts, v), room-size
		}
	}
	r.Verdicts = packing(r)
	if left := len(said) - len(r.Verdicts); left > 0 {
		r.Message = strings.TrimPrefix(fmt.Sprintf("%s; %d of %d verdicts are left out, the record has no room for them", r.Message, left, len(said)), "; ")
	}
	return r
}

// packing is as many of a record's verdicts as fit when packed, from the first.
func packing(r history.Record) []history.Verdict {
	all := r.Verdicts
	if fits(r) {
		return all
	}
	n := sort.Search(len(all), func(n int) bool {
		r.Verdicts = all[:n+1]
		return !fits(r)
	})
	return all[:n]
}

// fits reports whether every store takes a record: a table's items hold little of what
// does not pack.
func fits(r history.Record) bool {
	size := sizeOf(r)
	return size <= largestPacked || size <= largestRecord && packedSize(r) <= largestPacked
}

// gravity orders verdicts, the gravest first: an approval, since by it calls are made, and
// what stopped something. What is unknown here counts as grave.
func gravity(v history.Verdict) int {
	return slices.Index([]string{"allow", policy.Deny, policy.Hold, "waived", policy.Cap, policy.Warn}, v.Decision)
}

// sizeOf is how many bytes of JSON a value takes.
func sizeOf(v any) int {
	data, err := json.Marshal(v)
	if err != nil {
		return 0 // whoever writes it says so
	}
	return len(data)
}

// packedSize is how many bytes that JSON takes as gzip, which is what a table holds.
func packedSize(v any) int {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_ = json.NewEncoder(w).Encode(v) // see sizeOf; the rest is memory
	_ = w.Close()
	return buf.Len()
}
