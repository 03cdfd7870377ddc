package sluice.spec.keep_two_test

import data.sluice.spec.keep_two

gateway(env, addresses) := {
	"apiVersion": "sluice/v1",
	"kind": "NatGateway",
	"metadata": {"name": "egress-a", "labels": {"env": env}},
	"spec": {"id": "nat-0ee3edd182361f662", "secondary": {"addresses": addresses}},
}

test_production_with_one_is_denied if {
	count(keep_two.deny) == 1 with input as gateway("prod", ["10.0.1.20"])
}

test_production_with_two_passes if {
	count(keep_two.deny) == 0 with input as gateway("prod", ["10.0.1.20", "10.0.1.21"])
}

test_staging_with_one_passes if {
	count(keep_two.deny) == 0 with input as gateway("staging", ["10.0.1.20"])
}
