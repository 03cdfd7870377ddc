package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func newRSAKey(ts *testscript.TestScript) (*rsa.PrivateKey, []byte) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	return key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

// startSSHServer serves the same repository over ssh, to the key in the file id,
// which id-locked holds with the passphrase "canary-passphrase".
func startSSHServer(ts *testscript.TestScript, g *gitServer) {
	_, hostKey, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	host, err := ssh.NewSignerFromKey(hostKey)
	ts.Check(err)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	key, err := ssh.NewSignerFromKey(private)
	ts.Check(err)
	open, err := ssh.MarshalPrivateKey(private, "")
	ts.Check(err)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("canary-passphrase"))
	ts.Check(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	for name, data := range map[string][]byte{
		"id": pem.EncodeToMemory(open), "id-locked": pem.EncodeToMemory(locked),
		"known_hosts": []byte(knownhosts.Line([]string{l.Addr().String()}, host.PublicKey()) + "\n"),
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), data, 0o600))
	}
	ts.Setenv("SSH_URL", "ssh://git@"+l.Addr().String())
	ts.Setenv("HOST_KEY", strings.TrimSpace(string(ssh.MarshalAuthorizedKey(host.PublicKey()))))
	ts.Setenv("HOST_PRINT", ssh.FingerprintSHA256(host.PublicKey()))
	cfg := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(k.Marshal(), key.PublicKey().Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	cfg.AddHostKey(host)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go g.serveSSH(conn, cfg)
		}
	}()
}

func (g *gitServer) serveSSH(conn net.Conn, cfg *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, cfg)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		ch, asked, err := offered.Accept()
		if err != nil {
			return
		}
		for q := range asked {
			_ = q.Reply(q.Type == "exec", nil)
			if q.Type != "exec" {
				continue
			}
			status := uint32(0)
			if g.advertise(ch) != nil || g.answer(ch, ch) != nil {
				status = 128
			}
			_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
			break
		}
		_ = ch.Close()
	}
}
