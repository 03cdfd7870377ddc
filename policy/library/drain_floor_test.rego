package sluice.action.drain_floor_test

import data.sluice.action.drain_floor

_input(labels, seconds) := {
	"action": {"verb": "unassign", "addresses": ["10.0.0.5"], "maxDrainSeconds": seconds},
	"resource": {"kind": "NatGateway", "id": "nat-1"},
	"document": {"metadata": {"labels": labels}},
}

_prod := {"labels": {"env": "prod"}, "minSeconds": 300}

test_there_is_no_limit_by_default if {
	count(drain_floor.deny) == 0 with input as _input({}, 1)
}

test_a_short_drain_is_refused if {
	drain_floor.deny == {`10.0.0.5 would drain for 299 s at most on nat-1, gateways with labels {"env":"prod"} drain for at least 300 s`} with input as _input({"env": "prod", "owner": "network"}, 299)
		with data.params.drain_floor as _prod
}

test_the_limit_itself_passes if {
	count(drain_floor.deny) == 0 with input as _input({"env": "prod"}, 300)
		with data.params.drain_floor as _prod
}

test_other_gateways_are_not_judged if {
	every labels in [{}, {"env": "staging"}] {
		count(drain_floor.deny) == 0 with input as _input(labels, 1)
			with data.params.drain_floor as _prod
	}
}

test_without_labels_every_gateway_is_meant if {
	count(drain_floor.deny) == 1 with input as _input({}, 299)
		with data.params.drain_floor as {"labels": {}, "minSeconds": 300}
}

test_a_drain_that_is_not_told_is_none if {
	silent := {
		"action": {"verb": "unassign", "addresses": ["10.0.0.5"]},
		"resource": {"kind": "NatGateway", "id": "nat-1"},
		"document": {"metadata": {"name": "a"}},
	}
	count(drain_floor.deny) == 1 with input as silent
		with data.params.drain_floor as {"labels": {}, "minSeconds": 1}
}

test_the_cap_must_leave_the_floor_room if {
	drain_floor.deny == {`10.0.0.5 would drain for 200 s at most on nat-1 (action.cap_drain caps it), gateways with labels {"env":"prod"} drain for at least 300 s`} with input as _input({"env": "prod"}, 350)
		with data.params.drain_floor as _prod
		with data.params.cap_drain.maxDrainSeconds as 200
}

test_what_does_not_drain_is_not_judged if {
	gateway := _input({"env": "prod"}, 0)
	every patch in [{"action": {"verb": "assign"}}, {"resource": {"kind": "NetworkInterface"}}] {
		count(drain_floor.deny) == 0 with input as object.union(gateway, patch)
			with data.params.drain_floor as _prod
	}
}

test_a_label_that_is_no_string_means_every_gateway if {
	drain_floor.deny == {`10.0.0.5 would drain for 1 s at most on nat-1, gateways with labels {"tier":1} drain for at least 300 s`} with input as _input({"env": "prod"}, 1)
		with data.params.drain_floor as {"labels": {"tier": 1}, "minSeconds": 300}
}
