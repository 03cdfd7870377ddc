package gitsource

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"golang.org/x/crypto/ssh"
)

func TestACommitSignedByAListedKeyHasASigner(t *testing.T) {
	r := newRepo(t)
	d := newDraft(r)
	ada, rsaKey, pgp := sshKey(t), rsaSigner(t, 2048), pgpKey(t, 0)
	refreshed := pgpKey(t, 48*time.Hour) // expired today, not when it signed
	tests := []struct {
		name      string
		keys      Keys
		signature string
		want      signer
	}{
		{"ed25519", sshKeys(allow("ada@example.com", "", ada.PublicKey())), sshSign(t, ada, "git", d.payload()),
			signer{"ada@example.com", ssh.FingerprintSHA256(ada.PublicKey())}},
		{"rsa, for git among other namespaces", sshKeys("# ours\n\n", allow("bob@example.com,bob", `namespaces="file,git"`, rsaKey.PublicKey())),
			sshSign(t, rsaKey, "git", d.payload()), signer{"bob@example.com", ssh.FingerprintSHA256(rsaKey.PublicKey())}},
		{"the line that is valid counts", sshKeys(
			allow("old@example.com", `valid-before="20250101Z"`, ada.PublicKey()),
			allow("ada@example.com", `Valid-After="20250101000001Z",VALID-BEFORE="20270101Z"`, ada.PublicKey())),
			sshSign(t, ada, "git", d.payload()), signer{"ada@example.com", ssh.FingerprintSHA256(ada.PublicKey())}},
		{"pgp, the second block of the file", pgpPublic(t, pgpKey(t, 0), pgp), pgpSign(t, pgp, when, d.payload()),
			signer{"ada@example.com", fmt.Sprintf("%X", pgp.PrimaryKey.Fingerprint)}},
		{"pgp, by a clock that goes ahead of ours", pgpPublic(t, pgp), pgpSign(t, pgp, when.AddDate(50, 0, 0), d.payload()),
			signer{"ada@example.com", fmt.Sprintf("%X", pgp.PrimaryKey.Fingerprint)}},
		{"pgp, expired since", pgpPublic(t, refreshed), pgpSign(t, refreshed, when, d.payload()),
			signer{"ada@example.com", fmt.Sprintf("%X", refreshed.PrimaryKey.Fingerprint)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := r.fetchCommit(d.with(tt.signature), tt.keys)
			if got := (signer{c.Signer, c.SignerKey}); got != tt.want || c.SignatureProblem != "" {
				t.Errorf("got %+v, problem %q, want %+v", got, c.SignatureProblem, tt.want)
			}
		})
	}
}

// Whatever is wrong with a signature, the commit is fetched, without a signer.
func TestASignatureThatDoesNotCountIsNamed(t *testing.T) {
	r := newRepo(t)
	d := newDraft(r)
	ada, eve, pgp := sshKey(t), sshKey(t), pgpKey(t, 0)
	expired, late := pgpKey(t, time.Hour), when.Add(-12*time.Hour)
	other := draft{d.headers, "another\n"}.payload()
	listed := sshKeys(allow("ada@example.com", "", ada.PublicKey()))
	listed.PGP = pgpPublic(t, pgp, expired).PGP
	good, goodPGP := sshSign(t, ada, "git", d.payload()), pgpSign(t, pgp, when, d.payload())
	revoked := pgpKey(t, 0)
	revokedSig := pgpSign(t, revoked, when, d.payload())
	check(t, revoked.Revoke(packet.KeyCompromised, "lost", nil))
	limited := func(options string) Keys { return sshKeys(allow("ada@example.com", options, ada.PublicKey())) }
	tests := []struct {
		name      string
		keys      Keys
		signature string
		want      string
	}{
		{"no keys", Keys{}, good, "no keys are given"},
		{"an SSH key that is not listed", listed, sshSign(t, eve, "git", d.payload()), "not listed (SSH SHA256:"},
		{"a PGP key that is not listed", listed, pgpSign(t, pgpKey(t, 0), when, d.payload()), "not listed (PGP "},
		{"a PGP signature where only SSH keys are given", limited(""), goodPGP, "not listed (PGP "},
		{"an SSH signature where only PGP keys are given", pgpPublic(t, pgp), good, "not listed (SSH "},
		{"another commit's SSH signature", listed, sshSign(t, ada, "git", other), "is not of this commit"},
		{"another commit's PGP signature", listed, pgpSign(t, pgp, when, other), "is not of this commit"},
		{"an SSH signature of a file", listed, sshSign(t, ada, "file", d.payload()), `namespace "file"`},
		{"a key that is listed for files", limited(`namespaces="file"`), good, "not listed for the namespace git"},
		{"an SSH key that had expired", limited(`valid-before="20260304030606Z"`), good, "not valid when it was committed"},
		{"an SSH key that was not valid yet", limited(`valid-after="20260304030608Z"`), good, "not valid when it was committed"},
		{"a PGP key that had expired", listed, pgpSign(t, expired, late, d.payload()), "had expired"},
		{"a PGP key that is younger than its signature", listed, pgpSign(t, pgp, when.AddDate(-1, 0, 0), d.payload()), "self signature"},
		{"a PGP key that is compromised", pgpPublic(t, revoked), revokedSig, "revoked"},
		{"a PGP signature of text", listed, armorPackets(t, pgpPacket(t, pgp, when, packet.SigTypeText, d.payload(), nil)), "not one of a commit's bytes"},
		{"a PGP signature that ends", listed, armorPackets(t, pgpPacket(t, pgp, when, packet.SigTypeBinary, d.payload(), expiry(1<<30))), "expiry of its own"},
		{"two PGP packets", listed, armorPackets(t, pgpPacket(t, pgp, when, 0, d.payload(), nil), pgpPacket(t, pgp, when, 0, d.payload(), nil)), "more than one"},
		{"two armored blocks", listed, good + good, "neither one PGP nor one SSH"},
		{"text before the block", listed, "trust me\n" + good, "neither one PGP nor one SSH"},
		{"text behind the block", listed, good + "trust me\n", "neither one PGP nor one SSH"},
		{"an X.509 signature", listed, "-----BEGIN SIGNED MESSAGE-----\nMIAG\n-----END SIGNED MESSAGE-----\n", "X.509"},
		{"nonsense in SSH armor", listed, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n", "cannot be read"},
		{"nonsense in PGP armor", listed, "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n", "cannot be read"},
		{"an empty signature", listed, "", "is empty"},
		{"a NUL byte in the header", listed, good + "\x00", "a NUL byte"},
		{"a huge signature", listed, strings.Repeat("A", maxSignature), "more than 65536 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantUnsigned(t, r.fetchCommit(d.with(tt.signature), tt.keys), tt.want)
		})
	}
}

func expiry(seconds uint32) func(*packet.Signature) {
	return func(s *packet.Signature) { s.SigLifetimeSecs = &seconds }
}

func wantUnsigned(t *testing.T, c Commit, want string) {
	t.Helper()
	if c.Signer != "" || c.SignerKey != "" || !strings.Contains(c.SignatureProblem, want) {
		t.Errorf("signer %q %q, problem %q, want one that says %q", c.Signer, c.SignerKey, c.SignatureProblem, want)
	}
}

// One good signature each of an SSH and a PGP key, and every part of the commit
// changed beneath it.
func TestNoPartOfASignedCommitCanBeChanged(t *testing.T) {
	r := newRepo(t)
	d := newDraft(r)
	parent := r.commit("parent", map[string]node{"a.yaml": file("a: 0\n")})
	d.headers = strings.Replace(d.headers, "author", "parent "+parent+"\nauthor", 1)
	otherTree := r.tree(map[string]node{"a.yaml": file("a: 2\n")}).String()
	ada, pgp := sshKey(t), pgpKey(t, 0)
	keys := pgpPublic(t, pgp)
	keys.SSH = sshKeys(allow("ada@example.com", "", ada.PublicKey())).SSH
	replace := func(old, new string) func(draft) draft {
		return func(d draft) draft { return draft{strings.Replace(d.headers, old, new, 1), d.message} }
	}
	tests := []struct {
		name   string
		change func(draft) draft
	}{
		{"message", func(d draft) draft { return draft{d.headers, d.message + "and more\n"} }},
		{"tree", replace(d.headers[5:45], otherTree)},
		{"parent", replace(parent, strings.Repeat("1", 40))},
		{"no parent", replace("parent "+parent+"\n", "")},
		{"author", replace("Ada", "Eve")},
		{"committer", replace("Bob", "Eve")},
		{"time", replace(fmt.Sprint(when.Unix()), fmt.Sprint(when.Unix()+1))},
		{"another header", func(d draft) draft { return draft{d.headers + "encoding ISO-8859-1\n", d.message} }},
	}
	for format, signature := range map[string]string{"SSH": sshSign(t, ada, "git", d.payload()), "PGP": pgpSign(t, pgp, when, d.payload())} {
		if c := r.fetchCommit(d.with(signature), keys); c.Signer != "ada@example.com" {
			t.Fatalf("%s: the untouched commit: %+v", format, c)
		}
		for _, tt := range tests {
			t.Run(format+", "+tt.name, func(t *testing.T) {
				changed := tt.change(d)
				if changed == d {
					t.Fatal("nothing was changed")
				}
				wantUnsigned(t, r.fetchCommit(changed.with(signature), keys), "not of this commit")
			})
		}
	}
}

func TestASecondSignatureHeaderIsRefused(t *testing.T) {
	r := newRepo(t)
	d := newDraft(r)
	ada, eve := sshKey(t), sshKey(t)
	keys := sshKeys(allow("ada@example.com", "", ada.PublicKey()))
	good, bad := sshSign(t, ada, "git", d.payload()), sshSign(t, eve, "git", d.payload())
	tests := []struct{ name, headers, want string }{
		{"a bad one behind", header("gpgsig", good) + header("gpgsig", bad), "more than one"},
		{"a bad one before", header("gpgsig", bad) + header("gpgsig", good), "more than one"},
		{"the good one twice", header("gpgsig", good) + header("gpgsig", good), "more than one"},
		{"one for SHA-256", header("gpgsig", good) + header("gpgsig-sha256", good), "not supported (gpgsig-sha256)"},
		{"one for SHA-256 alone", header("gpgsig-sha256", good), "not supported (gpgsig-sha256)"},
		{"one without a first line", "gpgsig\n" + header("", good), "not supported (gpgsig)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantUnsigned(t, r.fetchCommit([]byte(d.headers+tt.headers+"\n"+d.message), keys), tt.want)
		})
	}
}

func TestAnUnsignedCommitAndAFolderSayWhy(t *testing.T) {
	r := newRepo(t)
	ada := sshKey(t)
	keys := sshKeys(allow("ada@example.com", "", ada.PublicKey()))
	wantUnsigned(t, r.fetchCommit(newDraft(r).payload(), keys), "it is not signed")
	// A signature in the message is none.
	d := newDraft(r)
	d.message += "\n" + header("gpgsig", sshSign(t, ada, "git", d.payload()))
	wantUnsigned(t, r.fetchCommit(d.payload(), keys), "it is not signed")

	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("a: 1\n"), 0o600))
	s, err := open(t, Config{Dir: dir}).Fetch(t.Context(), "")
	check(t, err)
	wantUnsigned(t, s.Commit, "a plain folder has no commit")
	_, err = Open(Config{Dir: dir, Keys: keys})
	wantError(t, err, nil, "keys: a plain folder")
}

func TestKeysThatCannotBeUsedAreRefusedAtOpen(t *testing.T) {
	ada, pgp := sshKey(t), pgpKey(t, 0)
	line := func(options string) string { return allow("ada@example.com", options, ada.PublicKey()) }
	private := "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
	public := string(pgpPublic(t, pgp).PGP.Data)
	tests := []struct {
		name     string
		ssh, pgp string // "" is no file
		want     string
	}{
		{"a pattern", allow("*@example.com", "", ada.PublicKey()), "", "signers:1: *@example.com is not a plain principal"},
		{"an empty principal", allow("ada,", "", ada.PublicKey()), "", "not a plain principal"},
		{"no principal", "# ours\n" + string(ssh.MarshalAuthorizedKey(ada.PublicKey())), "", "signers:2: no key can be read"},
		{"one word", "ada", "", "signers:1: a line holds a principal"},
		{"only comments", "# nobody yet\n", "", "lists no signer"},
		{"an authority", line("cert-authority"), "", "cert-authority is not supported"},
		{"a misspelt option", line(`namespace="git"`), "", "unknown option namespace"},
		{"an option twice", line(`namespaces="git",Namespaces="git"`), "", "namespaces stands twice"},
		{"a pattern of namespaces", line(`namespaces="g*"`), "", "patterns are not supported"},
		{"no quotes", line(`namespaces=git`), "", "no value in quotes"},
		{"a time of no zone", line(`valid-before="20270101"`), "", "in UTC"},
		{"no time", line(`valid-after="soon"`), "", "valid-after=\"soon\" is not a time"},
		{"never valid", line(`valid-after="20270101Z",valid-before="20260101Z"`), "", "would never be valid"},
		{"a short RSA key", allow("ada", "", rsaSigner(t, 1024).PublicKey()), "", "fewer than 2048 bits"},
		{"a file that is too large", strings.Repeat("#", maxKeys+1), "", "more than 4194304"},
		{"a private PGP key", "", private, "holds a private key"},
		{"no PGP key", "", "hello", "keys.pgp: keys.asc holds no PGP public key"},
		{"half a PGP key", "", public[:200], "key block 1 has no end"},
		{"a broken PGP key", "", public + strings.Replace(public, "\n\n", "\n\nAAAA", 1), "key block 2 cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys := Keys{}
			if tt.ssh != "" {
				keys.SSH = File{"signers", []byte(tt.ssh)}
			}
			if tt.pgp != "" {
				keys.PGP = File{"keys.asc", []byte(tt.pgp)}
			}
			_, err := Open(Config{URL: "file:///x", Keys: keys})
			wantError(t, err, nil, tt.want)
		})
	}
	_, err := Open(Config{URL: "file:///x", Keys: Keys{PGP: pgpPublic(t, pgp).PGP, SSH: File{Path: "signers"}}})
	wantError(t, err, nil, "signers is empty")
}

func TestAPGPKeyWithoutAnAddressIsNamedByItsUserID(t *testing.T) {
	e, err := openpgp.NewEntity("release bot", "", "", &packet.Config{Time: func() time.Time { return when }})
	check(t, err)
	r := newRepo(t)
	d := newDraft(r)
	if c := r.fetchCommit(d.with(pgpSign(t, e, when, d.payload())), pgpPublic(t, e)); c.Signer != "release bot" {
		t.Errorf("%+v", c)
	}
}
