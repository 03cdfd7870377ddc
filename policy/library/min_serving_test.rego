package sluice.action.min_serving_test

import data.sluice.action.min_serving

_input(spec, action) := {
	"action": object.union({"verb": "unassign", "addresses": ["10.0.0.5"], "wave": 0, "servingAfter": 2}, action),
	"resource": {"kind": "NatGateway", "id": "nat-1", "addresses": [
		{"ip": "10.0.0.4", "primary": true, "status": "succeeded"},
		{"ip": "10.0.0.5", "primary": false, "status": "succeeded"},
		{"ip": "10.0.0.6", "primary": false, "status": "assigning"},
	]},
	"document": {"spec": spec},
}

test_one_address_is_enough_by_default if {
	count(min_serving.deny) == 0 with input as _input({}, {})
}

test_the_forecast_must_not_fall_below if {
	min_serving.deny == {"10.0.0.5 leaves 1 addresses that take new connections on nat-1, minServing is 2 (as the plan foresees)"} with input as _input({"minServing": 2}, {"wave": 1, "servingAfter": 1})
}

test_the_first_wave_is_checked_against_ec2_too if {
	min_serving.deny == {"10.0.0.5 leaves 1 addresses that take new connections on nat-1, minServing is 2 (as EC2 reports)"} with input as _input({"minServing": 2}, {})
}

test_a_later_wave_goes_by_the_forecast if {
	count(min_serving.deny) == 0 with input as _input({"minServing": 2}, {"wave": 1})
}

test_a_missing_forecast_is_refused if {
	full := _input({}, {"wave": 1})
	blind := object.union({"action": object.remove(full.action, ["servingAfter"])}, object.remove(full, ["action"]))
	min_serving.deny == {"the plan does not say how many addresses go on serving after this action"} with input as blind
}

test_an_assign_is_not_judged if {
	count(min_serving.deny) == 0 with input as _input({"minServing": 9}, {"verb": "assign"})
}
