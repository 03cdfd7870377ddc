// Package signature says who signed a commit, by the bytes of the commit object alone.
//
// [Keys] are the public keys whose signatures count: PGP's, and SSH's in the form of
// OpenSSH's allowed_signers. They are read strictly: what a file of keys says that is not
// known here is refused, since OpenSSH would skip the line and nobody would learn why a
// signer does not count. What a commit says is hostile: a signature that does not count is
// an error with the reason, never a signer.
//
// The package knows nothing of repositories, and reads no file.
package signature
