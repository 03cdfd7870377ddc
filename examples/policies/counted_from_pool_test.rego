package sluice.spec.counted_from_pool_test

import data.sluice.spec.counted_from_pool

_input(env, secondary) := {
	"metadata": {"name": "egress-a", "labels": {"env": env}},
	"spec": {"secondary": secondary},
}

test_a_count_without_a_pool_is_refused if {
	counted_from_pool.deny == {"egress-a leaves the choice of 2 addresses open: name a secondary.pool"} with input as _input("prod", {"count": 2})
}

test_an_empty_pool_is_none if {
	count(counted_from_pool.deny) == 1 with input as _input("prod", {"count": 2, "pool": []})
}

test_a_count_with_a_pool_passes if {
	count(counted_from_pool.deny) == 0 with input as _input("prod", {"count": 2, "pool": ["10.0.1.16/28"]})
}

test_a_list_of_addresses_needs_no_pool if {
	count(counted_from_pool.deny) == 0 with input as _input("prod", {"addresses": ["10.0.1.20"]})
}

test_elsewhere_sluice_may_choose if {
	count(counted_from_pool.deny) == 0 with input as _input("staging", {"count": 2})
}

# The parameters are those of this folder's data.yaml unless a test sets others.
test_environments_are_a_parameter if {
	count(counted_from_pool.deny) == 1 with input as _input("staging", {"count": 2})
		with data.params.counted_from_pool.environments as ["staging"]
}
