package signing

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/seed-6ca89210/sluice/gitsource/signature"
)

// When is when drafts are committed.
var When = time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 2*3600))

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Draft is a commit object before it is signed.
type Draft struct{ Headers, Message string }

// NewDraft is a commit of a tree, written by Ada an hour before Bob commits it, at When.
func NewDraft(tree string) Draft {
	return Draft{fmt.Sprintf("tree %s\nauthor Ada <ada@example.com> %d +0200\ncommitter Bob <bob@example.com> %d +0200\n", tree, When.Unix()-3600, When.Unix()), "add one\n"}
}

// Payload is what is signed.
func (d Draft) Payload() []byte { return []byte(d.Headers + "\n" + d.Message) }

// Header writes a value as a header of a commit: further lines begin with a space.
func Header(name, value string) string {
	return name + " " + strings.ReplaceAll(strings.TrimRight(value, "\n"), "\n", "\n ") + "\n"
}

// With is the commit object with the signature in it.
func (d Draft) With(signature string) []byte {
	return []byte(d.Headers + Header("gpgsig", signature) + "\n" + d.Message)
}

// SSHKey makes an ed25519 key.
func SSHKey(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	s, err := ssh.NewSignerFromKey(private)
	check(t, err)
	return s
}

// SSHSign gives the armored signature of ssh-keygen -Y sign.
func SSHSign(t testing.TB, s ssh.Signer, namespace string, payload []byte) string {
	t.Helper()
	sig, err := sshsig.Sign(bytes.NewReader(payload), s, sshsig.HashSHA512, namespace)
	check(t, err)
	return string(sshsig.Armor(sig))
}

// Allow is a line of an allowed_signers file.
func Allow(principal, options string, key ssh.PublicKey) string {
	if options != "" {
		options += " "
	}
	return principal + " " + options + string(ssh.MarshalAuthorizedKey(key))
}

// SSHKeys is a file of lines that Allow made.
func SSHKeys(lines ...string) signature.Keys {
	return signature.Keys{SSH: signature.File{Path: "signers", Data: []byte(strings.Join(lines, ""))}}
}

// PGPKey makes a key that is valid from a day before When; a lifetime of 0 is for ever.
func PGPKey(t testing.TB, lifetime time.Duration) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("Ada", "work", "ada@example.com", &packet.Config{
		Time: func() time.Time { return When.Add(-24 * time.Hour) }, KeyLifetimeSecs: uint32(lifetime / time.Second),
	})
	check(t, err)
	return e
}

// PGPPublic is a file with a block for each key, as gpg --armor --export writes it.
func PGPPublic(t testing.TB, entities ...*openpgp.Entity) signature.Keys {
	t.Helper()
	var all strings.Builder
	for _, e := range entities {
		w, err := armor.Encode(&all, "PGP PUBLIC KEY BLOCK", nil)
		check(t, err)
		check(t, e.Serialize(w))
		check(t, w.Close())
		all.WriteString("\n")
	}
	return signature.Keys{PGP: signature.File{Path: "keys.asc", Data: []byte(all.String())}}
}

// PGPSign signs at a time, whatever the key's validity then, and gives the armored signature.
func PGPSign(t testing.TB, e *openpgp.Entity, at time.Time, payload []byte) string {
	t.Helper()
	return ArmorPackets(t, PGPPacket(t, e, at, packet.SigTypeBinary, payload, nil))
}

// PGPPacket is a signature before it is armored; change may spoil it.
func PGPPacket(t testing.TB, e *openpgp.Entity, at time.Time, kind packet.SignatureType, payload []byte, change func(*packet.Signature)) []byte {
	t.Helper()
	sig := &packet.Signature{Version: 4, SigType: kind, PubKeyAlgo: e.PrivateKey.PubKeyAlgo, Hash: crypto.SHA256, CreationTime: at,
		IssuerKeyId: &e.PrivateKey.KeyId, IssuerFingerprint: e.PrivateKey.Fingerprint}
	if change != nil {
		change(sig)
	}
	h, err := sig.PrepareSign(nil)
	check(t, err)
	h.Write(payload)
	check(t, sig.Sign(h, e.PrivateKey, nil))
	var b bytes.Buffer
	check(t, sig.Serialize(&b))
	return b.Bytes()
}

// ArmorPackets puts signatures into one armored block.
func ArmorPackets(t testing.TB, packets ...[]byte) string {
	t.Helper()
	var b strings.Builder
	w, err := armor.Encode(&b, "PGP SIGNATURE", nil)
	check(t, err)
	for _, p := range packets {
		_, err = w.Write(p)
		check(t, err)
	}
	check(t, w.Close())
	return b.String() + "\n"
}

// RSAKey makes an RSA key for SSH.
func RSAKey(t testing.TB, bits int) ssh.Signer {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	check(t, err)
	s, err := ssh.NewSignerFromKey(private)
	check(t, err)
	return s
}
