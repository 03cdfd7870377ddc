package sluice.spec.required_labels_test

import data.sluice.spec.required_labels

test_nothing_is_required_by_default if {
	count(required_labels.deny) == 0 with input as {"metadata": {"name": "a"}}
}

test_a_missing_label_is_named if {
	required_labels.deny == {{"msg": `label "owner" is missing or empty in metadata.labels`, "path": "/metadata/labels"}} with data.params.required_labels.labels as ["env", "owner"]
		with input as {"metadata": {"name": "a", "labels": {"env": "prod"}}}
}

test_labels_may_be_absent_altogether if {
	count(required_labels.deny) == 2 with data.params.required_labels.labels as ["env", "owner"]
		with input as {"metadata": {"name": "a"}}
}

test_a_blank_label_is_missing if {
	count(required_labels.deny) == 1 with data.params.required_labels.labels as ["env"]
		with input as {"metadata": {"name": "a", "labels": {"env": " "}}}
}
