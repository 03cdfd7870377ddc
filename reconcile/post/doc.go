// Package post is how sluice speaks to a server that is only told things: no redirect is
// followed, an answer is read to a limit, and errors are sentences of our own, in
// which neither the address, which may be a secret, nor anything secret is shown.
// Whatever may pass is an [outbox.Later]. It knows nothing of what is told.
package post
