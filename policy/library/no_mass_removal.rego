# METADATA
# title: No plan takes most of a resource or target away
# description: >-
#   One plan takes from one resource at most the greater of
#   params.no_mass_removal.resourceAddresses and resourcePercent of what EC2 says
#   that it holds, and from all resources of one target at most the greater of
#   targetAddresses and targetPercent of what they hold. Unassigned addresses and
#   prefixes count, and moved ones where they are taken from; a prefix is one. 100
#   percent, the default of both, is no limit; 99 with 0 addresses keeps at least
#   one. params.no_mass_removal.decision says whether such a plan is refused (deny)
#   or waits for an approval (hold). Like every rule of a plan it stops the whole
#   plan. What is denied already does not count.
# custom:
#   level: soft
package sluice.plan.no_mass_removal

hold contains msg if {
	data.params.no_mass_removal.decision == "hold"
	some loss in _losses
	msg := _message(loss)
}

# A misspelt decision is the stricter one.
deny contains msg if {
	data.params.no_mass_removal.decision != "hold"
	some loss in _losses
	msg := _message(loss)
}

_losses contains loss if {
	data.params.no_mass_removal.resourcePercent < 100
	limits := {
		"addresses": data.params.no_mass_removal.resourceAddresses,
		"percent": data.params.no_mass_removal.resourcePercent,
	}
	some row in _rows
	row.taken > _allowed(row.held, limits)
	loss := object.union(limits, {"of": concat(" ", [row.id, "in target", row.target]), "taken": row.taken, "held": row.held})
}

_losses contains loss if {
	data.params.no_mass_removal.targetPercent < 100
	limits := {
		"addresses": data.params.no_mass_removal.targetAddresses,
		"percent": data.params.no_mass_removal.targetPercent,
	}
	some target in {row.target | some row in _rows}
	taken := sum([row.taken | some row in _rows; row.target == target])
	held := sum([row.held | some row in _rows; row.target == target])
	taken > _allowed(held, limits)
	loss := object.union(limits, {"of": concat(" ", ["target", target]), "taken": taken, "held": held})
}

_allowed(held, limits) := max([limits.addresses, floor((held * limits.percent) / 100)])

# Each resource once. What is not known to be held is nothing: any removal is too much.
_rows := [row |
	some resource in input.plan.resources
	own := sum([_size(action) |
		resource.state != "denied"
		some wave in resource.waves
		some action in wave
		action.verb == "unassign"
	])
	row := {
		"target": resource.target,
		"id": resource.id,
		"held": object.get(resource, ["holds", "secondary"], 0) + object.get(resource, ["holds", "prefixes"], 0),
		"taken": own + count(object.get(_moved, [resource.target, resource.id], {})),
	}
]

_size(action) := count(object.get(action, "addresses", [])) + count(object.get(action, "prefixes", []))

# What moves, by the target and the interface that it is taken from. Objects that
# are merged: going through all moves for each interface would not end with many.
_moved := object.union_n([{resource.target: {action.from: {address: true}}} |
	some resource in input.plan.resources
	resource.state != "denied"
	some wave in resource.waves
	some action in wave
	action.verb == "move"
	some address in object.get(action, "addresses", [])
])

_message(loss) := sprintf(
	"the plan takes %d of %d addresses and prefixes from %s, and at most %d may go in one plan (the greater of %d and %v %%)",
	[loss.taken, loss.held, loss.of, _allowed(loss.held, loss), loss.addresses, loss.percent],
)
