package sluice.action.reassignment_needs_hold_test

import data.sluice.action.reassignment_needs_hold as rule

_input(action) := {
	"action": object.union({"verb": "move", "addresses": ["10.0.0.5", "10.0.0.6"]}, action),
	"resource": {"id": "eni-1"},
}

test_a_move_needs_no_approval_by_default if {
	count(rule.hold) == 0 with input as _input({"from": "eni-2"})
}

test_a_move_waits_when_that_is_required if {
	rule.hold == {"10.0.0.5, 10.0.0.6 would move from eni-2 to eni-1: a move needs an approval"} with input as _input({"from": "eni-2"})
		with data.params.reassignment_needs_hold.required as true
}

test_a_move_from_an_unknown_interface_waits_too if {
	every action in [{}, {"from": ""}] {
		rule.hold == {"10.0.0.5, 10.0.0.6 would move from another interface to eni-1: a move needs an approval"} with input as _input(action)
			with data.params.reassignment_needs_hold.required as true
	}
}

test_other_verbs_are_not_judged if {
	every verb in ["assign", "unassign"] {
		count(rule.hold) == 0 with input as _input({"verb": verb})
			with data.params.reassignment_needs_hold.required as true
	}
}
