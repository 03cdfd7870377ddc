# METADATA
# title: Drains are capped
# description: >-
#   An unassign whose drain may last longer than params.cap_drain.maxDrainSeconds
#   is carried out with that limit instead.
# custom:
#   level: soft
package sluice.action.cap_drain

cap contains {"maxDrainSeconds": limit, "msg": msg} if {
	input.action.verb == "unassign"
	limit := data.params.cap_drain.maxDrainSeconds
	input.action.maxDrainSeconds > limit
	msg := sprintf("drains are capped at %d s, %d s were asked for", [limit, input.action.maxDrainSeconds])
}
