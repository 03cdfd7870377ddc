# METADATA
# title: Nothing changes inside a freeze window
# description: >-
#   A plan that is made inside a window of params.freeze_windows.windows changes
#   nothing; params.freeze_windows.decision says whether it waits for an approval
#   (hold) or is refused (deny). A window is {from, until, reason} with instants
#   in RFC 3339, or {weekdays, hours, timeZone, reason}: of weekdays ([Fri, Sat])
#   and hours ("18:00-08:00") one may be left out, the zone is one of the IANA
#   database. Hours past midnight belong to the day on which they begin. There
#   is no window by default. A window of another form refuses every change.
# custom:
#   level: soft
package sluice.plan.freeze_windows

hold contains msg if {
	data.params.freeze_windows.decision == "hold"
	some window in data.params.freeze_windows.windows
	_binds(window)
	msg := _message(window)
}

# A misspelt decision is the stricter one.
deny contains msg if {
	data.params.freeze_windows.decision != "hold"
	some window in data.params.freeze_windows.windows
	_binds(window)
	msg := _message(window)
}

# A window that nobody can read must not look like an open door.
deny contains msg if {
	_changes
	some i, window in data.params.freeze_windows.windows
	not _readable(window)
	msg := sprintf(
		"params.freeze_windows.windows[%d] is neither {from, until, reason} nor {weekdays, hours, timeZone, reason}: nothing changes until it is put right",
		[i],
	)
}

_binds(window) if {
	_changes
	_readable(window)
	_inside(window)
}

_changes if {
	some resource in input.plan.resources
	count(resource.waves) > 0
}

_now := time.parse_rfc3339_ns(input.time)

_readable(window) if {
	is_object(window)
	object.keys(window) == {"from", "until", "reason"}
	_says_why(window)
	every instant in [window.from, window.until] {
		is_string(instant)
		regex.match(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$`, instant)
	}
	time.parse_rfc3339_ns(window.from) < time.parse_rfc3339_ns(window.until)
}

_readable(window) if {
	is_object(window)
	count(object.keys(window) & {"weekdays", "hours"}) > 0
	object.keys(window) - {"weekdays", "hours"} == {"timeZone", "reason"}
	_says_why(window)
	is_string(window.timeZone)
	not window.timeZone in {"", "Local"} # UTC and the machine's own, by surprise
	days := object.get(window, "weekdays", _weekdays)
	is_array(days)
	count(days) > 0
	every day in days {
		day in _weekdays
	}
	is_string(_hours(window))
	regex.match(`^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$`, _hours(window))
	[start, end] := split(_hours(window), "-")
	start != end
}

_says_why(window) if {
	is_string(window.reason)
	trim_space(window.reason) != ""
}

_inside(window) if {
	_now >= time.parse_rfc3339_ns(window.from)
	_now < time.parse_rfc3339_ns(window.until)
}

# The zone comes first: one that is not known fails the evaluation on every day.
_inside(window) if {
	[hour, minute, _] := time.clock([_now, window.timeZone])
	[start, end] := _minutes(window)
	some today, name in _weekdays
	startswith(time.weekday([_now, window.timeZone]), name)

	# It began today, or yesterday and runs past midnight.
	some days in [0, 1]
	since := ((days * 1440) + (hour * 60)) + minute
	since >= start
	since < end
	_weekdays[((today + 7) - days) % 7] in object.get(window, "weekdays", _weekdays)
}

_weekdays := ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

_hours(window) := object.get(window, "hours", "00:00-24:00")

# Minutes since midnight of the first day; the end is after the start.
_minutes(window) := [start, end + _past_midnight(start, end)] if {
	[start, end] := [_minute(clock) | some clock in split(_hours(window), "-")]
}

_past_midnight(start, end) := 1440 if end < start

_past_midnight(start, end) := 0 if end >= start

_minute(clock) := (60 * to_number(substring(clock, 0, 2))) + to_number(substring(clock, 3, 2))

_message(window) := sprintf("changes are frozen until %s: %s", [window.until, window.reason])

_message(window) := sprintf(
	"changes are frozen on %s %s (%s): %s",
	[concat(", ", object.get(window, "weekdays", ["every day"])), _hours(window), window.timeZone, window.reason],
)
