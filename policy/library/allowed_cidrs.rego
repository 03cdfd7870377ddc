# METADATA
# title: Addresses lie in allowed ranges
# description: >-
#   Every address, pool and prefix that a spec lists must lie wholly within one
#   range of params.allowed_cidrs.cidrs.
# custom:
#   level: soft
package sluice.spec.allowed_cidrs

deny contains msg if {
	some field, wanted in _wanted
	some range in wanted
	not _allowed(range)
	msg := sprintf(
		"%s %s is outside the allowed ranges (%s)",
		[field, range, concat(", ", data.params.allowed_cidrs.cidrs)],
	)
}

_wanted := {
	"secondary.addresses": object.get(input.spec, ["secondary", "addresses"], []),
	"secondary.pool": object.get(input.spec, ["secondary", "pool"], []),
	"prefixes.cidrs": object.get(input.spec, ["prefixes", "cidrs"], []),
}

# An address or range that does not parse is an evaluation error, so a refusal.
_allowed(range) if {
	some allowed in data.params.allowed_cidrs.cidrs
	net.cidr_contains(allowed, range)
}
