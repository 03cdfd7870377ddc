package hostkeys

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// Trust is which keys one ssh server may show: what known_hosts says of it, or what is
// pinned. Plain values, fit for JSON.
type Trust struct {
	Source  string // known_hosts or hostKeys, for people
	Keys    []Key
	Prints  []string // SHA256:…, as OpenSSH prints them
	Revoked [][]byte // keys in the wire's form
}

// Key is one that is trusted.
type Key struct {
	Blob      []byte // in the wire's form
	Authority bool   // it signs the keys of hosts, and is none itself
	Where     string // file:line
}

// Known reads what known_hosts says of one server, "host:port". An empty file stands for
// those of SSH_KNOWN_HOSTS, or else ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. An
// error is a [Refusal]: a file that cannot be read, or none at all.
func Known(file, hostPort string) (Trust, error) {
	t := Trust{Source: "known_hosts"}
	files, err := there(file)
	if err != nil {
		return t, err
	}
	db, err := gitssh.NewKnownHostsDb(files...)
	if err != nil {
		return t, refusef("known_hosts cannot be read (%s); set auth.ssh.knownHosts to a file with the server's host key", words.Quote(err.Error()))
	}
	for _, key := range db.HostKeys(hostPort) {
		t.Keys = append(t.Keys, Key{Blob: key.Marshal(), Authority: key.Cert})
	}
	for _, file := range files {
		if err := t.readMarks(file); err != nil {
			return t, err
		}
	}
	return t, nil
}

// there are the files that exist. Without one nothing can be trusted.
func there(file string) ([]string, error) {
	files := []string{file}
	if file == "" {
		if files = filepath.SplitList(os.Getenv("SSH_KNOWN_HOSTS")); len(files) == 0 {
			if home, err := os.UserHomeDir(); err == nil {
				files = append(files, filepath.Join(home, ".ssh", "known_hosts"))
			}
			files = append(files, "/etc/ssh/ssh_known_hosts")
		}
	}
	found := slices.DeleteFunc(slices.Clone(files), func(f string) bool { _, err := os.Stat(f); return errors.Is(err, os.ErrNotExist) })
	if len(found) == 0 {
		return nil, refusef("there is no known_hosts (%s), so no server can be trusted; set auth.ssh.knownHosts to a file with the server's host key, or pin its keys in auth.ssh.hostKeys", strings.Join(files, ", "))
	}
	return found, nil
}

// readMarks notes the lines of the keys that are trusted, and the revoked keys,
// which count for every host.
func (t *Trust) readMarks(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return refusef("known_hosts: %s: %s", file, cause(err))
	}
	for n, line := range bytes.Split(data, []byte("\n")) {
		marker, _, key, _, _, err := ssh.ParseKnownHosts(line)
		if errors.Is(err, io.EOF) {
			continue
		}
		if err != nil {
			return refusef("known_hosts cannot be read (%s:%d: %s); set auth.ssh.knownHosts to a file with the server's host key", file, n+1, words.Quote(err.Error()))
		}
		if marker == "revoked" {
			t.Revoked = append(t.Revoked, Plain(key).Marshal())
		}
		for i, k := range t.Keys {
			if k.Where == "" && bytes.Equal(k.Blob, key.Marshal()) {
				t.Keys[i].Where = fmt.Sprintf("%s:%d", file, n+1)
			}
		}
	}
	return nil
}

// Pinned reads public keys (ssh-ed25519 AAAA…) and fingerprints (SHA256:…). An error is a
// [Refusal] that names the one that is neither, by its place.
func Pinned(pins []string) (Trust, error) {
	t := Trust{Source: "hostKeys"}
	for i, pin := range pins {
		pin = strings.TrimSpace(pin)
		if print, ok := strings.CutPrefix(pin, "SHA256:"); ok {
			print = strings.TrimRight(print, "=")
			if sum, err := base64.RawStdEncoding.DecodeString(print); err != nil || len(sum) != 32 {
				return t, refusef("auth.ssh.hostKeys[%d] is not a whole SHA256 fingerprint; copy it as `ssh-keygen -lf` prints it", i)
			}
			t.Prints = append(t.Prints, "SHA256:"+print)
			continue
		}
		key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(pin))
		if err != nil || len(options) > 0 || len(rest) > 0 {
			return t, refusef("auth.ssh.hostKeys[%d] is neither a public key, such as ssh-ed25519 AAAA…, nor a fingerprint, such as SHA256:…; leave the host's name out", i)
		}
		if _, isCert := key.(*ssh.Certificate); isCert || len(algorithmsOf(key)) == 0 {
			return t, refusef("auth.ssh.hostKeys[%d]: keys of kind %s are not accepted; pin a key of kind ssh-ed25519, ecdsa-sha2-… or ssh-rsa", i, key.Type())
		}
		t.Keys = append(t.Keys, Key{Blob: key.Marshal(), Where: fmt.Sprintf("hostKeys[%d]", i)})
	}
	return t, nil
}

// Algorithms is how the server may prove itself, best first: by the kinds of keys
// that it is known by, or, where they are not known, by any sound one. It never
// holds those with SHA-1.
func (t Trust) Algorithms() []string {
	sound := ssh.SupportedAlgorithms().HostKeys
	// As OpenSSH has it, so that a server with several keys shows both the same.
	slices.SortStableFunc(sound, func(a, b string) int { return rank(a) - rank(b) })
	var known []string
	for _, k := range t.Keys {
		key, err := ssh.ParsePublicKey(k.Blob)
		if err != nil {
			continue
		}
		if !k.Authority {
			known = append(known, algorithmsOf(key)...)
			continue
		}
		for _, algorithm := range sound {
			if strings.Contains(algorithm, "-cert-") {
				known = append(known, algorithm)
			}
		}
	}
	if len(known) == 0 || len(t.Prints) > 0 {
		return slices.DeleteFunc(sound, func(a string) bool { return strings.Contains(a, "-cert-") })
	}
	return slices.DeleteFunc(sound, func(a string) bool { return !slices.Contains(known, a) })
}

func rank(algorithm string) int {
	for i, prefix := range []string{"ssh-ed25519", "ecdsa-", "rsa-"} {
		if strings.HasPrefix(algorithm, prefix) {
			return i
		}
	}
	return 9
}

// algorithmsOf lists the sound ways to sign with a key; none for DSA.
func algorithmsOf(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	if slices.Contains(ssh.SupportedAlgorithms().HostKeys, key.Type()) {
		return []string{key.Type()}
	}
	return nil
}

// Plain is the key itself, of a certificate the one that it is for.
func Plain(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.Key
	}
	return key
}

// cause takes the path off a file system error: the sentence around it has it.
func cause(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return words.Quote(err.Error())
}
