package signature

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource/words"
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

// File is one file of keys, as it was read.
type File struct {
	Path string // for errors
	Data []byte
}

// maxKeys bounds a file of keys.
const maxKeys = 4 << 20

// Keyring is Keys that were read. A nil one lists no key.
type Keyring struct {
	pgp *pgpKeys // nil: no PGP key
	ssh []sshSigner
}

// Parse reads the files, and returns nil when there are none. An error names the file, and
// the line or block in it, and says what to do.
func (k Keys) Parse() (*Keyring, error) {
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
	ring := &Keyring{}
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

// Signer is who signed a commit.
type Signer struct {
	// Name is the e-mail address of a PGP key's primary user id, or all of the user id
	// where it has none; of an SSH key the first principal of its line.
	Name string
	// Key is the fingerprint: of PGP's primary key in upper-case hexadecimal digits, of
	// an SSH key as ssh-keygen -l shows it, SHA256:….
	Key string
}

// Verify says who signed a commit object, which raw is byte for byte, committed at when.
// An error is why that is not known, as a part of a sentence about the commit: "it is not
// signed".
func (k *Keyring) Verify(raw []byte, when time.Time) (Signer, error) {
	if k == nil {
		return Signer{}, errors.New("no keys are given to verify a signature with")
	}
	payload, signature, err := splitCommit(raw)
	switch {
	case err != nil:
		return Signer{}, err
	case signature == "":
		return Signer{}, errors.New("it is not signed")
	case isBlock(signature, "PGP SIGNATURE"):
		return k.pgp.verify(payload, signature)
	case isBlock(signature, "SSH SIGNATURE"):
		return verifySSH(k.ssh, payload, signature, when)
	case strings.HasPrefix(signature, "-----BEGIN SIGNED MESSAGE-----"):
		return Signer{}, errors.New("it has an X.509 signature, which is not supported")
	}
	return Signer{}, errors.New("its signature is neither one PGP nor one SSH signature")
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
	return fmt.Errorf("it is signed by a key that is not listed (%s %s)", format, words.Quote(key))
}
