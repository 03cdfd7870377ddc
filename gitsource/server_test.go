package gitsource

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/server"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func isKind(err, kind error) bool { return errors.Is(err, kind) }

// loader serves one store whatever the path.
type loader struct{ store storer.Storer }

func (l loader) Load(*transport.Endpoint) (storer.Storer, error) { return l.store, nil }

// uploadPack is the library's own server. It knows neither shallow nor filter.
func uploadPack(t testing.TB, r *testRepo) transport.UploadPackSession {
	s, err := server.NewServer(loader{r.store}).NewUploadPackSession(&transport.Endpoint{}, nil)
	check(t, err)
	return s
}

// goHandler serves a repository over smart HTTP with the library's server.
func goHandler(t testing.TB, r *testRepo) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /specs.git/info/refs", func(w http.ResponseWriter, _ *http.Request) {
		adv, err := uploadPack(t, r).AdvertisedReferences()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		adv.Prefix = [][]byte{[]byte("# service=git-upload-pack"), pktline.Flush}
		w.Header().Set("Content-Type", advertType)
		_ = adv.Encode(w)
	})
	mux.HandleFunc("POST /specs.git/git-upload-pack", func(w http.ResponseWriter, q *http.Request) {
		var body io.Reader = q.Body
		if q.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(q.Body)
		}
		if err := answer(t, r, body, w); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux
}

func answer(t testing.TB, r *testRepo, in io.Reader, out io.Writer) error {
	req := packp.NewUploadPackRequest()
	if err := req.Decode(in); err != nil {
		return err
	}
	res, err := uploadPack(t, r).UploadPack(context.Background(), req)
	if err != nil {
		return err
	}
	return res.Encode(out)
}

// gitHandler serves it with `git http-backend`, which knows everything.
func gitHandler(t testing.TB, r *testRepo) http.Handler {
	bin, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git binary on this machine, so no git http-backend to test against")
	}
	// The advertised kinds that many hosts switch on.
	setting := "[uploadpack]\n\tallowFilter = true\n\tallowReachableSHA1InWant = true\n"
	if _, ok := t.(*testing.B); !ok && strings.Contains(t.Name(), "strict") {
		setting = ""
	}
	f, err := os.OpenFile(filepath.Join(r.dir, "config"), os.O_APPEND|os.O_WRONLY, 0o600)
	check(t, err)
	_, err = f.WriteString(setting)
	check(t, err)
	check(t, f.Close())
	return &cgi.Handler{
		Path: bin, Args: []string{"http-backend"},
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
		Stderr: io.Discard,
	}
}

func serve(t testing.TB, h http.Handler) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL + "/specs.git"
}

// sshServer is an ssh server in this process. It lets in one key and serves one
// repository, with the library's server or with git-upload-pack.
type sshServer struct {
	host, key  ssh.Signer
	addr       string
	keyFile    string
	knownHosts string
	asked      chan string // the commands
}

func newSigner(t testing.TB) (ssh.Signer, []byte) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	check(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	check(t, err)
	return signer, pem.EncodeToMemory(block)
}

func write(t testing.TB, data []byte) string {
	name := filepath.Join(t.TempDir(), "f")
	check(t, os.WriteFile(name, data, 0o600))
	return name
}

// newSSH starts one that shows a key of its own, or these.
func newSSH(t testing.TB, r *testRepo, useGit bool, hosts ...ssh.Signer) *sshServer {
	s := &sshServer{asked: make(chan string, 100)}
	if s.host, _ = newSigner(t); len(hosts) == 0 {
		hosts = []ssh.Signer{s.host}
	}
	key, data := newSigner(t)
	s.key, s.keyFile = key, write(t, data)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
	s.addr = l.Addr().String()
	s.knownHosts = write(t, []byte(knownhosts.Line([]string{s.addr}, s.host.PublicKey())+"\n"))
	cfg := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(k.Marshal(), s.key.PublicKey().Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	for _, key := range hosts {
		cfg.AddHostKey(key)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(t, r, conn, cfg, useGit)
		}
	}()
	return s
}

func (s *sshServer) serve(t testing.TB, r *testRepo, conn net.Conn, cfg *ssh.ServerConfig, useGit bool) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, cfg)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for nc := range channels {
		ch, reqs, err := nc.Accept()
		if err != nil {
			return
		}
		for q := range reqs {
			if q.Type != "exec" {
				_ = q.Reply(false, nil)
				continue
			}
			_ = q.Reply(true, nil)
			var cmd struct{ Line string }
			_ = ssh.Unmarshal(q.Payload, &cmd)
			s.asked <- cmd.Line
			code := s.exec(t, r, ch, cmd.Line, useGit)
			_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
			break
		}
		_ = ch.Close()
	}
}

func (s *sshServer) exec(t testing.TB, r *testRepo, ch ssh.Channel, line string, useGit bool) uint32 {
	if !strings.Contains(line, "specs.git") {
		fmt.Fprintln(ch.Stderr(), "fatal: no such project")
		return 128
	}
	if strings.Contains(line, "chatter") { // for ever, beside the conversation
		for chatter := noise(64 << 10); ; {
			if _, err := ch.Stderr().Write(chatter); err != nil {
				return 1
			}
		}
	}
	if useGit {
		cmd := exec.Command("git", "-c", "safe.directory=*", "upload-pack", r.dir)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = ch, ch, ch.Stderr()
		if cmd.Run() != nil {
			return 128
		}
		return 0
	}
	adv, err := uploadPack(t, r).AdvertisedReferences()
	if err != nil || adv.Encode(ch) != nil || answer(t, r, ch, ch) != nil {
		return 128
	}
	return 0
}

func (s *sshServer) config() Config {
	return Config{URL: "ssh://git@" + s.addr + "/srv/specs.git", SSH: SSH{KeyFile: s.keyFile, KnownHosts: s.knownHosts}}
}

// ways is every transport that must behave alike.
func ways(t *testing.T, run func(t *testing.T, r *testRepo, cfg Config)) {
	t.Run("a bare repository on disk", func(t *testing.T) {
		r := newRepo(t)
		run(t, r, Config{URL: r.url()})
	})
	t.Run("the library's server over http", func(t *testing.T) {
		r := newRepo(t)
		run(t, r, Config{URL: serve(t, goHandler(t, r))})
	})
	t.Run("git http-backend", func(t *testing.T) {
		r := newRepo(t)
		run(t, r, Config{URL: serve(t, gitHandler(t, r))})
	})
	t.Run("git http-backend, strict", func(t *testing.T) {
		r := newRepo(t)
		run(t, r, Config{URL: serve(t, gitHandler(t, r))})
	})
	t.Run("the library's server over ssh", func(t *testing.T) {
		r := newRepo(t)
		run(t, r, newSSH(t, r, false).config())
	})
	t.Run("git-upload-pack over ssh", func(t *testing.T) {
		if _, err := exec.LookPath("git"); err != nil {
			t.Skip("no git binary on this machine, so no git-upload-pack to test against")
		}
		r := newRepo(t)
		run(t, r, newSSH(t, r, true).config())
	})
	t.Run("a bare repository on disk, read by another process", func(t *testing.T) {
		r := newRepo(t)
		run(t, r, Config{URL: r.url(), Runner: runner})
	})
	t.Run("git http-backend, asked by another process", func(t *testing.T) {
		r := newRepo(t)
		run(t, r, Config{URL: serve(t, gitHandler(t, r)), Runner: runner})
	})
	t.Run("the library's server over ssh, asked by another process", func(t *testing.T) {
		r := newRepo(t)
		cfg := newSSH(t, r, false).config()
		cfg.Runner = runner
		run(t, r, cfg)
	})
}
