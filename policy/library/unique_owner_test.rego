package sluice.spec.unique_owner_test

import data.sluice.spec.unique_owner

_input(labels) := {"metadata": {"name": "a", "labels": labels}}

test_no_owner_is_required_by_default if {
	every labels in [{}, {"owner": "a,b", "Owner": "c"}, {"": "a,b"}, {"": "", "owner": ""}] {
		count(unique_owner.deny) == 0 with input as _input(labels)
	}
}

test_one_owner_passes if {
	every owner in ["network", "team/network", "net+oncall@example.com", " network "] {
		count(unique_owner.deny) == 0 with input as _input({"owner": owner, "env": "a,b"})
			with data.params.unique_owner.label as "owner"
	}
}

test_a_missing_owner_is_refused if {
	every metadata in [{"name": "a"}, {"name": "a", "labels": {"env": "prod"}}, {"name": "a", "labels": {"owner": " "}}] {
		unique_owner.deny == {{"msg": `label "owner" is missing or empty in metadata.labels: it names the one owner`, "path": "/metadata/labels"}} with input as {"metadata": metadata}
			with data.params.unique_owner.label as "owner"
	}
}

test_a_list_of_owners_is_refused if {
	unique_owner.deny == {{"msg": `label "owner" is "network, database", which looks like a list: it names exactly one owner`, "path": "/metadata/labels/owner"}} with input as _input({"owner": "network, database"})
		with data.params.unique_owner.label as "owner"
	every owner in ["a;b", "a|b", "a&b", "a b", "a\nb"] {
		count(unique_owner.deny) == 1 with input as _input({"owner": owner})
			with data.params.unique_owner.label as "owner"
	}
}

test_separators_are_a_parameter if {
	count(unique_owner.deny) == 0 with input as _input({"owner": "network team"})
		with data.params.unique_owner.label as "owner"
		with data.params.unique_owner.separators as [","]
}

test_the_label_must_not_stand_there_twice if {
	count(unique_owner.deny) == 1 with input as _input({"owner": "network", "Owner": "database"})
		with data.params.unique_owner.label as "Owner"
	unique_owner.deny == {{"msg": `label "Owner" stands beside "owner" in metadata.labels: leave one of them`, "path": "/metadata/labels/Owner"}} with input as _input({"owner": "network", "Owner": "database"})
		with data.params.unique_owner.label as "owner"
}
