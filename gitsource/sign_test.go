package gitsource

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
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// draft is a commit object before it is signed.
type draft struct{ headers, message string }

// newDraft is a commit of one file, committed at when.
func newDraft(r *testRepo) draft {
	tree := r.tree(map[string]node{"a.yaml": file("a: 1\n")})
	return draft{fmt.Sprintf("tree %s\nauthor Ada <ada@example.com> %d +0200\ncommitter Bob <bob@example.com> %d +0200\n", tree, when.Unix()-3600, when.Unix()), "add one\n"}
}

func (d draft) payload() []byte { return []byte(d.headers + "\n" + d.message) }

// header writes a value as a header of a commit: further lines begin with a space.
func header(name, value string) string {
	return name + " " + strings.ReplaceAll(strings.TrimRight(value, "\n"), "\n", "\n ") + "\n"
}

// with is the commit object with the signature in it.
func (d draft) with(signature string) []byte {
	return []byte(d.headers + header("gpgsig", signature) + "\n" + d.message)
}

// fetchCommit stores a commit object and reads it back through a Source.
func (r *testRepo) fetchCommit(raw []byte, keys Keys) Commit {
	r.t.Helper()
	r.point(branchPrefix+"main", r.raw(plumbing.CommitObject, raw).String())
	s, err := open(r.t, Config{URL: r.url(), Ref: Ref{Branch: "main"}, Keys: keys}).Fetch(r.t.Context(), "")
	check(r.t, err)
	return s.Commit
}

func sshKey(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	s, err := ssh.NewSignerFromKey(private)
	check(t, err)
	return s
}

func sshSign(t testing.TB, s ssh.Signer, namespace string, payload []byte) string {
	t.Helper()
	sig, err := sshsig.Sign(bytes.NewReader(payload), s, sshsig.HashSHA512, namespace)
	check(t, err)
	return string(sshsig.Armor(sig))
}

// allow is a line of an allowed_signers file.
func allow(principal, options string, key ssh.PublicKey) string {
	if options != "" {
		options += " "
	}
	return principal + " " + options + string(ssh.MarshalAuthorizedKey(key))
}

func sshKeys(lines ...string) Keys {
	return Keys{SSH: File{Path: "signers", Data: []byte(strings.Join(lines, ""))}}
}

// pgpKey makes a key that is valid from a day before when; a lifetime of 0 is for ever.
func pgpKey(t testing.TB, lifetime time.Duration) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("Ada", "work", "ada@example.com", &packet.Config{
		Time: func() time.Time { return when.Add(-24 * time.Hour) }, KeyLifetimeSecs: uint32(lifetime / time.Second),
	})
	check(t, err)
	return e
}

func pgpPublic(t testing.TB, entities ...*openpgp.Entity) Keys {
	t.Helper()
	var all strings.Builder
	for _, e := range entities {
		w, err := armor.Encode(&all, "PGP PUBLIC KEY BLOCK", nil)
		check(t, err)
		check(t, e.Serialize(w))
		check(t, w.Close())
		all.WriteString("\n")
	}
	return Keys{PGP: File{Path: "keys.asc", Data: []byte(all.String())}}
}

// pgpSign signs at a time, whatever the key's validity then.
func pgpSign(t testing.TB, e *openpgp.Entity, at time.Time, payload []byte) string {
	t.Helper()
	return armorPackets(t, pgpPacket(t, e, at, packet.SigTypeBinary, payload, nil))
}

func pgpPacket(t testing.TB, e *openpgp.Entity, at time.Time, kind packet.SignatureType, payload []byte, change func(*packet.Signature)) []byte {
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

func armorPackets(t testing.TB, packets ...[]byte) string {
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

func rsaSigner(t testing.TB, bits int) ssh.Signer {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	check(t, err)
	s, err := ssh.NewSignerFromKey(private)
	check(t, err)
	return s
}
