package signature

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// sshNamespace is what Git signs commits for. A signature of a file, which users
// are led to make for other ends, is none of a commit.
const sshNamespace = "git"

// sshSigner is one line of an allowed_signers file.
type sshSigner struct {
	principal     string // the first of the line
	key           ssh.PublicKey
	forGit        bool      // the namespaces allow commits
	after, before time.Time // zero: no limit
}

// parseAllowedSigners refuses what it does not know: OpenSSH would skip the line,
// and nobody would learn why a signer does not count.
func parseAllowedSigners(f File) ([]sshSigner, error) {
	var signers []sshSigner
	n := 0
	for line := range strings.Lines(string(f.Data)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		s, err := parseSigner(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", f.Path, n, err)
		}
		signers = append(signers, s)
	}
	if len(signers) == 0 {
		return nil, fmt.Errorf("%s lists no signer; write lines such as: ada@example.com namespaces=\"git\" ssh-ed25519 AAAA…", f.Path)
	}
	return signers, nil
}

func parseSigner(line string) (sshSigner, error) {
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return sshSigner{}, errors.New("a line holds a principal, options if any, a key type and a key")
	}
	principals := strings.Split(line[:i], ",")
	if slices.Contains(principals, "") || strings.ContainsAny(line[:i], `"'*?!`) {
		return sshSigner{}, fmt.Errorf("%s is not a plain principal: patterns and quotes are not supported, name each signer in full", words.Quote(line[:i]))
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line[i+1:]))
	if err != nil {
		return sshSigner{}, fmt.Errorf("no key can be read behind %s; write the options without spaces, then the public key as in its .pub file", words.Quote(principals[0]))
	}
	s := sshSigner{principal: words.Quote(principals[0]), key: key, forGit: true}
	if err := checkSSHKey(key); err != nil {
		return sshSigner{}, err
	}
	return s, s.setAll(options)
}

// checkSSHKey refuses keys that prove little.
func checkSSHKey(key ssh.PublicKey) error {
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		if c, ok := key.(ssh.CryptoPublicKey); ok {
			if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok && k.N.BitLen() >= 2048 {
				return nil
			}
		}
		return errors.New("the RSA key has fewer than 2048 bits; use a longer one, or ed25519")
	}
	return fmt.Errorf("keys of type %s are not supported; use ed25519, ecdsa or rsa", words.Quote(key.Type()))
}

// setAll takes over the options. As in OpenSSH their names have no case, and none
// may stand twice.
func (s *sshSigner) setAll(options []string) error {
	seen := map[string]bool{}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		name = strings.ToLower(name)
		if seen[name] {
			return fmt.Errorf("option %s stands twice", words.Quote(name))
		}
		seen[name] = true
		if err := s.set(name, value); err != nil {
			return err
		}
	}
	if !s.after.IsZero() && !s.before.IsZero() && !s.after.Before(s.before) {
		return errors.New("valid-after is not before valid-before: the key would never be valid")
	}
	return nil
}

func (s *sshSigner) set(name, value string) (err error) {
	switch name {
	case "namespaces":
		list, err := unquote(name, value)
		if err != nil {
			return err
		}
		if strings.ContainsAny(list, "*?!") {
			return fmt.Errorf("namespaces=%s: patterns are not supported, write namespaces=\"git\"", words.Quote(value))
		}
		s.forGit = slices.Contains(strings.Split(list, ","), sshNamespace)
	case "valid-after":
		s.after, err = parseValidity(name, value)
	case "valid-before":
		s.before, err = parseValidity(name, value)
	case "cert-authority":
		return errors.New("cert-authority is not supported: list the signers' own keys")
	default:
		return fmt.Errorf("unknown option %s; known are namespaces, valid-after and valid-before", words.Quote(name))
	}
	return err
}

func unquote(name, value string) (string, error) {
	if len(value) < 3 || value[0] != '"' || value[len(value)-1] != '"' || strings.ContainsAny(value[1:len(value)-1], `"\`) {
		return "", fmt.Errorf("option %s has no value in quotes, as in namespaces=\"git\"", words.Quote(name))
	}
	return value[1 : len(value)-1], nil
}

// parseValidity reads YYYYMMDD[HHMM[SS]]Z. OpenSSH takes a time without Z to be of
// the machine's zone, which is another one on each machine.
func parseValidity(name, value string) (time.Time, error) {
	text, err := unquote(name, value)
	if err != nil {
		return time.Time{}, err
	}
	for _, layout := range []string{"20060102Z", "200601021504Z", "20060102150405Z"} {
		if t, err := time.Parse(layout, strings.ToUpper(text)); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s=%s is not a time of the form YYYYMMDDZ or YYYYMMDDHHMMSSZ, in UTC", name, words.Quote(value))
}

// validAt reports whether a commit of that time may be signed by the key. Both
// ends count, as in OpenSSH. A commit without a time is outside every limit.
func (s sshSigner) validAt(when time.Time) bool {
	if s.after.IsZero() && s.before.IsZero() {
		return true
	}
	return !when.IsZero() && !when.Before(s.after) && (s.before.IsZero() || !when.After(s.before))
}

// verifySSH checks an armored signature of a commit made at when.
func verifySSH(signers []sshSigner, payload []byte, armored string, when time.Time) (Signer, error) {
	sig, err := sshsig.Unarmor([]byte(armored))
	if err != nil {
		return Signer{}, errors.New("its SSH signature cannot be read")
	}
	fingerprint := ssh.FingerprintSHA256(sig.PublicKey)
	if _, isCert := sig.PublicKey.(*ssh.Certificate); isCert {
		return Signer{}, errors.New("it is signed with an SSH certificate, which is not supported")
	}
	if sig.Namespace != sshNamespace {
		return Signer{}, fmt.Errorf("its SSH signature is for the namespace %s, not %s", words.Quote(fmt.Sprintf("%q", sig.Namespace)), sshNamespace)
	}
	reason := unlisted("SSH", fingerprint)
	for _, s := range signers {
		switch {
		case !bytes.Equal(s.key.Marshal(), sig.PublicKey.Marshal()):
			continue
		case !s.forGit:
			reason = fmt.Errorf("the SSH key %s of %s is not listed for the namespace git", fingerprint, s.principal)
			continue
		case !s.validAt(when):
			reason = fmt.Errorf("the SSH key %s of %s was not valid when it was committed", fingerprint, s.principal)
			continue
		}
		if err := sshsig.Verify(bytes.NewReader(payload), sig, s.key, sig.HashAlgorithm, sshNamespace); err != nil {
			return Signer{}, fmt.Errorf("its signature by the SSH key %s of %s is not of this commit", fingerprint, s.principal)
		}
		return Signer{Name: s.principal, Key: fingerprint}, nil
	}
	return Signer{}, reason
}
