package sluice.plan.freeze_windows_test

import data.sluice.plan.freeze_windows as rule

_plan(at) := {
	"time": at,
	"plan": {"resources": [{"waves": []}, {"waves": [[{"verb": "assign", "addresses": ["10.0.0.4"]}]]}]},
}

_holiday := {"from": "2026-12-20T00:00:00+01:00", "until": "2027-01-03T00:00:00+01:00", "reason": "year end"}

# 2027-01-01 is a Friday.
_evenings := {"weekdays": ["Fri"], "hours": "16:00-24:00", "timeZone": "Europe/Berlin", "reason": "before the weekend"}

_nights := {"weekdays": ["Fri"], "hours": "22:00-06:30", "timeZone": "America/New_York", "reason": "batch runs"}

_frozen(window, at) if {
	count(rule.deny) == 1 with input as _plan(at) with data.params.freeze_windows.windows as [window]
}

test_nothing_is_frozen_by_default if {
	count(rule.deny | rule.hold) == 0 with input as _plan("2027-01-01T12:00:00Z")
}

test_a_window_between_two_instants_says_until_when_and_why if {
	rule.deny == {"changes are frozen until 2027-01-03T00:00:00+01:00: year end"} with input as _plan("2027-01-01T12:00:00Z")
		with data.params.freeze_windows.windows as [_holiday]
}

test_a_window_begins_with_its_first_instant_and_ends_before_its_last if {
	not _frozen(_holiday, "2026-12-19T22:59:59Z")
	_frozen(_holiday, "2026-12-19T23:00:00Z")
	_frozen(_holiday, "2027-01-02T22:59:59Z")
	not _frozen(_holiday, "2027-01-02T23:00:00Z")
}

test_a_plan_without_changes_is_not_judged if {
	count(rule.deny) == 0 with input as {"time": "2027-01-01T12:00:00Z", "plan": {"resources": [{"waves": []}]}}
		with data.params.freeze_windows.windows as [_holiday, "nonsense"]
}

test_hours_go_by_the_clock_of_the_zone if {
	rule.deny == {"changes are frozen on Fri 16:00-24:00 (Europe/Berlin): before the weekend"} with input as _plan("2027-01-01T15:00:00Z")
		with data.params.freeze_windows.windows as [_evenings]
	not _frozen(_evenings, "2027-01-01T14:59:59Z")
	_frozen(_evenings, "2027-01-01T22:59:59Z")
	not _frozen(_evenings, "2027-01-01T23:00:00Z") # Saturday in Berlin
	not _frozen(_evenings, "2026-12-31T16:00:00Z") # Thursday
}

test_summer_time_moves_the_window if {
	not _frozen(_evenings, "2027-07-02T13:59:59Z")
	_frozen(_evenings, "2027-07-02T14:00:00Z")
	not _frozen(_evenings, "2027-07-02T22:00:00Z")
}

test_hours_past_midnight_belong_to_the_day_on_which_they_begin if {
	not _frozen(_nights, "2027-01-02T02:59:00Z")
	_frozen(_nights, "2027-01-02T03:00:00Z") # Friday 22:00 in New York
	_frozen(_nights, "2027-01-02T11:29:59Z") # Saturday 06:29
	not _frozen(_nights, "2027-01-02T11:30:00Z")
	not _frozen(_nights, "2027-01-01T11:00:00Z") # Friday 06:00, begun on Thursday
}

test_weekdays_alone_freeze_whole_days if {
	weekend := {"weekdays": ["Sat", "Sun"], "timeZone": "Asia/Tokyo", "reason": "weekend"}
	rule.deny == {"changes are frozen on Sat, Sun 00:00-24:00 (Asia/Tokyo): weekend"} with input as _plan("2027-01-01T15:00:00Z")
		with data.params.freeze_windows.windows as [weekend]
	not _frozen(weekend, "2027-01-01T14:59:00Z")
	_frozen(weekend, "2027-01-03T14:59:00Z")
	not _frozen(weekend, "2027-01-03T15:00:00Z")
}

test_hours_alone_freeze_every_day if {
	daily := {"hours": "23:30-00:30", "timeZone": "UTC", "reason": "backup"}
	rule.deny == {"changes are frozen on every day 23:30-00:30 (UTC): backup"} with input as _plan("2027-01-04T00:29:00Z")
		with data.params.freeze_windows.windows as [daily]
	_frozen(daily, "2027-01-04T23:30:00Z")
	not _frozen(daily, "2027-01-04T00:30:00Z")
}

test_a_hold_waits_for_an_approval if {
	count(rule.hold) == 0 with input as _plan("2027-01-01T12:00:00Z")
		with data.params.freeze_windows.windows as [_holiday]
	count(rule.hold) == 0 with input as _plan("2027-01-03T12:00:00Z")
		with data.params.freeze_windows as {"decision": "hold", "windows": [_holiday]}
	rule.hold == {"changes are frozen until 2027-01-03T00:00:00+01:00: year end"} with input as _plan("2027-01-01T12:00:00Z")
		with data.params.freeze_windows as {"decision": "hold", "windows": [_holiday]}
	count(rule.deny) == 0 with input as _plan("2027-01-01T12:00:00Z")
		with data.params.freeze_windows as {"decision": "hold", "windows": [_holiday]}
}

test_a_misspelt_decision_denies if {
	count(rule.deny) == 1 with input as _plan("2027-01-01T12:00:00Z")
		with data.params.freeze_windows as {"decision": "hodl", "windows": [_holiday]}
}

_unreadable(window) if {
	denied := rule.deny with input as _plan("2030-01-01T12:00:00Z")
		with data.params.freeze_windows.windows as [_holiday, window]
	denied == {"params.freeze_windows.windows[1] is neither {from, until, reason} nor {weekdays, hours, timeZone, reason}: nothing changes until it is put right"}
}

test_a_window_cannot_be_read_when_it_has_not_its_form if {
	every window in ["weekend", 7, null, [], {}] {
		_unreadable(window)
	}
	_unreadable(object.remove(_evenings, ["weekdays", "hours"]))
	_unreadable(object.remove(_evenings, ["timeZone"]))
	every key in ["weekdays", "hours"] {
		not _unreadable(object.remove(_evenings, [key]))
	}
}

test_a_window_of_hours_cannot_be_read_with if {
	every patch in [
		{"reason": " "},
		{"reason": true},
		{"zone": "Europe/Berlin"},
		{"timeZone": ""},
		{"timeZone": "Local"},
		{"timeZone": 1},
		{"weekdays": []},
		{"weekdays": "Fri"},
		{"weekdays": 5},
		{"weekdays": ["Friday"]},
		{"hours": 16},
		{"hours": "16-24"},
		{"hours": "16:00-25:00"},
		{"hours": "16:00-16:00"},
	] {
		_unreadable(object.union(_evenings, patch))
	}
}

test_a_window_of_instants_cannot_be_read_with if {
	every patch in [
		{"reason": ""},
		{"from": 2026},
		{"from": "2026-12-20"},
		{"from": "2027-01-03T00:00:00+01:00"},
		{"hours": "16:00-24:00"},
	] {
		_unreadable(object.union(_holiday, patch))
	}
}
