package gitsource

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/seed-6ca89210/sluice/gitsource/hostkeys"
	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// sshError is a failure before Git is spoken. Its text is a whole sentence.
type sshError string

func (e sshError) Error() string { return string(e) }

func sshErrorf(format string, args ...any) error { return sshError(fmt.Sprintf(format, args...)) }

// access reads what ssh needs, anew for each connection, so that keys can be
// replaced while the process runs.
func (s SSH) access(hostPort string) (access, error) {
	var a access
	if err := s.readKey(&a); err != nil {
		return a, err
	}
	if a.SSHKey == nil {
		a.Agent = os.Getenv("SSH_AUTH_SOCK")
	}
	var err error
	if len(s.HostKeys) > 0 {
		a.Hosts, err = hostkeys.Pinned(s.HostKeys)
	} else {
		a.Hosts, err = hostkeys.Known(s.KnownHosts, hostPort)
	}
	return a, err
}

// readKey reads the key file, if there is one, and makes sure that it opens.
func (s SSH) readKey(a *access) error {
	if s.KeyFile == "" {
		return nil
	}
	var err error
	if a.SSHKey, err = readSmall("auth.ssh.keyFile", s.KeyFile); err != nil {
		return err
	}
	if s.Passphrase != nil {
		if a.Passphrase, err = s.Passphrase(); err != nil {
			return err // it names the setting
		}
	}
	_, err = parseSSHKey(*a)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return sshErrorf("auth.ssh.keyFile: %s is encrypted; give its passphrase, or load it into an agent and leave keyFile out", s.KeyFile)
	case err != nil:
		return sshErrorf("auth.ssh.keyFile: %s does not open as a private key; check the file and its passphrase", s.KeyFile)
	}
	return nil
}

func parseSSHKey(a access) (ssh.Signer, error) {
	var key ssh.Signer
	var err error
	if a.Passphrase != "" {
		key, err = ssh.ParsePrivateKeyWithPassphrase(a.SSHKey, []byte(a.Passphrase))
	} else {
		key, err = ssh.ParsePrivateKey(a.SSHKey)
	}
	if err != nil {
		return nil, err
	}
	return sound(key)
}

// sound keeps an RSA key from signing with SHA-1, to which the library falls back.
func sound(key ssh.Signer) (ssh.Signer, error) {
	if hostkeys.Plain(key.PublicKey()).Type() != ssh.KeyAlgoRSA {
		return key, nil
	}
	able, ok := key.(ssh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("the agent signs with SHA-1 only")
	}
	return ssh.NewSignerWithAlgorithms(able, []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256})
}

// sshLogin gives the keys to try, and a function that ends the use of them.
func (r *remote) sshLogin(ctx context.Context) (ssh.AuthMethod, func(), error) {
	if r.as.SSHKey != nil {
		key, err := parseSSHKey(r.as)
		return ssh.PublicKeys(key), func() {}, err
	}
	if r.as.Agent == "" {
		return nil, nil, sshErrorf("no key to log in with; set auth.ssh.keyFile, or start an agent and set SSH_AUTH_SOCK")
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", r.as.Agent)
	if err != nil {
		return nil, nil, sshErrorf("the agent at SSH_AUTH_SOCK does not answer; start it, or set auth.ssh.keyFile")
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	end := func() { stop(); _ = conn.Close() }
	return ssh.PublicKeysCallback(func() ([]ssh.Signer, error) { return soundSigners(agent.NewClient(conn)) }), end, nil
}

func soundSigners(held agent.ExtendedAgent) ([]ssh.Signer, error) {
	signers, err := held.Signers()
	if err != nil {
		return nil, err
	}
	var list []ssh.Signer
	for _, s := range signers {
		if s, err := sound(s); err == nil {
			list = append(list, s)
		}
	}
	return list, nil
}

// connect dials, checks the host and logs in. The connection is closed when ctx
// ends, which ends everything that waits on it. It goes through no proxy.
func (r *remote) connect(ctx context.Context) (*ssh.Client, error) {
	addr := r.addr.hostPort()
	login, endLogin, err := r.sshLogin(ctx)
	if err != nil {
		return nil, err
	}
	defer endLogin()
	conn, err := r.dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	hosts := &hostkeys.Check{Trust: r.as.Hosts}
	sound := ssh.SupportedAlgorithms() // the library's default has SHA-1 in it
	c, channels, requests, err := ssh.NewClientConn(conn, addr, &ssh.ClientConfig{
		Config:            ssh.Config{KeyExchanges: sound.KeyExchanges, Ciphers: sound.Ciphers, MACs: sound.MACs},
		User:              r.addr.user,
		Auth:              []ssh.AuthMethod{login},
		HostKeyCallback:   hosts.Callback,
		HostKeyAlgorithms: hosts.Algorithms(),
	})
	if err == nil {
		return ssh.NewClient(c, channels, requests), nil
	}
	_ = conn.Close()
	var none *ssh.AlgorithmNegotiationError
	switch {
	case hosts.Refused != nil:
		return nil, hosts.Refused
	case errors.As(err, &none) && none.What == "host key":
		return nil, hosts.NoCommonKind(none.RequestedAlgorithms)
	case hosts.Accepted && ctx.Err() == nil:
		return nil, sshErrorf("the server refused the login of user %s; check that its public key is registered there (%s)", words.Quote(r.addr.user), words.Quote(err.Error()))
	}
	return nil, err
}
