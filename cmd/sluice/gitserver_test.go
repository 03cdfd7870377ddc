package main

import (
	"compress/gzip"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/server"
	"github.com/golang-jwt/jwt/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-6ca89210/sluice/gitsource/codecommit"
)

// gitHosts are the names that the server's certificate is for, beside loopback.
var gitHosts = []string{"git.example.com", "git-codecommit.us-east-1.amazonaws.com"}

// gitServer serves one repository over https to whoever logs in as a line of the
// file accepts says, and hands out tokens as GitHub does.
type gitServer struct {
	dir     string
	accepts string // a file, read at each request
	app     crypto.PublicKey
	tokens  atomic.Int64
}

// startGitServer is the command gitserver.
func startGitServer(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: gitserver DIR")
	}
	g := &gitServer{dir: ts.MkAbs(args[0]), accepts: ts.MkAbs("accepts")}
	appKey, appPEM := newRSAKey(ts)
	g.app = appKey.Public()
	ts.Check(os.WriteFile(ts.MkAbs("app.pem"), appPEM, 0o600))
	srv := httptest.NewUnstartedServer(g)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	cert, certPEM, _ := selfSigned(ts.Check, "server", gitHosts)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert}
	srv.StartTLS()
	ts.Defer(srv.Close)
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), certPEM, 0o600))
	_, clientPEM, keyPEM := selfSigned(ts.Check, "ada", nil)
	ts.Check(os.WriteFile(ts.MkAbs("client.pem"), clientPEM, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("client.key"), keyPEM, 0o600))
	proxy := httptest.NewServer(connectTo(strings.TrimPrefix(srv.URL, "https://")))
	ts.Defer(proxy.Close)
	ts.Setenv("GIT_URL", srv.URL)
	ts.Setenv("PROXY", proxy.URL)
	startSSHServer(ts, g)
}

func (g *gitServer) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var err error
	switch {
	case strings.HasSuffix(q.URL.Path, "/access_tokens"):
		err = g.giveToken(w, q)
	case !g.lets(q):
		http.Error(w, "not with "+q.Header.Get("Authorization"), http.StatusUnauthorized)
	case strings.HasSuffix(q.URL.Path, "/info/refs"):
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		err = g.advertise(w, []byte("# service=git-upload-pack"))
	default:
		var body io.Reader = q.Body
		if q.Header.Get("Content-Encoding") == "gzip" {
			if body, err = gzip.NewReader(q.Body); err != nil {
				break
			}
		}
		err = g.answer(body, w)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// lets looks a login up in the file: "basic USER:PASSWORD", "bearer TOKEN", "cert
// NAME", "app" for the newest token, "codecommit" for the tester's AWS keys.
func (g *gitServer) lets(q *http.Request) bool {
	data, _ := os.ReadFile(g.accepts)
	user, password, _ := q.BasicAuth()
	signed := func() bool {
		when, err := time.Parse("20060102T150405Z", strings.Join(strings.SplitAfterN(password, "Z", 2)[:1], ""))
		path, _, _ := strings.Cut(q.URL.Path, "/info/refs")
		path, _, _ = strings.Cut(path, "/git-upload-pack")
		_, want := codecommit.Repository{Host: q.Host, Path: path, Region: "us-east-1"}.Login(codecommit.Keys{ID: "tester", Secret: "secret-of-the-tester"}, when)
		return err == nil && user == "tester" && password == want && time.Since(when).Abs() < time.Minute
	}
	for line := range strings.Lines(string(data)) {
		kind, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case kind == "basic" && value == user+":"+password,
			kind == "bearer" && q.Header.Get("Authorization") == "Bearer "+value,
			kind == "cert" && len(q.TLS.PeerCertificates) > 0 && q.TLS.PeerCertificates[0].Subject.CommonName == value,
			kind == "app" && user == "x-access-token" && password == fmt.Sprint("canary-token-", g.tokens.Load()),
			kind == "codecommit" && signed():
			return true
		}
	}
	return false
}

// giveToken is the one call of GitHub's API that is needed, for app 17 and its
// installation 42.
func (g *gitServer) giveToken(w http.ResponseWriter, q *http.Request) error {
	signed, _ := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	_, err := jwt.Parse(signed, func(*jwt.Token) (any, error) { return g.app, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("17"), jwt.WithIssuedAt(), jwt.WithExpirationRequired())
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return nil
	case q.URL.Path != "/api/v3/app/installations/42/access_tokens":
		http.NotFound(w, q)
		return nil
	}
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(map[string]any{
		"token": fmt.Sprint("canary-token-", g.tokens.Add(1)), "expires_at": time.Now().Add(time.Hour)})
}

type loader struct{ storer.Storer }

func (l loader) Load(*transport.Endpoint) (storer.Storer, error) { return l.Storer, nil }

func (g *gitServer) session() (transport.UploadPackSession, error) {
	repo, err := git.PlainOpen(g.dir)
	if err != nil {
		return nil, err
	}
	return server.NewServer(loader{repo.Storer}).NewUploadPackSession(&transport.Endpoint{}, nil)
}

// advertise lists the refs, after a line that only http has.
func (g *gitServer) advertise(w io.Writer, prefix ...[]byte) error {
	s, err := g.session()
	if err != nil {
		return err
	}
	refs, err := s.AdvertisedReferences()
	if err != nil {
		return err
	}
	if len(prefix) > 0 {
		refs.Prefix = append(prefix, pktline.Flush)
	}
	return refs.Encode(w)
}

func (g *gitServer) answer(in io.Reader, out io.Writer) error {
	req := packp.NewUploadPackRequest()
	if err := req.Decode(in); err != nil {
		return err
	}
	s, err := g.session()
	if err != nil {
		return err
	}
	res, err := s.UploadPack(context.Background(), req)
	if err != nil {
		return err
	}
	return res.Encode(out)
}

// connectTo is a proxy that connects to one server whatever it is asked for.
func connectTo(addr string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		out, err := net.Dial("tcp", addr)
		if q.Method != http.MethodConnect || err != nil {
			http.Error(w, "CONNECT only", http.StatusMethodNotAllowed)
			return
		}
		in, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
		_, _ = io.Copy(in, out)
		_ = in.Close()
	}
}

// selfSigned makes a certificate, as a value and as files.
func selfSigned(check func(error), name string, hosts []string) (pair tls.Certificate, cert, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		DNSNames: hosts, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	template.Subject.CommonName = name
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	check(err)
	text, err := x509.MarshalPKCS8PrivateKey(private)
	check(err)
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})
	pair, err = tls.X509KeyPair(cert, key)
	check(err)
	return pair, cert, key
}
