package plan

import (
	"cmp"
	"slices"
)

// Join orders resources of plans that were made apart, one for each target, as those of
// one plan. A file that cannot be read stands in each of them, and once in what it
// returns. It changes the slice that it is given.
func Join(resources []Resource) []Resource {
	slices.SortStableFunc(resources, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.Spec.File, b.Spec.File), cmp.Compare(a.Spec.Line, b.Spec.Line), cmp.Compare(a.Spec.Name, b.Spec.Name))
	})
	return slices.CompactFunc(resources, func(a, b Resource) bool { return a.Target == "" && b.Target == "" && a.Spec == b.Spec })
}
