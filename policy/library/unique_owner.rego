# METADATA
# title: Specs have exactly one owner
# description: >-
#   The label that params.unique_owner.label names stands in metadata.labels
#   once, whatever its case, with one value: nothing in it looks like a list by
#   params.unique_owner.separators. No label is named by default.
# custom:
#   level: soft
package sluice.spec.unique_owner

deny contains {"msg": msg, "path": "/metadata/labels"} if {
	data.params.unique_owner.label != ""
	label := data.params.unique_owner.label
	trim_space(object.get(_labels, label, "")) == ""
	msg := sprintf("label %q is missing or empty in metadata.labels: it names the one owner", [label])
}

deny contains {"msg": msg, "path": _path(label)} if {
	data.params.unique_owner.label != ""
	label := data.params.unique_owner.label
	owner := trim_space(_labels[label])
	some separator in data.params.unique_owner.separators
	contains(owner, separator)
	msg := sprintf("label %q is %q, which looks like a list: it names exactly one owner", [label, owner])
}

# For people, owner and Owner are one label with two values.
deny contains {"msg": msg, "path": _path(other)} if {
	data.params.unique_owner.label != ""
	label := data.params.unique_owner.label
	some other, _ in _labels
	other != label
	lower(other) == lower(label)
	msg := sprintf("label %q stands beside %q in metadata.labels: leave one of them", [other, label])
}

_path(label) := concat("/", ["/metadata/labels", replace(replace(label, "~", "~0"), "/", "~1")])

_labels := object.get(input.metadata, "labels", {})
