package hostkeys

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// Refusal is a server that is not trusted, or keys to trust that cannot be read. Its text
// is a whole sentence that says what to do, and holds no secret.
type Refusal string

// Error is the sentence.
func (r Refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// Check judges the key that a server shows, in one conversation. It remembers why it
// refused: the ssh library only passes on a text.
type Check struct {
	Trust
	Accepted bool  // a key was shown, and is trusted
	Refused  error // a [Refusal]: why it is not; nil before a key was shown
}

// Callback is an [ssh.HostKeyCallback]. Its error is h.Refused; nil says that the key, or
// the authority of its certificate, is trusted and not revoked.
func (h *Check) Callback(host string, addr net.Addr, key ssh.PublicKey) error {
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
		h.Accepted = true
		return nil
	}
	if h.Refused == nil {
		h.Refused = refusef("the certificate of the host key %s is refused (%s); ask who runs the server", shownKey(key), words.Quote(err.Error()))
	}
	return h.Refused
}

func (h *Check) revoked(key ssh.PublicKey) bool {
	return slices.ContainsFunc(h.Revoked, func(blob []byte) bool { return bytes.Equal(blob, Plain(key).Marshal()) })
}

func (h *Check) knows(key ssh.PublicKey, authority bool) bool {
	return !authority && slices.Contains(h.Prints, ssh.FingerprintSHA256(key)) ||
		slices.ContainsFunc(h.Keys, func(k Key) bool {
			return k.Authority == authority && bytes.Equal(k.Blob, key.Marshal())
		})
}

// refuse says what the server showed, and what to do.
func (h *Check) refuse(key ssh.PublicKey) error {
	shown := shownKey(key)
	switch {
	case h.revoked(key):
		h.Refused = refusef("the host key %s is marked as revoked in known_hosts; ask who runs the server", shown)
	case h.Source == "hostKeys":
		h.Refused = refusef("the host key %s is not in auth.ssh.hostKeys; compare it with what the server's operator publishes, and add it beside the others only if it is there", shown)
	case len(h.Keys) > 0:
		h.Refused = refusef("the host key has changed: the server shows %s, known_hosts has another (%s); ask who runs the server, and replace the line only if they confirm",
			shown, h.Keys[0].Where)
	default:
		h.Refused = refusef("the host key %s is not in known_hosts; compare it with what the server's operator publishes, then add it (`ssh-keyscan` prints the line), or pin it in auth.ssh.hostKeys", shown)
	}
	return h.Refused
}

// NoCommonKind is the error, a [Refusal], of a server that has no key of a kind that
// would be accepted: it offers others.
func (h *Check) NoCommonKind(offered []string) error {
	return refusef("the server has no host key that could be accepted: it offers %s, and %s asks for %s (ssh-rsa with SHA-1 and ssh-dss are never accepted); add the server's newer key, or update the server",
		words.Quote(strings.Join(offered, ", ")), h.Source, strings.Join(h.Algorithms(), ", "))
}

func shownKey(key ssh.PublicKey) string {
	key = Plain(key)
	return key.Type() + " " + ssh.FingerprintSHA256(key)
}
