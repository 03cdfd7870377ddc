package view

import (
	"reflect"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// maxChanged is how many resources a [Change] names. When more changed, it says so,
// and whoever shows one of them looks.
const maxChanged = 200

// Change is what differs between two statuses, by name only.
type Change struct {
	Status    bool     `json:"status"`              // counters, commit, errors, or the record
	Resources []string `json:"resources,omitempty"` // target/id of each
	All       bool     `json:"all,omitempty"`       // more resources than are named
}

// Changes compares a status with an earlier one; nil: with none.
func (f *Fleet) Changes(before *Fleet) Change {
	if before == nil {
		return Change{Status: true, All: true}
	}
	c := Change{Status: true} // whoever asks was told of an event: at least a time differs
	name := func(at place) {
		if len(c.Resources) < maxChanged {
			c.Resources = append(c.Resources, at.target+"/"+at.id)
			return
		}
		c.All = true
	}
	for at := range f.planned {
		if !f.same(before, at) {
			name(at)
		}
	}
	for at := range before.planned {
		if _, still := f.planned[at]; !still {
			name(at)
		}
	}
	slices.Sort(c.Resources)
	return c
}

// same reports whether a resource looks the same in both.
func (f *Fleet) same(before *Fleet, at place) bool {
	now, then := f.planned[at], before.planned[at]
	return len(now) == len(then) && reflect.DeepEqual(f.entries(now), before.entries(then)) &&
		slices.Equal(f.live[at].addresses(), before.live[at].addresses()) &&
		slices.Equal(f.transitions[at], before.transitions[at])
}

func (f *Fleet) entries(indexes []int) []plan.Resource {
	var list []plan.Resource
	for _, i := range indexes {
		list = append(list, f.status.Plan.Resources[i])
	}
	return list
}
