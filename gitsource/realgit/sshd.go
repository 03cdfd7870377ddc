package realgit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// sshdConf lets in one key, as the user who runs the test, and nothing else.
const sshdConf = `ListenAddress 127.0.0.1:{port}
HostKey {root}/host_key
PidFile none
AuthorizedKeysFile {root}/authorized_keys
StrictModes no
UsePAM no
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding no
X11Forwarding no
PermitUserRC no
`

// startSSH starts OpenSSH with keys of its own.
func (s *Server) startSSH() {
	s.t.Helper()
	if os.Getuid() == 0 { // where sshd wants to be alone; the system's own service makes it at boot
		check(s.t, os.MkdirAll("/run/sshd", 0o755))
	}
	me, err := user.Current()
	check(s.t, err)
	host, stranger := s.sshKey("host_key"), s.sshKey("stranger_key")
	login := s.sshKey("key")
	s.HostKey = ssh.FingerprintSHA256(host.PublicKey())
	s.KeyFile, s.StrangerKey = s.path("key"), s.path("stranger_key")
	s.write("authorized_keys", ssh.MarshalAuthorizedKey(login.PublicKey()))

	run(s.t, func() (*exec.Cmd, func() error) {
		addr := fmt.Sprintf("127.0.0.1:%d", freePort(s.t))
		_, port, _ := strings.Cut(addr, ":")
		conf := strings.NewReplacer("{root}", s.root, "{port}", port).Replace(sshdConf)
		s.SSH = "ssh://" + me.Username + "@" + addr + s.path("repos")
		line := func(key ssh.Signer) []byte { return []byte(knownhosts.Line([]string{addr}, key.PublicKey()) + "\n") }
		s.KnownHosts = s.write("known_hosts", line(host))
		s.OtherKnownHosts = s.write("other_known_hosts", line(stranger))
		cmd := exec.Command(s.sshd, "-D", "-e", "-f", s.write("sshd_config", []byte(conf)))
		cmd.Env = s.environment()
		return cmd, func() error {
			client, err := ssh.Dial("tcp", addr, &ssh.ClientConfig{User: me.Username, Auth: []ssh.AuthMethod{ssh.PublicKeys(login)},
				HostKeyCallback: ssh.FixedHostKey(host.PublicKey()), Timeout: time.Second})
			if err != nil {
				return err
			}
			return client.Close()
		}
	})
}

// sshKey makes a key and writes it, to be read by its owner only.
func (s *Server) sshKey(name string) ssh.Signer {
	s.t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(s.t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	check(s.t, err)
	s.write(name, pem.EncodeToMemory(block))
	key, err := ssh.NewSignerFromKey(private)
	check(s.t, err)
	return key
}
