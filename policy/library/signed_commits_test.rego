package sluice.plan.signed_commits_test

import data.sluice.plan.signed_commits as rule

_plan(commit) := {"commit": object.union({"id": "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "signer": ""}, commit), "plan": {"resources": []}}

_unsigned := _plan({"signatureProblem": "it is not signed"})

_ada := _plan({"signer": "ada@example.com", "signerKey": "SHA256:abc"})

_required(signers) := {"decision": "deny", "required": true, "signers": signers}

test_no_signature_is_required_by_default if {
	every commit in [_unsigned, _ada] {
		count(rule.deny | rule.hold) == 0 with input as commit
	}
	count(rule.deny) == 0 with input as _ada with data.params.signed_commits.signers as ["bob@example.com"]
}

test_an_unsigned_commit_is_refused_with_the_reason if {
	rule.deny == {"the commit has no verified signature: it is not signed"} with input as _unsigned
		with data.params.signed_commits as _required([])
}

test_a_commit_of_which_nothing_is_said_is_refused if {
	rule.deny == {"the commit has no verified signature"} with input as _plan({})
		with data.params.signed_commits as _required([])
	rule.deny == {"the commit has no verified signature"} with input as {"commit": {"id": "4b825dc642cb"}, "plan": {"resources": []}}
		with data.params.signed_commits as _required(["ada@example.com"])
}

test_any_verified_signer_passes_where_none_is_listed if {
	count(rule.deny) == 0 with input as _ada with data.params.signed_commits as _required([])
}

test_listed_signers_and_keys_pass if {
	every listed in ["ada@example.com", "SHA256:abc"] {
		count(rule.deny) == 0 with input as _ada with data.params.signed_commits as _required(["bob@example.com", listed])
	}
	count(rule.deny) == 0 with input as _plan({"signer": "ada@example.com"}) with data.params.signed_commits as _required(["ada@example.com"])
}

test_other_signers_are_refused_by_name if {
	every listed in ["bob@example.com", "Ada@example.com", ""] {
		rule.deny == {"the commit is signed by ada@example.com (key SHA256:abc), whom params.signed_commits.signers does not list"} with input as _ada
			with data.params.signed_commits as _required([listed])
	}
}

test_an_empty_entry_lists_nobody if {
	count(rule.deny) == 1 with input as _unsigned with data.params.signed_commits as _required([""])
}

test_a_hold_waits_for_an_approval if {
	count(rule.hold) == 1 with input as _unsigned with data.params.signed_commits as {"decision": "hold", "required": true, "signers": []}
	count(rule.deny) == 0 with input as _unsigned with data.params.signed_commits as {"decision": "hold", "required": true, "signers": []}
	count(rule.hold) == 0 with input as _unsigned with data.params.signed_commits as _required([])
}

test_a_misspelt_decision_denies if {
	count(rule.deny) == 1 with input as _unsigned with data.params.signed_commits as {"decision": "hodl", "required": true, "signers": []}
}
