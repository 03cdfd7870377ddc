package hostkeys

import (
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// public is a key as in a .pub file. Its private half is gone.
const public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

func TestAnOldKindOfKeyCannotBePinned(t *testing.T) {
	blob := ssh.Marshal(struct {
		Kind       string
		P, Q, G, Y *big.Int
	}{"ssh-dss", new(big.Int).Lsh(big.NewInt(1), 1023), new(big.Int).Lsh(big.NewInt(1), 159), big.NewInt(2), big.NewInt(4)})
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Pinned([]string{string(ssh.MarshalAuthorizedKey(key))})
	if err == nil || !strings.Contains(err.Error(), "keys of kind ssh-dss are not accepted") {
		t.Errorf("%v", err)
	}
}

func TestTheFilesOfTheEnvironmentCountWhereNoneIsNamed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	missing := filepath.Join(dir, "missing")
	t.Setenv("SSH_KNOWN_HOSTS", missing)
	if _, err := Known("", "git.example.com:22"); err == nil || !strings.Contains(err.Error(), "there is no known_hosts ("+missing+")") {
		t.Errorf("%v", err)
	}
	file := filepath.Join(dir, "known_hosts")
	if err := os.WriteFile(file, []byte("# ours\ngit.example.com "+public+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSH_KNOWN_HOSTS", missing+string(filepath.ListSeparator)+file)
	trust, err := Known("", "git.example.com:22")
	if err != nil || len(trust.Keys) != 1 || trust.Keys[0].Where != file+":2" || !slices.Equal(trust.Algorithms(), []string{ssh.KeyAlgoED25519}) {
		t.Errorf("%+v, %v", trust, err)
	}
}

// FuzzTrust: whatever stands in known_hosts or in the pins, what is trusted is a key that can be
// read, or nothing is.
func FuzzTrust(f *testing.F) {
	f.Add("git.example.com "+public+"\n@revoked * "+public+"\n", public)
	f.Add("@cert-authority *.example.com "+public+"\n", "SHA256:"+strings.Repeat("A", 43))
	f.Add("|1|c2FsdA==|aGFzaA== "+public+"\n# remark\n\n", "")
	f.Add("[git.example.com]:2222,!x "+public, "SHA256:=")
	path := filepath.Join(f.TempDir(), "known_hosts")
	f.Fuzz(func(t *testing.T, hosts, pin string) {
		if err := os.WriteFile(path, []byte(hosts), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, read := range []func() (Trust, error){
			func() (Trust, error) { return Known(path, "git.example.com:22") },
			func() (Trust, error) { return Pinned([]string{pin}) },
		} {
			trust, err := read()
			if err != nil {
				continue
			}
			for _, k := range trust.Keys {
				if _, err := ssh.ParsePublicKey(k.Blob); err != nil {
					t.Errorf("%q is trusted: %v", k.Blob, err)
				}
			}
			trust.Algorithms()
		}
	})
}
