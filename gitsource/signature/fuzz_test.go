package signature

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// A signature must not hide anything from what it signs: the payload and the
// signature are all of the commit, and without a signature nothing is left out.
func FuzzSplitCommit(f *testing.F) {
	_, commits := signedFixtures(f)
	f.Add(commits[0])
	f.Add(commits[1])
	f.Add([]byte("tree x\ngpgsig a\n b\n\x00\ngpgsig-sha256 c\n\n\n gpgsig"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		payload, signature, err := splitCommit(raw)
		switch {
		case err != nil:
			if len(payload) > 0 || signature != "" {
				t.Error("a commit that is refused is used")
			}
		case signature == "":
			if !bytes.Equal(payload, raw) {
				t.Errorf("of an unsigned commit %q is signed", payload)
			}
		default:
			lines := strings.Count(signature, "\n")
			if len(payload)+len(signature)+len("gpgsig ")+max(0, lines-1) > len(raw)+1 || bytes.Contains(append([]byte("\n"), header0(payload)...), []byte("\ngpgsig")) {
				t.Errorf("payload %q, signature %q", payload, signature)
			}
		}
	})
}

// header0 is the header of a commit, up to its first empty line.
func header0(raw []byte) []byte {
	head, _, _ := bytes.Cut(raw, []byte("\n\n"))
	return head
}

func FuzzAllowedSigners(f *testing.F) {
	keys, _ := signedFixtures(f)
	line := string(keys.SSH.Data)
	f.Add([]byte(line))
	f.Add([]byte("# ours\n" + strings.Replace(line, "namespaces", `valid-before="202701010000Z",namespaces`, 1)))
	f.Add([]byte("ada cert-authority,namespaces=\"git\" ssh-rsa AAAA\n* x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		signers, err := parseAllowedSigners(File{Path: "signers", Data: data})
		if err == nil && len(signers) == 0 {
			t.Error("nobody is listed, and nothing is said of it")
		}
		for _, s := range signers {
			if _, isCert := s.key.(*ssh.Certificate); isCert || s.principal == "" || strings.ContainsAny(s.principal, "*?!\n") {
				t.Errorf("%+v", s)
			}
		}
	})
}

// Whoever pushes writes the commit: nothing in it may panic or pass for a signature.
func FuzzVerifyCommit(f *testing.F) {
	keys, commits := signedFixtures(f)
	ring, err := keys.Parse()
	check(f, err)
	for _, raw := range commits {
		f.Add(raw)
		f.Add(bytes.Replace(raw, []byte("SIGNATURE-----\n"), []byte("SIGNATURE-----\n Comment: x\n"), 1))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		by, err := ring.Verify(raw, when)
		if err != nil {
			if by != (Signer{}) || strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("signer %+v, %q", by, err)
			}
			return
		}
		payload, _, _ := splitCommit(raw)
		for _, c := range commits {
			if signed, _, _ := splitCommit(c); bytes.Equal(payload, signed) {
				return
			}
		}
		t.Errorf("%+v signed %q", by, payload)
	})
}

// when is when the fixtures were committed, or later.
var when = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signedFixtures are commits that git 2.39 signed with ssh-keygen 9.2 and gpg 2.2,
// and their public keys. The private ones are gone.
func signedFixtures(t testing.TB) (Keys, [][]byte) {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", "signed", name))
		check(t, err)
		return data
	}
	keys := Keys{PGP: File{Path: "keys.asc", Data: read("keys.asc")}, SSH: File{Path: "allowed_signers", Data: read("allowed_signers")}}
	return keys, [][]byte{read("ssh.commit"), read("pgp.commit")}
}

func TestCommitsThatGitSignedEarlierAreVerified(t *testing.T) {
	keys, commits := signedFixtures(t)
	ring, err := keys.Parse()
	check(t, err)
	for i, want := range []string{"SHA256:", ""} {
		by, err := ring.Verify(commits[i], when)
		if err != nil || by.Name != "ada@example.com" || !strings.HasPrefix(by.Key, want) {
			t.Errorf("%+v, %v", by, err)
		}
	}
}
