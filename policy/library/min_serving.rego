# METADATA
# title: Enough addresses go on serving
# description: >-
#   An unassign on a NAT gateway leaves at least spec.minServing (default 1)
#   addresses that take new connections, primary included: by the plan's own
#   forecast, and in the first wave by what EC2 reports.
# custom:
#   level: mandatory
package sluice.action.min_serving

deny contains msg if {
	input.action.verb == "unassign"
	input.resource.kind == "NatGateway"
	input.action.servingAfter < object.get(input.document.spec, "minServing", 1)
	msg := _message(input.action.servingAfter, "as the plan foresees")
}

# Later waves build on earlier ones, which EC2 does not show yet.
deny contains msg if {
	input.action.verb == "unassign"
	input.resource.kind == "NatGateway"
	input.action.wave == 0
	_reported < object.get(input.document.spec, "minServing", 1)
	msg := _message(_reported, "as EC2 reports")
}

# Fails closed: without a forecast nothing is known of what is left.
deny contains "the plan does not say how many addresses go on serving after this action" if {
	input.action.verb == "unassign"
	input.resource.kind == "NatGateway"
	not input.action.servingAfter
}

_reported := count([1 |
	some address in input.resource.addresses
	address.status == "succeeded"
	not address.ip in input.action.addresses
])

_message(left, source) := sprintf(
	"%s leaves %d addresses that take new connections on %s, minServing is %d (%s)",
	[concat(", ", input.action.addresses), left, input.resource.id, object.get(input.document.spec, "minServing", 1), source],
)
