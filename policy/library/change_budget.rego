# METADATA
# title: A plan changes a bounded amount at once
# description: >-
#   A plan that removes more than params.change_budget.maxRemovals addresses and
#   prefixes, or touches more than params.change_budget.maxResources resources,
#   waits for an approval.
# custom:
#   level: soft
package sluice.plan.change_budget

hold contains msg if {
	limit := data.params.change_budget.maxRemovals
	_removals > limit
	msg := sprintf("the plan removes %d addresses and prefixes, more than %d in one plan need an approval", [_removals, limit])
}

hold contains msg if {
	limit := data.params.change_budget.maxResources
	_touched > limit
	msg := sprintf("the plan changes %d resources, more than %d in one plan need an approval", [_touched, limit])
}

# A move takes an address away from the interface that holds it.
_removing := {"unassign", "move"}

# Arrays, not sets: two equal counts are two.
_removals := sum([n |
	some resource in input.plan.resources
	some wave in resource.waves
	some action in wave
	action.verb in _removing
	n := count(object.get(action, "addresses", [])) + count(object.get(action, "prefixes", []))
])

_touched := count([1 |
	some resource in input.plan.resources
	count(resource.waves) > 0
])
