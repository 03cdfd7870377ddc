package gitsource

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

func TestTheHostKeyIsAlwaysChecked(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	s := newSSH(t, r, false)
	other, _ := newSigner(t)
	for name, tt := range map[string]struct {
		hosts string
		says  string
	}{
		"unknown": {"", "is not in known_hosts; compare it"},
		"changed": {knownhosts.Line([]string{s.addr}, other.PublicKey()), "the host key has changed"},
		"revoked": {"@revoked * " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.host.PublicKey()))), "marked as revoked"},
		"garbled": {"a b c\n", "known_hosts cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := s.config()
			cfg.SSH.KnownHosts = write(t, []byte(tt.hosts+"\n"))
			src := open(t, cfg)
			_, err := src.Head(context.Background())
			wantError(t, err, ErrUnreachable, tt.says, src.String())
			if len(s.asked) != 0 {
				t.Error("a command was sent to a host that is not trusted")
			}
			if name != "garbled" {
				wantError(t, err, nil, ssh.FingerprintSHA256(s.host.PublicKey()))
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		cfg := s.config()
		cfg.SSH.KnownHosts = t.TempDir() + "/none"
		_, err := open(t, cfg).Head(context.Background())
		wantError(t, err, ErrUnreachable, "set auth.ssh.knownHosts")
	})
	t.Run("from the environment", func(t *testing.T) {
		cfg := s.config()
		cfg.SSH.KnownHosts = ""
		t.Setenv("SSH_KNOWN_HOSTS", s.knownHosts)
		_, err := open(t, cfg).Head(context.Background())
		check(t, err)
	})
}

func TestAKeyThatDoesNotOpenTheDoorIsExplained(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	s := newSSH(t, r, false)
	_, stranger := newSigner(t)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(canary))
	check(t, err)
	lockedFile := write(t, pem.EncodeToMemory(locked))

	cfg := s.config()
	cfg.SSH.KeyFile = write(t, stranger)
	_, err = open(t, cfg).Head(context.Background())
	wantError(t, err, ErrUnreachable, "refused the login of user git", "public key is registered")

	cfg.SSH.KeyFile = lockedFile
	_, err = Open(cfg)
	wantError(t, err, nil, "is encrypted")
	cfg.SSH.Passphrase = secret("wrong-" + canary)
	_, err = Open(cfg)
	wantError(t, err, nil, "does not open as a private key")
	if strings.Contains(err.Error(), canary) {
		t.Errorf("the passphrase is shown: %v", err)
	}
	cfg.SSH.Passphrase = secret(canary)
	_, err = open(t, cfg).Head(context.Background())
	wantError(t, err, ErrUnreachable, "refused the login")

	cfg.SSH = SSH{KnownHosts: s.knownHosts}
	t.Setenv("SSH_AUTH_SOCK", "")
	_, err = open(t, cfg).Head(context.Background())
	wantError(t, err, ErrUnreachable, "no key to log in with")
	t.Setenv("SSH_AUTH_SOCK", t.TempDir()+"/none")
	_, err = open(t, cfg).Head(context.Background())
	wantError(t, err, ErrUnreachable, "the agent at SSH_AUTH_SOCK does not answer")
}

func TestAnAgentLogsIn(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	s := newSSH(t, r, false)
	data, err := os.ReadFile(s.keyFile)
	check(t, err)
	key, err := ssh.ParseRawPrivateKey(data)
	check(t, err)
	ring := agent.NewKeyring()
	check(t, ring.Add(agent.AddedKey{PrivateKey: key}))
	socket := t.TempDir() + "/agent"
	l, err := net.Listen("unix", socket)
	check(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, c) }()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	cfg := s.config()
	cfg.SSH.KeyFile = ""
	for name, run := range map[string]Runner{"here": nil, "in another process": runner} {
		cfg.Runner = run
		if _, err = open(t, cfg).Snapshot(context.Background(), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARepositoryThatTheServerDoesNotHaveIsExplained(t *testing.T) {
	s := newSSH(t, newRepo(t), false)
	cfg := s.config()
	cfg.URL = strings.Replace(cfg.URL, "specs.git", "it's!.git", 1)
	_, err := open(t, cfg).Head(context.Background())
	wantError(t, err, ErrUnreachable, "fatal: no such project", "check the path in url")
	if got := <-s.asked; got != `git-upload-pack '/srv/it'\''s'\!'.git'` {
		t.Errorf("the server was asked for %s", got)
	}
}

func TestAnSSHServerThatHangsIsLeftAtTheDeadline(t *testing.T) {
	cfg := newSSH(t, nil, false).config()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cfg)
		s.back.(*remote).dial = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				buf := make([]byte, 4096)
				for {
					if _, err := server.Read(buf); err != nil {
						return
					}
				}
			}()
			return client, nil
		}
		began := time.Now()
		_, err := s.Head(context.Background())
		wantError(t, err, ErrUnreachable, "no complete answer within 2m0s")
		if took := time.Since(began); took != 2*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

func secret(s string) func() (string, error) { return func() (string, error) { return s, nil } }
