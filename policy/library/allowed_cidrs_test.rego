package sluice.spec.allowed_cidrs_test

import data.sluice.spec.allowed_cidrs

test_private_addresses_pass if {
	count(allowed_cidrs.deny) == 0 with input as {"spec": {"secondary": {"addresses": ["10.0.1.20", "100.64.0.9"]}}}
}

test_a_spec_without_addresses_passes if {
	count(allowed_cidrs.deny) == 0 with input as {"spec": {"id": "nat-1"}}
}

test_a_public_address_is_named_with_the_ranges if {
	allowed_cidrs.deny == {{
		"msg": "secondary.addresses 8.8.8.8 is outside the allowed ranges (10.0.0.0/8)",
		"path": "/spec/secondary/addresses/1",
	}} with data.params.allowed_cidrs.cidrs as ["10.0.0.0/8"]
		with input as {"spec": {"secondary": {"addresses": ["10.0.0.4", "8.8.8.8"]}}}
}

test_a_pool_must_lie_wholly_inside if {
	some entry in allowed_cidrs.deny with input as {"spec": {"secondary": {"count": 2, "pool": ["172.0.0.0/8"]}}}
	startswith(entry.msg, "secondary.pool 172.0.0.0/8 is outside")
}

test_a_prefix_must_lie_inside if {
	some entry in allowed_cidrs.deny with input as {"spec": {"prefixes": {"cidrs": ["198.51.100.0/28"]}}}
	startswith(entry.msg, "prefixes.cidrs 198.51.100.0/28 is outside")
}

test_no_range_allows_nothing if {
	count(allowed_cidrs.deny) == 1 with data.params.allowed_cidrs.cidrs as []
		with input as {"spec": {"secondary": {"addresses": ["10.0.0.4"]}}}
}
