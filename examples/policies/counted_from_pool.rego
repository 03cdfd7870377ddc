# METADATA
# title: Counted addresses come from a pool
# description: >-
#   Where a spec gives a count and leaves the choice to sluice, it names the pool
#   to choose from: our partners' firewalls know these ranges and no others.
#   params.counted_from_pool.environments says where.
# custom:
#   level: soft
package sluice.spec.counted_from_pool

deny contains msg if {
	input.metadata.labels.env in data.params.counted_from_pool.environments
	input.spec.secondary.count > 0
	count(object.get(input.spec, ["secondary", "pool"], [])) == 0
	msg := sprintf("%s leaves the choice of %d addresses open: name a secondary.pool", [input.metadata.name, input.spec.secondary.count])
}
