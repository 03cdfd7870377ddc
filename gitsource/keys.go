package gitsource

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Keys are the public keys whose signatures on commits count, in one or two files.
// The Path of a file only names it in errors.
//
// A key counts for a commit when it was valid at the time of the signature, as Git
// has it for SSH keys: a commit does not lose its signer when a key expires later.
// That time is the signer's own word, so a key that must not count any longer is
// taken out of its file.
type Keys struct {
	// PGP holds public keys in armored form, as gpg --armor --export writes them.
	// The key's user id names the signer.
	PGP File
	// SSH is in the form of OpenSSH's allowed_signers (ssh-keygen(1)): a principal,
	// the options namespaces, valid-after and valid-before, and a key. Patterns,
	// certificate authorities and times of the local zone are refused.
	SSH File
}

// maxKeys bounds a file of keys.
const maxKeys = 4 << 20

// keyring is Keys that were read.
type keyring struct {
	pgp *pgpKeys // nil: no PGP key
	ssh []sshSigner
}

// parse reads the files, and returns nil when there are none.
func (k Keys) parse() (*keyring, error) {
	for _, f := range []File{k.PGP, k.SSH} {
		switch {
		case len(f.Data) > maxKeys:
			return nil, fmt.Errorf("keys: %s has %d bytes, more than %d", f.Path, len(f.Data), maxKeys)
		case f.Path != "" && len(f.Data) == 0:
			return nil, fmt.Errorf("keys: %s is empty; put the signers' public keys there, or leave it out", f.Path)
		}
	}
	if len(k.PGP.Data)+len(k.SSH.Data) == 0 {
		return nil, nil
	}
	ring := &keyring{}
	var err error
	if len(k.PGP.Data) > 0 {
		if ring.pgp, err = parsePGPKeys(k.PGP); err != nil {
			return nil, fmt.Errorf("keys.pgp: %w", err)
		}
	}
	if len(k.SSH.Data) > 0 {
		if ring.ssh, err = parseAllowedSigners(k.SSH); err != nil {
			return nil, fmt.Errorf("keys.ssh: %w", err)
		}
	}
	return ring, nil
}

// signer is who signed a commit.
type signer struct {
	name string // see Commit.Signer
	key  string // see Commit.SignerKey
}

// verify says who signed a commit object, committed at when, or why that is not
// known: a part of a sentence about the commit.
func (k *keyring) verify(raw []byte, when time.Time) (signer, error) {
	if k == nil {
		return signer{}, errors.New("no keys are given to verify a signature with")
	}
	payload, signature, err := splitCommit(raw)
	switch {
	case err != nil:
		return signer{}, err
	case signature == "":
		return signer{}, errors.New("it is not signed")
	case isBlock(signature, "PGP SIGNATURE"):
		return k.pgp.verify(payload, signature)
	case isBlock(signature, "SSH SIGNATURE"):
		return verifySSH(k.ssh, payload, signature, when)
	case strings.HasPrefix(signature, "-----BEGIN SIGNED MESSAGE-----"):
		return signer{}, errors.New("it has an X.509 signature, which is not supported")
	}
	return signer{}, errors.New("its signature is neither one PGP nor one SSH signature")
}

// isBlock reports whether text is one armored block and nothing else: what stands
// around or behind a good signature was vouched for by nobody.
func isBlock(text, label string) bool {
	text = strings.TrimRight(text, "\n")
	return strings.HasPrefix(text, "-----BEGIN "+label+"-----\n") &&
		strings.HasSuffix(text, "\n-----END "+label+"-----") &&
		strings.Count(text, "-----") == 4
}

func unlisted(format, key string) error {
	return fmt.Errorf("it is signed by a key that is not listed (%s %s)", format, clean(key))
}
