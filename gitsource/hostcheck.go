package gitsource

import (
	"bytes"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// hostCheck judges the key that a server shows. It remembers why it refused: the
// library only passes on a text.
type hostCheck struct {
	hostTrust
	accepted bool
	refusal  error
}

func (h *hostCheck) callback(host string, addr net.Addr, key ssh.PublicKey) error {
	checker := ssh.CertChecker{
		IsHostAuthority: func(authority ssh.PublicKey, _ string) bool { return h.knows(authority, true) },
		IsRevoked: func(cert *ssh.Certificate) bool {
			return h.revoked(cert.Key) || h.revoked(cert.SignatureKey)
		},
		HostKeyFallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if h.revoked(key) || !h.knows(key, false) {
				return h.refuse(key)
			}
			return nil
		},
	}
	err := checker.CheckHostKey(host, addr, key)
	if err == nil {
		h.accepted = true
		return nil
	}
	if h.refusal == nil {
		h.refusal = sshErrorf("the certificate of the host key %s is refused (%s); ask who runs the server", shownKey(key), words.Quote(err.Error()))
	}
	return h.refusal
}

func (h *hostCheck) revoked(key ssh.PublicKey) bool {
	return slices.ContainsFunc(h.Revoked, func(blob []byte) bool { return bytes.Equal(blob, plainKey(key).Marshal()) })
}

func (h *hostCheck) knows(key ssh.PublicKey, authority bool) bool {
	return !authority && slices.Contains(h.Prints, ssh.FingerprintSHA256(key)) ||
		slices.ContainsFunc(h.Keys, func(k trustedKey) bool {
			return k.Authority == authority && bytes.Equal(k.Blob, key.Marshal())
		})
}

// refuse says what the server showed, and what to do.
func (h *hostCheck) refuse(key ssh.PublicKey) error {
	shown := shownKey(key)
	switch {
	case h.revoked(key):
		h.refusal = sshErrorf("the host key %s is marked as revoked in known_hosts; ask who runs the server", shown)
	case h.Source == "hostKeys":
		h.refusal = sshErrorf("the host key %s is not in auth.ssh.hostKeys; compare it with what the server's operator publishes, and add it beside the others only if it is there", shown)
	case len(h.Keys) > 0:
		h.refusal = sshErrorf("the host key has changed: the server shows %s, known_hosts has another (%s); ask who runs the server, and replace the line only if they confirm",
			shown, h.Keys[0].Where)
	default:
		h.refusal = sshErrorf("the host key %s is not in known_hosts; compare it with what the server's operator publishes, then add it (`ssh-keyscan` prints the line), or pin it in auth.ssh.hostKeys", shown)
	}
	return h.refusal
}

// noCommonKind explains a server that has no key of a kind that would be accepted.
func (h *hostCheck) noCommonKind(offered []string) error {
	return sshErrorf("the server has no host key that could be accepted: it offers %s, and %s asks for %s (ssh-rsa with SHA-1 and ssh-dss are never accepted); add the server's newer key, or update the server",
		words.Quote(strings.Join(offered, ", ")), h.Source, strings.Join(h.algorithms(), ", "))
}

func shownKey(key ssh.PublicKey) string {
	key = plainKey(key)
	return key.Type() + " " + ssh.FingerprintSHA256(key)
}
