package sluice.action.never_unassign_primary_test

import data.sluice.action.never_unassign_primary as rule

_input(verb, address, primary) := {
	"action": {"verb": verb, "addresses": [address]},
	"resource": {"id": "nat-1", "primary": primary},
}

test_a_secondary_address_may_go if {
	count(rule.deny) == 0 with input as _input("unassign", "10.0.0.5", ["10.0.0.4"])
}

test_the_primary_address_may_not_go if {
	every verb in ["unassign", "move"] {
		rule.deny == {"10.0.0.4 is the primary address of nat-1 and must stay"} with input as _input(verb, "10.0.0.4", ["10.0.0.4"])
	}
}

test_no_address_that_is_called_primary_may_go if {
	rule.deny == {"10.0.0.5 is the primary address of nat-1 and must stay"} with input as _input("unassign", "10.0.0.5", ["10.0.0.4", "10.0.0.5"])
}

test_nothing_may_go_while_the_primary_is_unknown if {
	every verb in ["unassign", "move"] {
		rule.deny == {"EC2 does not say which address of nat-1 is primary, so nothing may be taken away"} with input as _input(verb, "10.0.0.5", [])
	}
}

test_an_assign_is_not_judged if {
	count(rule.deny) == 0 with input as _input("assign", "10.0.0.4", [])
}
