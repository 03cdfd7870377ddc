# METADATA
# title: Commits are signed
# description: >-
#   With params.signed_commits.required, a plan is made of a commit that was
#   signed by one of the keys of the configuration's specs.verify, and, where
#   params.signed_commits.signers lists any, by one of these: an e-mail address of
#   a PGP key's primary user id, a principal of an SSH key, or a key's fingerprint,
#   each exactly as the message of this rule shows it.
#   params.signed_commits.decision says whether other plans are refused (deny) or
#   wait for an approval (hold). Specs of a plain folder are signed by nobody. No
#   signature is required by default.
# custom:
#   level: soft
package sluice.plan.signed_commits

hold contains msg if {
	data.params.signed_commits.required
	data.params.signed_commits.decision == "hold"
	not _signed
	msg := _message
}

# A misspelt decision is the stricter one.
deny contains msg if {
	data.params.signed_commits.required
	data.params.signed_commits.decision != "hold"
	not _signed
	msg := _message
}

_signed if {
	_verified
	count(data.params.signed_commits.signers) == 0
}

_signed if {
	_verified
	some listed in data.params.signed_commits.signers
	listed in {input.commit.signer, object.get(input.commit, "signerKey", input.commit.signer)}
}

_verified if input.commit.signer != ""

default _message := "the commit has no verified signature"

_message := sprintf("the commit has no verified signature: %s", [input.commit.signatureProblem]) if not _verified

_message := sprintf(
	"the commit is signed by %s (key %s), whom params.signed_commits.signers does not list",
	[input.commit.signer, object.get(input.commit, "signerKey", "unknown")],
) if {
	_verified
}
