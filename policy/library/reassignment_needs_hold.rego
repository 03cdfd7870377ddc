# METADATA
# title: Moving an address needs an approval
# description: >-
#   With params.reassignment_needs_hold.required, a move, which takes an address
#   from the network interface that holds it, waits for an approval. It is not
#   required by default: a policy repository must hold approvals first, or no
#   address would ever move.
# custom:
#   level: soft
package sluice.action.reassignment_needs_hold

hold contains msg if {
	input.action.verb == "move"
	data.params.reassignment_needs_hold.required
	msg := sprintf(
		"%s would move from %s to %s: a move needs an approval",
		[concat(", ", input.action.addresses), _from, input.resource.id],
	)
}

default _from := "another interface"

_from := input.action.from if input.action.from != ""
