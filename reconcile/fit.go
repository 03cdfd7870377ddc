package reconcile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

const (
	// largestRecord leaves of the history's limit of 1 MiB what the store adds.
	largestRecord = 1<<20 - 8<<10
	// longestVerdict is what is kept of one message where there is too much.
	longestVerdict = 4 << 10
)

// fit makes a judged record one that can be written: rules may say any number of things,
// and without its record nothing is carried out. What the decision rests on goes first,
// since it is wanted only for judging again; then what was said, the least grave first.
// How much was left out stands in the message.
func fit(r history.Record) history.Record {
	if sizeOf(r) <= largestRecord {
		return r
	}
	if r.Basis = nil; sizeOf(r) <= largestRecord {
		return r
	}
	said := slices.Clone(r.Verdicts)
	slices.SortStableFunc(said, func(a, b history.Verdict) int { return cmp.Compare(gravity(a), gravity(b)) })
	r.Verdicts = nil
	const note = 128 // of what was left out
	room, left := largestRecord-sizeOf(r)-note, 0
	for _, v := range said {
		if len(v.Msg) > longestVerdict {
			v.Msg = strings.ToValidUTF8(v.Msg[:longestVerdict], "") + "…"
		}
		if size := sizeOf(v) + len(","); size <= room {
			r.Verdicts, room = append(r.Verdicts, v), room-size
		} else {
			left++
		}
	}
	if left > 0 {
		r.Message = strings.TrimPrefix(fmt.Sprintf("%s; %d of %d verdicts are left out, the record has no room for them", r.Message, left, len(said)), "; ")
	}
	return r
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
