package signature_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"golang.org/x/crypto/ssh"

	"github.com/seed-6ca89210/sluice/gitsource/signature"
	"github.com/seed-6ca89210/sluice/gitsource/signature/signing"
)

func TestACommitSignedByAListedKeyHasASigner(t *testing.T) {
	d := signing.NewDraft(tree)
	ada, rsaKey, pgp := signing.SSHKey(t), signing.RSAKey(t, 2048), signing.PGPKey(t, 0)
	refreshed := signing.PGPKey(t, 48*time.Hour) // expired today, not when it signed
	tests := []struct {
		name    string
		keys    signature.Keys
		armored string
		want    signature.Signer
	}{
		{"ed25519", signing.SSHKeys(signing.Allow("ada@example.com", "", ada.PublicKey())), signing.SSHSign(t, ada, "git", d.Payload()),
			signature.Signer{Name: "ada@example.com", Key: ssh.FingerprintSHA256(ada.PublicKey())}},
		{"rsa, for git among other namespaces", signing.SSHKeys("# ours\n\n", signing.Allow("bob@example.com,bob", `namespaces="file,git"`, rsaKey.PublicKey())),
			signing.SSHSign(t, rsaKey, "git", d.Payload()), signature.Signer{Name: "bob@example.com", Key: ssh.FingerprintSHA256(rsaKey.PublicKey())}},
		{"the line that is valid counts", signing.SSHKeys(
			signing.Allow("old@example.com", `valid-before="20250101Z"`, ada.PublicKey()),
			signing.Allow("ada@example.com", `Valid-After="20250101000001Z",VALID-BEFORE="20270101Z"`, ada.PublicKey())),
			signing.SSHSign(t, ada, "git", d.Payload()), signature.Signer{Name: "ada@example.com", Key: ssh.FingerprintSHA256(ada.PublicKey())}},
		{"pgp, the second block of the file", signing.PGPPublic(t, signing.PGPKey(t, 0), pgp), signing.PGPSign(t, pgp, signing.When, d.Payload()),
			signature.Signer{Name: "ada@example.com", Key: fmt.Sprintf("%X", pgp.PrimaryKey.Fingerprint)}},
		{"pgp, by a clock that goes ahead of ours", signing.PGPPublic(t, pgp), signing.PGPSign(t, pgp, signing.When.AddDate(50, 0, 0), d.Payload()),
			signature.Signer{Name: "ada@example.com", Key: fmt.Sprintf("%X", pgp.PrimaryKey.Fingerprint)}},
		{"pgp, expired since", signing.PGPPublic(t, refreshed), signing.PGPSign(t, refreshed, signing.When, d.Payload()),
			signature.Signer{Name: "ada@example.com", Key: fmt.Sprintf("%X", refreshed.PrimaryKey.Fingerprint)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := verify(t, d.With(tt.armored), tt.keys)
			if got != tt.want || err != nil {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

// Whatever is wrong with a signature, there is no signer, and a reason.
func TestASignatureThatDoesNotCountIsNamed(t *testing.T) {
	d := signing.NewDraft(tree)
	ada, eve, pgp := signing.SSHKey(t), signing.SSHKey(t), signing.PGPKey(t, 0)
	expired, late := signing.PGPKey(t, time.Hour), signing.When.Add(-12*time.Hour)
	other := signing.Draft{Headers: d.Headers, Message: "another\n"}.Payload()
	listed := signing.SSHKeys(signing.Allow("ada@example.com", "", ada.PublicKey()))
	listed.PGP = signing.PGPPublic(t, pgp, expired).PGP
	good, goodPGP := signing.SSHSign(t, ada, "git", d.Payload()), signing.PGPSign(t, pgp, signing.When, d.Payload())
	revoked := signing.PGPKey(t, 0)
	revokedSig := signing.PGPSign(t, revoked, signing.When, d.Payload())
	check(t, revoked.Revoke(packet.KeyCompromised, "lost", nil))
	limited := func(options string) signature.Keys {
		return signing.SSHKeys(signing.Allow("ada@example.com", options, ada.PublicKey()))
	}
	tests := []struct {
		name    string
		keys    signature.Keys
		armored string
		want    string
	}{
		{"no keys", signature.Keys{}, good, "no keys are given"},
		{"an SSH key that is not listed", listed, signing.SSHSign(t, eve, "git", d.Payload()), "not listed (SSH SHA256:"},
		{"a PGP key that is not listed", listed, signing.PGPSign(t, signing.PGPKey(t, 0), signing.When, d.Payload()), "not listed (PGP "},
		{"a PGP signature where only SSH keys are given", limited(""), goodPGP, "not listed (PGP "},
		{"an SSH signature where only PGP keys are given", signing.PGPPublic(t, pgp), good, "not listed (SSH "},
		{"another commit's SSH signature", listed, signing.SSHSign(t, ada, "git", other), "is not of this commit"},
		{"another commit's PGP signature", listed, signing.PGPSign(t, pgp, signing.When, other), "is not of this commit"},
		{"an SSH signature of a file", listed, signing.SSHSign(t, ada, "file", d.Payload()), `namespace "file"`},
		{"a key that is listed for files", limited(`namespaces="file"`), good, "not listed for the namespace git"},
		{"an SSH key that had expired", limited(`valid-before="20260304030606Z"`), good, "not valid when it was committed"},
		{"an SSH key that was not valid yet", limited(`valid-after="20260304030608Z"`), good, "not valid when it was committed"},
		{"a PGP key that had expired", listed, signing.PGPSign(t, expired, late, d.Payload()), "had expired"},
		{"a PGP key that is younger than its signature", listed, signing.PGPSign(t, pgp, signing.When.AddDate(-1, 0, 0), d.Payload()), "self signature"},
		{"a PGP key that is compromised", signing.PGPPublic(t, revoked), revokedSig, "revoked"},
		{"a PGP signature of text", listed, signing.ArmorPackets(t, signing.PGPPacket(t, pgp, signing.When, packet.SigTypeText, d.Payload(), nil)), "not one of a commit's bytes"},
		{"a PGP signature that ends", listed, signing.ArmorPackets(t, signing.PGPPacket(t, pgp, signing.When, packet.SigTypeBinary, d.Payload(), expiry(1<<30))), "expiry of its own"},
		{"two PGP packets", listed, signing.ArmorPackets(t, signing.PGPPacket(t, pgp, signing.When, 0, d.Payload(), nil), signing.PGPPacket(t, pgp, signing.When, 0, d.Payload(), nil)), "more than one"},
		{"two armored blocks", listed, good + good, "neither one PGP nor one SSH"},
		{"text before the block", listed, "trust me\n" + good, "neither one PGP nor one SSH"},
		{"text behind the block", listed, good + "trust me\n", "neither one PGP nor one SSH"},
		{"an X.509 signature", listed, "-----BEGIN SIGNED MESSAGE-----\nMIAG\n-----END SIGNED MESSAGE-----\n", "X.509"},
		{"nonsense in SSH armor", listed, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n", "cannot be read"},
		{"nonsense in PGP armor", listed, "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n", "cannot be read"},
		{"an empty signature", listed, "", "is empty"},
		{"a NUL byte in the header", listed, good + "\x00", "a NUL byte"},
		{"a huge signature", listed, strings.Repeat("A", 64<<10), "more than 65536 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantUnsigned(t, d.With(tt.armored), tt.keys, tt.want)
		})
	}
}

func expiry(seconds uint32) func(*packet.Signature) {
	return func(s *packet.Signature) { s.SigLifetimeSecs = &seconds }
}

// tree is what the commits here hold.
const tree = "0d6a2d3ac4a4ad0ef1b24c6ffab3dd2a9d6a0f1e"

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// verify says who signed a commit object that was committed at signing.When.
func verify(t testing.TB, raw []byte, keys signature.Keys) (signature.Signer, error) {
	t.Helper()
	ring, err := keys.Parse()
	check(t, err)
	return ring.Verify(raw, signing.When)
}

func wantUnsigned(t testing.TB, raw []byte, keys signature.Keys, want string) {
	t.Helper()
	by, err := verify(t, raw, keys)
	if err == nil || by != (signature.Signer{}) || !strings.Contains(err.Error(), want) {
		t.Errorf("signer %+v, %v, want none, and %q", by, err, want)
	}
}

// One good signature each of an SSH and a PGP key, and every part of the commit
// changed beneath it.
func TestNoPartOfASignedCommitCanBeChanged(t *testing.T) {
	d := signing.NewDraft(tree)
	parent := strings.Repeat("ab", 20)
	d.Headers = strings.Replace(d.Headers, "author", "parent "+parent+"\nauthor", 1)
	otherTree := strings.Repeat("cd", 20)
	ada, pgp := signing.SSHKey(t), signing.PGPKey(t, 0)
	keys := signing.PGPPublic(t, pgp)
	keys.SSH = signing.SSHKeys(signing.Allow("ada@example.com", "", ada.PublicKey())).SSH
	replace := func(old, new string) func(signing.Draft) signing.Draft {
		return func(d signing.Draft) signing.Draft {
			return signing.Draft{Headers: strings.Replace(d.Headers, old, new, 1), Message: d.Message}
		}
	}
	tests := []struct {
		name   string
		change func(signing.Draft) signing.Draft
	}{
		{"message", func(d signing.Draft) signing.Draft {
			return signing.Draft{Headers: d.Headers, Message: d.Message + "and more\n"}
		}},
		{"tree", replace(d.Headers[5:45], otherTree)},
		{"parent", replace(parent, strings.Repeat("1", 40))},
		{"no parent", replace("parent "+parent+"\n", "")},
		{"author", replace("Ada", "Eve")},
		{"committer", replace("Bob", "Eve")},
		{"time", replace(fmt.Sprint(signing.When.Unix()), fmt.Sprint(signing.When.Unix()+1))},
		{"another header", func(d signing.Draft) signing.Draft {
			return signing.Draft{Headers: d.Headers + "encoding ISO-8859-1\n", Message: d.Message}
		}},
	}
	for format, armored := range map[string]string{"SSH": signing.SSHSign(t, ada, "git", d.Payload()), "PGP": signing.PGPSign(t, pgp, signing.When, d.Payload())} {
		if by, err := verify(t, d.With(armored), keys); by.Name != "ada@example.com" {
			t.Fatalf("%s: the untouched commit: %+v, %v", format, by, err)
		}
		for _, tt := range tests {
			t.Run(format+", "+tt.name, func(t *testing.T) {
				changed := tt.change(d)
				if changed == d {
					t.Fatal("nothing was changed")
				}
				wantUnsigned(t, changed.With(armored), keys, "not of this commit")
			})
		}
	}
}

func TestASecondSignatureHeaderIsRefused(t *testing.T) {
	d := signing.NewDraft(tree)
	ada, eve := signing.SSHKey(t), signing.SSHKey(t)
	keys := signing.SSHKeys(signing.Allow("ada@example.com", "", ada.PublicKey()))
	good, bad := signing.SSHSign(t, ada, "git", d.Payload()), signing.SSHSign(t, eve, "git", d.Payload())
	tests := []struct{ name, headers, want string }{
		{"a bad one behind", signing.Header("gpgsig", good) + signing.Header("gpgsig", bad), "more than one"},
		{"a bad one before", signing.Header("gpgsig", bad) + signing.Header("gpgsig", good), "more than one"},
		{"the good one twice", signing.Header("gpgsig", good) + signing.Header("gpgsig", good), "more than one"},
		{"one for SHA-256", signing.Header("gpgsig", good) + signing.Header("gpgsig-sha256", good), "not supported (gpgsig-sha256)"},
		{"one for SHA-256 alone", signing.Header("gpgsig-sha256", good), "not supported (gpgsig-sha256)"},
		{"one without a first line", "gpgsig\n" + signing.Header("", good), "not supported (gpgsig)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantUnsigned(t, []byte(d.Headers+tt.headers+"\n"+d.Message), keys, tt.want)
		})
	}
}

func TestAnUnsignedCommitSaysSo(t *testing.T) {
	ada := signing.SSHKey(t)
	keys := signing.SSHKeys(signing.Allow("ada@example.com", "", ada.PublicKey()))
	wantUnsigned(t, signing.NewDraft(tree).Payload(), keys, "it is not signed")
	// A signature in the message is none.
	d := signing.NewDraft(tree)
	d.Message += "\n" + signing.Header("gpgsig", signing.SSHSign(t, ada, "git", d.Payload()))
	wantUnsigned(t, d.Payload(), keys, "it is not signed")
}

func TestKeysThatCannotBeUsedAreRefused(t *testing.T) {
	ada, pgp := signing.SSHKey(t), signing.PGPKey(t, 0)
	line := func(options string) string { return signing.Allow("ada@example.com", options, ada.PublicKey()) }
	private := "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
	public := string(signing.PGPPublic(t, pgp).PGP.Data)
	tests := []struct {
		name     string
		ssh, pgp string // "" is no file
		want     string
	}{
		{"a pattern", signing.Allow("*@example.com", "", ada.PublicKey()), "", "signers:1: *@example.com is not a plain principal"},
		{"an empty principal", signing.Allow("ada,", "", ada.PublicKey()), "", "not a plain principal"},
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
		{"a short RSA key", signing.Allow("ada", "", signing.RSAKey(t, 1024).PublicKey()), "", "fewer than 2048 bits"},
		{"a file that is too large", strings.Repeat("#", 4<<20+1), "", "more than 4194304"},
		{"a private PGP key", "", private, "holds a private key"},
		{"no PGP key", "", "hello", "keys.pgp: keys.asc holds no PGP public key"},
		{"half a PGP key", "", public[:200], "key block 1 has no end"},
		{"a broken PGP key", "", public + strings.Replace(public, "\n\n", "\n\nAAAA", 1), "key block 2 cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys := signature.Keys{}
			if tt.ssh != "" {
				keys.SSH = signature.File{Path: "signers", Data: []byte(tt.ssh)}
			}
			if tt.pgp != "" {
				keys.PGP = signature.File{Path: "keys.asc", Data: []byte(tt.pgp)}
			}
			_, err := keys.Parse()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want one that says %q", err, tt.want)
			}
		})
	}
	_, err := signature.Keys{PGP: signing.PGPPublic(t, pgp).PGP, SSH: signature.File{Path: "signers"}}.Parse()
	if err == nil || !strings.Contains(err.Error(), "signers is empty") {
		t.Errorf("%v", err)
	}
}

func TestAPGPKeyWithoutAnAddressIsNamedByItsUserID(t *testing.T) {
	e, err := openpgp.NewEntity("release bot", "", "", &packet.Config{Time: func() time.Time { return signing.When }})
	check(t, err)
	d := signing.NewDraft(tree)
	if by, err := verify(t, d.With(signing.PGPSign(t, e, signing.When, d.Payload())), signing.PGPPublic(t, e)); by.Name != "release bot" {
		t.Errorf("%+v, %v", by, err)
	}
}
