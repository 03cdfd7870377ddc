package bundle

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// clientCert writes a certificate for name and its key.
func clientCert(t *testing.T, certFile, keyFile, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAClientCertificateIsShownAndReadAnew(t *testing.T) {
	var shown atomic.Value
	s := newStage(t, func(s *stage, w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		shown.Store(name)
		_, _ = w.Write(built(t, s.key))
	})
	s.server.TLS.ClientAuth = tls.RequestClientCert
	dir := t.TempDir()
	cert := ClientCert{filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")}
	clientCert(t, cert.CertFile, cert.KeyFile, "ada")
	src := s.open(func(c *Config) { c.ClientCert = cert })
	for _, name := range []string{"ada", "bob"} {
		clientCert(t, cert.CertFile, cert.KeyFile, name)
		if _, err := src.Read(t.Context(), nil); err != nil || shown.Load() != name {
			t.Errorf("%v was shown, want %s; %v", shown.Load(), name, err)
		}
	}
	if err := os.WriteFile(cert.KeyFile, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := src.Read(t.Context(), nil)
	wantError(t, err, "are not a certificate and its key in PEM form")
	wantNoSecret(t, err)
}

// A new authority counts at the next look: the server's certificate is replaced
// while the daemon runs.
func TestTheAuthoritiesAreReadAnew(t *testing.T) {
	s := newStage(t, func(s *stage, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(built(t, s.key)) })
	right, err := os.ReadFile(s.ca)
	if err != nil {
		t.Fatal(err)
	}
	clientCert(t, s.ca, filepath.Join(t.TempDir(), "key"), "another authority")
	src := s.open(nil)
	_, err = src.Read(t.Context(), nil)
	wantError(t, err, "signed by nobody that this machine trusts")
	if err := os.WriteFile(s.ca, right, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Read(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// connectTo is a proxy that connects to one server whatever it is asked for, or
// answers with a status.
func connectTo(t *testing.T, host string, status int, asked *atomic.Value) *httptest.Server {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.Host + r.Header.Get("Authorization"))
		if status != http.StatusOK {
			http.Error(w, secret, status)
			return
		}
		out, err := net.Dial("tcp", host)
		if err != nil {
			t.Error(err)
			return
		}
		in, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprint(in, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(out, in); out.Close() }()
		_, _ = io.Copy(in, out)
		in.Close()
	}))
	t.Cleanup(proxy.Close)
	return proxy
}

func TestTheProxyOfTheConfigOrElseOfTheEnvironmentIsUsed(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "https_proxy", "HTTPS_PROXY", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	s := newStage(t, func(s *stage, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(built(t, s.key)) })
	there, _ := url.Parse(s.url)
	var asked atomic.Value
	working, refusing := connectTo(t, there.Host, http.StatusOK, &asked), connectTo(t, there.Host, http.StatusProxyAuthRequired, &asked)
	// httptest's certificate is for example.com, which only the proxy knows the way to.
	open := func(proxy string) *Source {
		return s.open(func(c *Config) { c.URL, c.Proxy = "https://example.com/policy.tar.gz", proxy })
	}
	wantAsked := func(err error) {
		t.Helper()
		if err != nil || asked.Swap("") != "CONNECT example.com:443" {
			t.Errorf("%v", err)
		}
	}
	_, err := open(working.URL).Read(t.Context(), nil)
	wantAsked(err)
	t.Setenv("HTTPS_PROXY", working.URL)
	_, err = open("").Read(t.Context(), nil)
	wantAsked(err)
	t.Setenv("HTTPS_PROXY", strings.Replace(refusing.URL, "//", "//ada:"+secret+"@", 1))
	_, err = open("").Read(t.Context(), nil)
	wantError(t, err, "the proxy answered 407 Proxy Authentication Required; it wants a login; put user and password into HTTPS_PROXY, and leave proxy out")
	wantNoSecret(t, err)
	refusing.Close()
	_, err = open("").Read(t.Context(), nil)
	wantError(t, err, "the proxy (of proxy or HTTPS_PROXY) cannot be reached")
	wantNoSecret(t, err)
	t.Setenv("HTTPS_PROXY", "http://ada:"+secret+"@[::1")
	_, err = open(working.URL).Read(t.Context(), nil)
	wantAsked(err) // the setting counts
	_, err = s.open(func(c *Config) { c.Proxy = working.URL }).withProxy("").Read(t.Context(), nil)
	wantError(t, err, "HTTPS_PROXY is not the URL of a proxy")
	wantNoSecret(t, err)
}

// withProxy changes the setting of an open source.
func (s *Source) withProxy(proxy string) *Source {
	s.cfg.Proxy = proxy
	return s
}

func TestAProxyThatCannotBeUsedIsRefusedAtOnce(t *testing.T) {
	s := newStage(t, func(*stage, http.ResponseWriter, *http.Request) {})
	dir := t.TempDir()
	cert := ClientCert{filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")}
	clientCert(t, cert.CertFile, cert.KeyFile, "ada")
	for name, tt := range map[string]struct {
		cfg  Config
		want string
	}{
		"no URL":                    {Config{Proxy: "ada:" + secret}, "proxy: it is not the URL of a proxy"},
		"a path":                    {Config{Proxy: "http://p/" + secret}, "proxy: it is not the URL of a proxy"},
		"it would see the key":      {Config{Proxy: "https://p:3128", ClientCert: cert}, "would be shown the client certificate too"},
		"half a client certificate": {Config{ClientCert: ClientCert{CertFile: cert.CertFile}}, "clientCert: "},
	} {
		t.Run(name, func(t *testing.T) {
			tt.cfg.URL, tt.cfg.Keys = s.url+"/p.tar.gz", map[string][]byte{"ci": []byte(s.key.public)}
			_, err := Open(tt.cfg)
			wantError(t, err, tt.want)
			wantNoSecret(t, err)
		})
	}
}
