package sluice.plan.change_budget_test

import data.sluice.plan.change_budget

_plan(resources) := {"plan": {"resources": resources}}

_unassign(addresses) := {"waves": [[{"verb": "unassign", "addresses": addresses}]]}

test_a_small_plan_passes if {
	count(change_budget.hold) == 0 with input as _plan([_unassign(["10.0.0.4"]), {"waves": []}])
}

test_removals_are_counted_over_the_whole_plan if {
	change_budget.hold == {"the plan removes 4 addresses and prefixes, more than 3 in one plan need an approval"} with data.params.change_budget.maxRemovals as 3
		with input as _plan([
			_unassign(["10.0.0.4", "10.0.0.5"]),
			{"waves": [
				[{"verb": "assign", "addresses": ["10.0.0.6", "10.0.0.7"]}],
				[{"verb": "move", "addresses": ["10.0.0.8"]}, {"verb": "unassign", "prefixes": ["10.0.0.16/28"]}],
			]},
		])
}

test_the_limit_itself_passes if {
	count(change_budget.hold) == 0 with data.params.change_budget.maxRemovals as 2
		with input as _plan([_unassign(["10.0.0.4", "10.0.0.5"])])
}

test_touched_resources_are_counted if {
	change_budget.hold == {"the plan changes 2 resources, more than 1 in one plan need an approval"} with data.params.change_budget.maxResources as 1
		with input as _plan([_unassign(["10.0.0.4"]), _unassign(["10.0.1.4"]), {"waves": []}])
}
