package sluice.parameters_test

import data.sluice.action.subnet_headroom
import data.sluice.plan.no_mass_removal
import data.sluice.plan.signed_commits

# What the parameters in data.yaml come to: a change of them shows here.

_loses(held, addresses) := {"plan": {"resources": [{
	"target": "prod-use1", "id": "nat-1", "state": "pending",
	"holds": {"secondary": held, "prefixes": 0},
	"waves": [[{"verb": "unassign", "addresses": addresses}]],
}]}}

test_a_gateway_may_lose_half_of_its_addresses if {
	count(no_mass_removal.hold) == 0 with input as _loses(4, ["10.0.1.20", "10.0.1.21"])
	count(no_mass_removal.hold) == 1 with input as _loses(4, ["10.0.1.20", "10.0.1.21", "10.0.1.22"])
}

test_a_gateway_of_one_can_swap_it if {
	count(no_mass_removal.hold) == 0 with input as _loses(1, ["10.0.1.20"])
}

_assign(env, left) := {
	"action": {"verb": "assign", "addresses": ["10.0.1.20"], "subnetFreeAfter": left},
	"resource": {"id": "nat-1", "subnetId": "subnet-1"},
	"document": {"metadata": {"name": "egress-a", "labels": {"env": env}}},
}

test_production_subnets_keep_sixteen_addresses_free if {
	count(subnet_headroom.deny) == 0 with input as _assign("prod", 16)
	count(subnet_headroom.deny) == 1 with input as _assign("prod", 15)
	count(subnet_headroom.deny) == 0 with input as _assign("test", 0)
}

test_only_our_signers_count_once_signatures_are_required if {
	every who, denials in {"ada@example.com": 0, "eve@example.com": 1, "": 1} {
		count(signed_commits.deny) == denials with input as {"commit": {"id": "4b825dc6", "signer": who}}
			with data.params.signed_commits.required as true
	}
}
