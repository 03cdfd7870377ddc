package realgit

import (
	"os"
	"path/filepath"
	"testing"
)

// Password is what the web server asks for, beside User. It is a canary: no text
// may show it.
const (
	User     = "ada"
	Password = "canary-7f3a/+ %"
)

// Server is nginx and OpenSSH before one folder of repositories.
type Server struct {
	// HTTPS, MutualTLS and SSH are the URLs to which /NAME.git is added. HTTPS wants
	// User and Password; MutualTLS wants a client certificate instead.
	HTTPS, MutualTLS, SSH string
	// OtherName is HTTPS under a host name that its certificate is not for.
	OtherName string

	CAFile               string // the authority of the web server's certificate
	OtherCAFile          string // another one
	ClientCert           string // a certificate that MutualTLS lets in
	ClientKey            string
	StrangerCert         string // one of the other authority
	StrangerCertKey      string
	KeyFile, StrangerKey string // SSH keys, one that is let in and one that is not
	KnownHosts           string // with the SSH server's key
	OtherKnownHosts      string // with another key for it
	HostKey              string // the fingerprint of the SSH server's key

	t    testing.TB
	root string
	programs
}

// Start starts the servers; they end with the test. It skips the test where a
// program is missing.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, programs: find(t)}
	var err error
	s.root, err = os.MkdirTemp("", "realgit") // short, for the name of a socket
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(s.root) })
	check(t, os.Mkdir(s.path("repos"), 0o700))
	s.startBackend()
	s.startNginx()
	s.startSSH()
	return s
}

func (s *Server) path(name string) string { return filepath.Join(s.root, name) }

// write writes one of the servers' files, and returns its path.
func (s *Server) write(name string, data []byte) string {
	s.t.Helper()
	check(s.t, os.WriteFile(s.path(name), data, 0o600))
	return s.path(name)
}

// environment is all that the servers and git know of the machine: no user's own
// settings change what they do.
func (s *Server) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.root, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}
}
