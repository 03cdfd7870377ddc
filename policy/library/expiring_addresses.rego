# METADATA
# title: Addresses leave on the day that was agreed
# description: >-
#   The annotation sluice/expires-10-0-1-20 holds the last day (2027-03-01, in
#   UTC) on which a spec may list 10.0.1.20; for a prefix, sluice/expires-10-0-2-64-28.
#   Within params.expiring_addresses.warnDays of that day there is a warning,
#   after it the spec is refused: take the address out, or agree on a later day.
#   An annotation that names nothing that the spec lists is warned about.
# custom:
#   level: soft
package sluice.spec.expiring_addresses

deny contains {"msg": msg, "path": _path(_key(range))} if {
	input.metadata.annotations # most specs have none
	some range in _listed
	day := _expiries[_key(range)]
	_is_day(day)
	day < _today
	msg := sprintf("%s expired on %s (%s): take it out of the spec, or set a later day", [range, day, _key(range)])
}

warn contains {"msg": msg, "path": _path(_key(range))} if {
	input.metadata.annotations # most specs have none
	some range in _listed
	day := _expiries[_key(range)]
	_is_day(day)
	day >= _today
	day <= _soon
	msg := sprintf("%s expires on %s (%s)", [range, day, _key(range)])
}

deny contains {"msg": msg, "path": _path(key)} if {
	input.metadata.annotations
	some key, day in _expiries
	not _is_day(day)
	msg := sprintf("annotation %s is %q, not a day such as 2027-03-01", [key, day])
}

# Mostly a slip of the pen, and then the address would never expire.
warn contains {"msg": msg, "path": _path(key)} if {
	input.metadata.annotations
	some key, _ in _expiries
	not key in {_key(range) | some range in _listed}
	msg := sprintf("annotation %s names no address or prefix that the spec lists", [key])
}

# Wider than the prefix of a good one, so that a misspelt one is seen.
_expiries := {key: day |
	some key, day in object.get(input.metadata, "annotations", {})
	startswith(lower(key), "sluice/expir")
}

_key(range) := concat("", ["sluice/expires-", replace(replace(range, ".", "-"), "/", "-")])

_path(key) := concat("/", ["/metadata/annotations", replace(replace(key, "~", "~0"), "/", "~1")])

_listed := array.concat(
	object.get(input.spec, ["secondary", "addresses"], []),
	object.get(input.spec, ["prefixes", "cidrs"], []),
)

# Days of this form sort like the calendar.
_is_day(day) if regex.match(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`, day)

# The engine's clock: the input of this scope has no time.
_today := time.format([time.now_ns(), "UTC", "2006-01-02"])

_soon := time.format([
	time.add_date(time.now_ns(), 0, 0, data.params.expiring_addresses.warnDays),
	"UTC",
	"2006-01-02",
])
