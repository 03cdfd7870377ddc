package sluice.spec.expiring_addresses_test

import data.sluice.spec.expiring_addresses as rule

_input(annotations) := {
	"metadata": {"name": "a", "annotations": annotations},
	"spec": {"secondary": {"addresses": ["10.0.1.20", "10.0.1.21"]}, "prefixes": {"cidrs": ["10.0.2.64/28"]}},
}

_at(instant) := time.parse_rfc3339_ns(instant)

_expiry := {"sluice/expires-10-0-1-20": "2027-03-01"}

test_a_spec_without_annotations_passes if {
	count(rule.deny | rule.warn) == 0 with input as {"metadata": {"name": "a"}, "spec": {"secondary": {"addresses": ["10.0.1.20"]}}}
	count(rule.deny | rule.warn) == 0 with input as {"metadata": {"name": "a", "annotations": {"team": "network"}}, "spec": {}}
}

test_an_address_passes_long_before_its_last_day if {
	count(rule.deny | rule.warn) == 0 with input as _input(_expiry) with time.now_ns as _at("2027-02-14T23:59:59Z")
}

test_a_warning_comes_within_the_days_that_are_set if {
	rule.warn == {{"msg": "10.0.1.20 expires on 2027-03-01 (sluice/expires-10-0-1-20)", "path": "/metadata/annotations/sluice~1expires-10-0-1-20"}} with input as _input(_expiry) with time.now_ns as _at("2027-02-15T00:00:00Z")
	count(rule.warn) == 0 with input as _input(_expiry)
		with time.now_ns as _at("2027-02-15T00:00:00Z")
		with data.params.expiring_addresses.warnDays as 13
}

test_the_last_day_counts_in_full if {
	count(rule.deny) == 0 with input as _input(_expiry) with time.now_ns as _at("2027-03-01T23:59:59Z")
	count(rule.warn) == 1 with input as _input(_expiry) with time.now_ns as _at("2027-03-01T23:59:59Z")
}

test_an_expired_address_is_refused if {
	rule.deny == {{"msg": "10.0.1.20 expired on 2027-03-01 (sluice/expires-10-0-1-20): take it out of the spec, or set a later day", "path": "/metadata/annotations/sluice~1expires-10-0-1-20"}} with input as _input(_expiry) with time.now_ns as _at("2027-03-02T00:00:00Z")
	count(rule.warn) == 0 with input as _input(_expiry) with time.now_ns as _at("2027-03-02T00:00:00Z")
}

test_a_prefix_expires_too if {
	some entry in rule.deny with input as _input({"sluice/expires-10-0-2-64-28": "2027-03-01"}) with time.now_ns as _at("2028-01-01T00:00:00Z")
	startswith(entry.msg, "10.0.2.64/28 expired on 2027-03-01")
}

test_what_is_no_day_is_refused if {
	{entry.msg | some entry in rule.deny} == {`annotation sluice/expires-10-0-1-20 is "01.03.2027", not a day such as 2027-03-01`} with input as _input({"sluice/expires-10-0-1-20": "01.03.2027"})
	every day in ["", "2027-3-1", "2027-13-01", "2027-01-01 or so", "2027-01-32", "2027-03-01T00:00:00Z"] {
		count(rule.deny) == 1 with input as _input({"sluice/expires-10-0-1-20": day}) with time.now_ns as _at("2027-01-01T00:00:00Z")
		count(rule.warn) == 0 with input as _input({"sluice/expires-10-0-1-20": day}) with time.now_ns as _at("2027-01-01T00:00:00Z")
	}
}

test_an_annotation_that_names_nothing_is_warned_about if {
	every key in ["sluice/expires-10-0-1-99", "sluice/expires-10.0.1.20", "sluice/expiry-10-0-1-20", "Sluice/expires-10-0-1-20"] {
		warnings := rule.warn with input as _input({key: "2099-01-01"}) with time.now_ns as _at("2027-01-01T00:00:00Z")
		{entry.msg | some entry in warnings} == {concat("", ["annotation ", key, " names no address or prefix that the spec lists"])}
	}
}
