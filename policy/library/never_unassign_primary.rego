# METADATA
# title: A primary address is never taken away
# description: >-
#   No unassign or move names an address that EC2 calls primary. Where EC2 calls
#   none primary, nothing is taken away at all.
# custom:
#   level: mandatory
package sluice.action.never_unassign_primary

deny contains msg if {
	input.action.verb in {"unassign", "move"}
	address := input.resource.primary[_]
	address in input.action.addresses
	msg := sprintf("%s is the primary address of %s and must stay", [address, input.resource.id])
}

deny contains msg if {
	input.action.verb in {"unassign", "move"}
	not input.resource.primary[0]
	msg := sprintf("EC2 does not say which address of %s is primary, so nothing may be taken away", [input.resource.id])
}
