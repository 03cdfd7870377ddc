// Package webhook answers the webhooks of Git hosts: POST /webhook/github, gitlab,
// gitea, bitbucket and generic.
//
// A webhook is only a hint to look at Git now. Its signature is verified over the
// raw bytes, and nothing else of it is believed or used: neither the event nor
// the repository, the ref or the commit that it names. Any delivery that is signed
// is a hint, a ping too; looks are cheap, and whoever is told of hints coalesces them.
// So the body is never parsed nor kept: it flows through the HMAC, and one of 25 MiB
// costs no more memory than an empty one.
//
//	provider   header                what is signed, with HMAC-SHA256
//	github     X-Hub-Signature-256   the body: sha256=HEX. The SHA-1 of X-Hub-Signature counts for nothing
//	gitlab     webhook-signature     webhook-id.webhook-timestamp.body: v1,BASE64, by a signing token (whsec_…)
//	           X-Gitlab-Token        nothing: the header is the secret token itself
//	gitea      X-Gitea-Signature     the body: HEX; Forgejo sends it too
//	bitbucket  X-Hub-Signature       the body: sha256=HEX
//	generic    X-Sluice-Signature    X-Sluice-Delivery.X-Sluice-Timestamp.body: sha256=HEX
//
// Gitea signs the JSON and not the body when the hook is set to send a form: set it to
// send JSON.
//
// A delivery that was seen lately is answered and does nothing. Where the delivery's
// id is signed it alone is remembered; where it is not (github, gitea, bitbucket) the
// signature is too, since whoever replays a request can write another id. Where
// a timestamp is signed it must be within five minutes of this clock.
//
// Handlers are safe for any number of requests at once, never panic on what a
// stranger sends, and hold a body's reader to a deadline.
package webhook
