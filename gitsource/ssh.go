package gitsource

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// sshError is a failure before Git is spoken. Its text is a whole sentence.
type sshError string

func (e sshError) Error() string { return string(e) }

func sshErrorf(format string, args ...any) error { return sshError(fmt.Sprintf(format, args...)) }

// readKey reads the key file anew for each connection, so that a key can be
// replaced while the process runs.
func readKey(cfg SSH) (ssh.Signer, error) {
	pem, err := os.ReadFile(cfg.KeyFile)
	if err != nil {
		return nil, sshErrorf("ssh.keyFile: %s: %s", cfg.KeyFile, plain(err))
	}
	var key ssh.Signer
	if cfg.Passphrase != "" {
		key, err = ssh.ParsePrivateKeyWithPassphrase(pem, []byte(cfg.Passphrase))
	} else {
		key, err = ssh.ParsePrivateKey(pem)
	}
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, sshErrorf("ssh.keyFile: %s is encrypted; give its passphrase, or load it into an agent and leave keyFile out", cfg.KeyFile)
	case err != nil:
		return nil, sshErrorf("ssh.keyFile: %s does not open as a private key; check the file and its passphrase", cfg.KeyFile)
	}
	return key, nil
}

// login gives the keys to try, and a function that ends the use of them.
func (r *remote) login(ctx context.Context) (ssh.AuthMethod, func(), error) {
	if r.cfg.SSH.KeyFile != "" {
		key, err := readKey(r.cfg.SSH)
		return ssh.PublicKeys(key), func() {}, err
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, nil, sshErrorf("no key to log in with; set ssh.keyFile, or start an agent and set SSH_AUTH_SOCK")
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, nil, sshErrorf("the agent at SSH_AUTH_SOCK does not answer; start it, or set ssh.keyFile")
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	end := func() { stop(); _ = conn.Close() }
	return ssh.PublicKeysCallback(agent.NewClient(conn).Signers), end, nil
}

// hostCheck builds the check of the host key from known_hosts, read anew for each
// connection. It remembers why it refused: the library only passes on a text.
func (r *remote) hostCheck(addr string) (*hostKeys, error) {
	var files []string
	if r.cfg.SSH.KnownHosts != "" {
		files = []string{r.cfg.SSH.KnownHosts}
	}
	db, err := gitssh.NewKnownHostsDb(files...)
	if err != nil {
		return nil, sshErrorf("known_hosts cannot be read (%s); set ssh.knownHosts to a file with the server's host key", clean(err.Error()))
	}
	return &hostKeys{check: db.HostKeyCallback(), algorithms: db.HostKeyAlgorithms(addr)}, nil
}

type hostKeys struct {
	check      ssh.HostKeyCallback
	algorithms []string // those of the known keys, so that the server shows one of them
	accepted   bool
	refusal    error
}

func (h *hostKeys) callback(host string, addr net.Addr, key ssh.PublicKey) error {
	err := h.check(host, addr, key)
	if err == nil {
		h.accepted = true
		return nil
	}
	shown := key.Type() + " " + ssh.FingerprintSHA256(key)
	var unknown *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case errors.As(err, &revoked):
		h.refusal = sshErrorf("the host key %s is marked as revoked in known_hosts; ask who runs the server", shown)
	case errors.As(err, &unknown) && len(unknown.Want) > 0:
		h.refusal = sshErrorf("the host key has changed: the server shows %s, known_hosts has another (%s:%d); ask who runs the server, and replace the line only if they confirm",
			shown, unknown.Want[0].Filename, unknown.Want[0].Line)
	case errors.As(err, &unknown):
		h.refusal = sshErrorf("the host key %s is not in known_hosts; compare it with what the server's operator publishes, then add it (`ssh-keyscan` prints the line)", shown)
	default:
		h.refusal = sshErrorf("the host key %s is refused: %s", shown, clean(err.Error()))
	}
	return h.refusal
}

// connect dials, checks the host and logs in. The connection is closed when ctx
// ends, which ends everything that waits on it.
func (r *remote) connect(ctx context.Context) (*ssh.Client, error) {
	addr := r.addr.hostPort()
	hosts, err := r.hostCheck(addr)
	if err != nil {
		return nil, err
	}
	login, endLogin, err := r.login(ctx)
	if err != nil {
		return nil, err
	}
	defer endLogin()
	conn, err := r.dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, addr, &ssh.ClientConfig{
		User:              r.addr.user,
		Auth:              []ssh.AuthMethod{login},
		HostKeyCallback:   hosts.callback,
		HostKeyAlgorithms: hosts.algorithms,
	})
	if err == nil {
		return ssh.NewClient(c, channels, requests), nil
	}
	_ = conn.Close()
	switch {
	case hosts.refusal != nil:
		return nil, hosts.refusal
	case hosts.accepted && ctx.Err() == nil:
		return nil, sshErrorf("the server refused the login of user %s; check that its public key is registered there (%s)", clean(r.addr.user), clean(err.Error()))
	}
	return nil, err
}
