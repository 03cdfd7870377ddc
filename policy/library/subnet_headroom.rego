# METADATA
# title: Subnets keep addresses free
# description: >-
#   An assign leaves at least params.subnet_headroom.free addresses free in its
#   subnet, by EC2's own count and what the plan assigns there before. It binds
#   resources whose labels hold all of params.subnet_headroom.labels: without
#   labels every one, and so it is with a label whose value is no string. Where
#   EC2 did not say how many are free, nothing is assigned. A move takes no free
#   address, and is not judged. 0 addresses, the default, is no limit.
# custom:
#   level: soft
package sluice.action.subnet_headroom

deny contains msg if {
	input.action.verb == "assign"
	data.params.subnet_headroom.free > 0
	floor := data.params.subnet_headroom.free
	input.action.subnetFreeAfter < floor
	_meant
	msg := sprintf(
		"%s would leave %d addresses free in subnet %s, %d stay free there: choose another subnet, or give addresses back",
		[_what, input.action.subnetFreeAfter, input.resource.subnetId, floor],
	)
}

# Unknown is not free.
deny contains msg if {
	input.action.verb == "assign"
	data.params.subnet_headroom.free > 0
	floor := data.params.subnet_headroom.free
	not _told
	_meant
	msg := sprintf(
		"EC2 did not say how many addresses are free in the subnet of %s, %d must stay free there, so %s is not assigned",
		[input.resource.id, floor, _what],
	)
}

# A rule of its own: "not is_number(x)" would be undefined for an undefined x.
_told if is_number(input.action.subnetFreeAfter)

_meant if object.subset(_labels, data.params.subnet_headroom.labels)

# No spec can carry such a label: it must not look like an open door.
_meant if {
	some value in data.params.subnet_headroom.labels
	not is_string(value)
}

_labels := object.get(input.document.metadata, "labels", {})

_what := concat(", ", array.concat(
	object.get(input.action, "addresses", []),
	object.get(input.action, "prefixes", []),
))
