# METADATA
# title: Addresses lie in allowed ranges
# description: >-
#   Every address, pool and prefix that a spec lists must lie wholly within one
#   range of params.allowed_cidrs.cidrs.
# custom:
#   level: soft
package sluice.spec.allowed_cidrs

deny contains {"msg": msg, "path": path} if {
	some list in [["secondary", "addresses"], ["secondary", "pool"], ["prefixes", "cidrs"]]
	some i, range in object.get(input.spec, list, [])
	not _allowed(range)
	msg := sprintf(
		"%s %s is outside the allowed ranges (%s)",
		[concat(".", list), range, concat(", ", data.params.allowed_cidrs.cidrs)],
	)
	path := sprintf("/spec/%s/%d", [concat("/", list), i])
}

# An address or range that does not parse is an evaluation error, so a refusal.
_allowed(range) if {
	some allowed in data.params.allowed_cidrs.cidrs
	net.cidr_contains(allowed, range)
}
