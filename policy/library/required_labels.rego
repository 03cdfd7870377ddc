# METADATA
# title: Specs carry the required labels
# description: >-
#   Every label of params.required_labels.labels stands in metadata.labels with a
#   value. No label is required by default.
# custom:
#   level: soft
package sluice.spec.required_labels

deny contains {"msg": msg, "path": "/metadata/labels"} if {
	some label in data.params.required_labels.labels
	trim_space(object.get(input.metadata, ["labels", label], "")) == ""
	msg := sprintf("label %q is missing or empty in metadata.labels", [label])
}
