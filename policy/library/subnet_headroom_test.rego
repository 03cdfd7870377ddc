package sluice.action.subnet_headroom_test

import data.sluice.action.subnet_headroom as rule

_input(labels, left) := {
	"action": {"verb": "assign", "addresses": ["10.0.0.5"], "prefixes": ["10.0.0.64/28"], "subnetFreeAfter": left},
	"resource": {"kind": "NatGateway", "id": "nat-1", "subnetId": "subnet-1"},
	"document": {"metadata": {"labels": labels}},
}

_silent(labels) := {
	"action": {"verb": "assign", "addresses": ["10.0.0.5"]},
	"resource": {"kind": "NatGateway", "id": "nat-1"},
	"document": {"metadata": {"name": "a", "labels": labels}},
}

_prod := {"labels": {"env": "prod"}, "free": 16}

test_there_is_no_limit_by_default if {
	every asked in [_input({}, 0), _input({}, -3), _silent({})] {
		count(rule.deny) == 0 with input as asked
	}
}

test_an_assign_that_leaves_too_few_is_refused if {
	rule.deny == {"10.0.0.5, 10.0.0.64/28 would leave 15 addresses free in subnet subnet-1, 16 stay free there: choose another subnet, or give addresses back"} with input as _input({"env": "prod", "owner": "network"}, 15)
		with data.params.subnet_headroom as _prod
}

test_the_limit_itself_passes if {
	count(rule.deny) == 0 with input as _input({"env": "prod"}, 16)
		with data.params.subnet_headroom as _prod
}

test_unknown_is_not_free if {
	rule.deny == {"EC2 did not say how many addresses are free in the subnet of nat-1, 16 must stay free there, so 10.0.0.5 is not assigned"} with input as _silent({"env": "prod"})
		with data.params.subnet_headroom as _prod
}

test_other_resources_are_not_judged if {
	every labels in [{}, {"env": "staging"}] {
		count(rule.deny) == 0 with input as _input(labels, 0)
			with data.params.subnet_headroom as _prod
		count(rule.deny) == 0 with input as _silent(labels)
			with data.params.subnet_headroom as _prod
	}
}

test_without_labels_every_resource_is_meant if {
	every asked in [_input({}, 15), _silent({})] {
		count(rule.deny) == 1 with input as asked
			with data.params.subnet_headroom as {"labels": {}, "free": 16}
	}
}

test_a_label_that_is_no_string_means_every_resource if {
	count(rule.deny) == 1 with input as _input({"env": "prod"}, 15)
		with data.params.subnet_headroom as {"labels": {"tier": 1}, "free": 16}
}

test_what_takes_no_free_address_is_not_judged if {
	every verb in ["move", "unassign"] {
		count(rule.deny) == 0 with input as object.union(_input({"env": "prod"}, 0), {"action": {"verb": verb}})
			with data.params.subnet_headroom as _prod
		count(rule.deny) == 0 with input as object.union(_silent({"env": "prod"}), {"action": {"verb": verb}})
			with data.params.subnet_headroom as _prod
	}
}
