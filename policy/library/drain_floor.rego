# METADATA
# title: Drains are long enough
# description: >-
#   An unassign on a NAT gateway whose labels hold all of
#   params.drain_floor.labels drains for at least params.drain_floor.minSeconds,
#   the cap of action.cap_drain counted. Without labels every gateway is meant,
#   and so it is with a label whose value is no string. 0 seconds, the default, is no limit.
# custom:
#   level: soft
package sluice.action.drain_floor

deny contains msg if {
	input.action.verb == "unassign"
	input.resource.kind == "NatGateway"
	data.params.drain_floor.minSeconds > 0
	floor := data.params.drain_floor.minSeconds
	_drain < floor
	_meant
	msg := sprintf(
		"%s would drain for %d s at most on %s%s, gateways with labels %s drain for at least %d s",
		[concat(", ", input.action.addresses), _drain, input.resource.id, _why, json.marshal(data.params.drain_floor.labels), floor],
	)
}

_meant if object.subset(_labels, data.params.drain_floor.labels)

# No spec can carry such a label: it must not look like an open door.
_meant if {
	some value in data.params.drain_floor.labels
	not is_string(value)
}

_labels := object.get(input.document.metadata, "labels", {})

_asked := object.get(input.action, "maxDrainSeconds", 0)

# Caps are applied after the rules have been asked.
_drain := min([_asked, data.params.cap_drain.maxDrainSeconds])

default _why := ""

_why := " (action.cap_drain caps it)" if _drain < _asked
