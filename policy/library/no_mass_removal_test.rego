package sluice.plan.no_mass_removal_test

import data.sluice.plan.no_mass_removal as rule

_plan(resources) := {"plan": {"resources": resources}}

_resource(id, secondary, waves) := {
	"target": "default", "id": id, "state": "pending", "waves": waves,
	"holds": {"secondary": secondary, "prefixes": 0},
}

_unassign(addresses) := [[{"verb": "unassign", "addresses": addresses}]]

_resource_limit(addresses, percent) := {
	"decision": "deny",
	"resourceAddresses": addresses, "resourcePercent": percent,
	"targetAddresses": 0, "targetPercent": 100,
}

_target_limit(addresses, percent) := {
	"decision": "deny",
	"resourceAddresses": 0, "resourcePercent": 100,
	"targetAddresses": addresses, "targetPercent": percent,
}

_two := _unassign(["10.0.0.4", "10.0.0.5"])

test_there_is_no_limit_by_default if {
	every resource in [_resource("nat-1", 2, _two), {"target": "default", "id": "nat-1", "state": "pending", "waves": _two}] {
		count(rule.deny | rule.hold) == 0 with input as _plan([resource])
	}
}

test_a_resource_is_not_stripped_in_one_go if {
	rule.deny == {"the plan takes 2 of 2 addresses and prefixes from nat-1 in target default, and at most 1 may go in one plan (the greater of 0 and 99 %)"} with input as _plan([_resource("nat-1", 2, _two), _resource("nat-2", 3, _two)])
		with data.params.no_mass_removal as _resource_limit(0, 99)
}

test_the_share_itself_passes_and_is_rounded_down if {
	count(rule.deny) == 0 with input as _plan([_resource("nat-1", 4, _two)])
		with data.params.no_mass_removal as _resource_limit(0, 50)
	count(rule.deny) == 1 with input as _plan([_resource("nat-1", 3, _two)])
		with data.params.no_mass_removal as _resource_limit(0, 50)
}

test_the_greater_of_number_and_share_is_allowed if {
	count(rule.deny) == 0 with input as _plan([_resource("nat-1", 2, _two)])
		with data.params.no_mass_removal as _resource_limit(2, 0)
	count(rule.deny) == 1 with input as _plan([_resource("nat-1", 100, _two)])
		with data.params.no_mass_removal as _resource_limit(1, 0)
}

test_all_waves_and_prefixes_count_and_assigns_do_not if {
	waves := [
		[{"verb": "assign", "addresses": ["10.0.0.9"]}, {"verb": "unassign", "addresses": ["10.0.0.4"]}],
		[{"verb": "unassign", "prefixes": ["10.0.0.16/28"]}],
	]
	resource := object.union(_resource("eni-1", 1, waves), {"holds": {"secondary": 1, "prefixes": 1}})
	some msg in rule.deny with input as _plan([resource])
		with data.params.no_mass_removal as _resource_limit(0, 99)
	startswith(msg, "the plan takes 2 of 2 addresses and prefixes from eni-1")
}

test_a_move_is_taken_from_the_interface_that_has_the_address if {
	move := [[{"verb": "move", "addresses": ["10.0.0.4", "10.0.0.5"], "from": "eni-1"}], [{"verb": "move", "addresses": ["10.0.0.6"], "from": "eni-1"}]]
	plan := [_resource("eni-1", 4, _unassign(["10.0.0.7"])), _resource("eni-2", 0, move)]
	rule.deny == {"the plan takes 4 of 4 addresses and prefixes from eni-1 in target default, and at most 2 may go in one plan (the greater of 0 and 50 %)"} with input as _plan(plan)
		with data.params.no_mass_removal as _resource_limit(0, 50)
}

test_resources_of_one_id_in_two_targets_are_two if {
	elsewhere := object.union(_resource("eni-1", 2, [[{"verb": "move", "addresses": ["10.0.0.4"], "from": "eni-9"}]]), {"target": "elsewhere"})
	count(rule.deny) == 0 with input as _plan([_resource("eni-9", 1, []), _resource("eni-1", 2, _unassign(["10.0.0.4"])), elsewhere])
		with data.params.no_mass_removal as _resource_limit(0, 50)
}

test_a_removal_from_what_is_not_known_is_too_much if {
	unknown := {"target": "default", "id": "nat-1", "state": "pending", "waves": _unassign(["10.0.0.4"])}
	some msg in rule.deny with input as _plan([unknown])
		with data.params.no_mass_removal as _resource_limit(0, 99)
	startswith(msg, "the plan takes 1 of 0 addresses")
}

test_a_target_keeps_its_share if {
	other := object.union(_resource("nat-9", 100, _unassign(["10.9.0.4"])), {"target": "elsewhere"})
	rule.deny == {"the plan takes 4 of 6 addresses and prefixes from target default, and at most 3 may go in one plan (the greater of 1 and 50 %)"} with input as _plan([_resource("nat-1", 2, _two), _resource("nat-2", 3, _two), _resource("nat-3", 1, []), other])
		with data.params.no_mass_removal as _target_limit(1, 50)
}

test_a_target_within_its_share_passes if {
	count(rule.deny) == 0 with input as _plan([_resource("nat-1", 2, _two), _resource("nat-3", 2, [])])
		with data.params.no_mass_removal as _target_limit(0, 50)
}

test_what_is_denied_already_does_not_count if {
	denied := object.union(_resource("nat-1", 2, _two), {"state": "denied"})
	taker := object.union(_resource("eni-2", 0, [[{"verb": "move", "addresses": ["10.0.0.9"], "from": "eni-1"}]]), {"state": "denied"})
	count(rule.deny) == 0 with input as _plan([denied, _resource("eni-1", 1, []), taker])
		with data.params.no_mass_removal as _resource_limit(0, 0)
}

test_a_hold_waits_for_an_approval if {
	params := object.union(_resource_limit(0, 50), {"decision": "hold"})
	count(rule.hold) == 1 with input as _plan([_resource("nat-1", 2, _two)]) with data.params.no_mass_removal as params
	count(rule.deny) == 0 with input as _plan([_resource("nat-1", 2, _two)]) with data.params.no_mass_removal as params
	count(rule.hold) == 0 with input as _plan([_resource("nat-1", 2, _two)]) with data.params.no_mass_removal as _resource_limit(0, 50)
}

test_a_misspelt_decision_denies if {
	params := object.union(_resource_limit(0, 50), {"decision": "hodl"})
	count(rule.deny) == 1 with input as _plan([_resource("nat-1", 2, _two)]) with data.params.no_mass_removal as params
}
