package sluice.action.cap_drain_test

import data.sluice.action.cap_drain

test_a_long_drain_is_capped if {
	cap_drain.cap == {{"maxDrainSeconds": 600, "msg": "drains are capped at 600 s, 601 s were asked for"}} with input as {"action": {"verb": "unassign", "maxDrainSeconds": 601}}
}

test_a_drain_at_the_limit_passes if {
	count(cap_drain.cap) == 0 with input as {"action": {"verb": "unassign", "maxDrainSeconds": 600}}
}

test_the_limit_is_a_parameter if {
	some entry in cap_drain.cap with input as {"action": {"verb": "unassign", "maxDrainSeconds": 601}}
		with data.params.cap_drain.maxDrainSeconds as 100
	entry.maxDrainSeconds == 100
}

test_an_assign_has_no_drain if {
	count(cap_drain.cap) == 0 with input as {"action": {"verb": "assign", "maxDrainSeconds": 4000}}
}
