# METADATA
# title: Production gateways keep two secondary addresses
# description: One address may always be draining, so production keeps a spare.
package sluice.spec.keep_two

deny contains {"msg": "a production NAT gateway keeps at least two secondary addresses"} if {
	input.kind == "NatGateway"
	input.metadata.labels.env == "prod"
	count(input.spec.secondary.addresses) < data.params.keep_two.minimum
}
