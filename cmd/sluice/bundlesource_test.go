package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile"
)

const bundledRule = "# METADATA\n# title: Two are kept\npackage sluice.spec.keep_two\n\ndeny contains \"two, please\" if count(input.spec.secondary.addresses) < data.params.keep_two.minimum\n"

// bundleStage is a folder with specs, a server of a signed bundle, and what trusts it.
type bundleStage struct {
	dir    string
	url    string
	packed []byte

	mu     sync.Mutex
	sent   int // whole bundles
	asked  int
	header http.Header // of the last request
}

func (s *bundleStage) counts() (asked, sent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, s.sent
}

func newBundleStage(t *testing.T) *bundleStage {
	t.Helper()
	s := &bundleStage{dir: t.TempDir()}
	private, public := keyPair(t)
	s.write(t, "ci.pem", public)
	s.packed = signedBundle(t, private)
	s.write(t, "policy.tar.gz", s.packed)
	server := httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.url = server.URL + "/policy.tar.gz"
	s.write(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	s.write(t, "specs/a.yaml", []byte("apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: a}\nspec: {id: nat-00000000000000001, secondary: {addresses: [10.0.1.20]}}\n"))
	s.write(t, "sluice.yaml", fmt.Appendf(nil, "apiVersion: sluice/v1\nkind: Config\nspecs: {dir: specs}\n"+
		"policies: [{bundle: %q, publicKeys: {ci: ci.pem}, caFile: ca.pem, tokenEnv: POLICY_TOKEN}]\n", s.url))
	return s
}

func (s *bundleStage) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	s.header = r.Header.Clone()
	w.Header().Set("ETag", `"one"`)
	if r.Header.Get("If-None-Match") == `"one"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.sent++
	_, _ = w.Write(s.packed)
}

func (s *bundleStage) write(t *testing.T, name string, data []byte) {
	t.Helper()
	path := s.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *bundleStage) path(name string) string { return filepath.Join(s.dir, name) }

func keyPair(t *testing.T) (private string, public []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
}

func signedBundle(t *testing.T, private string) []byte {
	t.Helper()
	b := opa.Bundle{
		Data:    map[string]any{"params": map[string]any{"keep_two": map[string]any{"minimum": 2}}},
		Modules: []opa.ModuleFile{{URL: "/keep_two.rego", Raw: []byte(bundledRule)}},
	}
	b.Manifest.Init()
	if err := b.GenerateSignature(opa.NewSigningConfig(private, "ES256", ""), "key-1", false); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := opa.NewWriter(&out).DisableFormat(true).Write(b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestABundleJudgesLikeAFolder(t *testing.T) {
	s := newBundleStage(t)
	t.Setenv("POLICY_TOKEN", "s3cret")
	stdout, stderr, status := execute(t, "audit", "--config", s.path("sluice.yaml"))
	if status != exitDenied || !strings.Contains(stdout, "two, please") {
		t.Errorf("from the server: status %d\n%s%s", status, stdout, stderr)
	}
	s.mu.Lock()
	got := s.header.Get("Authorization")
	s.mu.Unlock()
	if got != "Bearer s3cret" {
		t.Errorf("authorization %q", got)
	}
	stdout, stderr, status = execute(t, "audit", s.path("specs"), "--policy", s.path("policy.tar.gz"), "--advisory", "spec.keep_two")
	if status != exitDone || !strings.Contains(stdout, "two, please (deny, but advisory by") {
		t.Errorf("from a file: status %d\n%s%s", status, stdout, stderr)
	}
	stdout, stderr, status = execute(t, "policy", "list", "--config", s.path("sluice.yaml"))
	if status != exitDone || !strings.Contains(stdout, "spec rule, "+s.url+"/keep_two.rego:3") {
		t.Errorf("list: status %d\n%s%s", status, stdout, stderr)
	}
}

func TestABundleIsRefusedWhen(t *testing.T) {
	s := newBundleStage(t)
	_, public := keyPair(t)
	s.write(t, "other.pem", public)
	write := func(name, policies string) string {
		s.write(t, name, []byte("apiVersion: sluice/v1\nkind: Config\nspecs: {dir: specs}\npolicies: ["+policies+"]\n"))
		return s.path(name)
	}
	trusted := "bundle: " + s.url + ", caFile: ca.pem"
	for _, c := range []struct{ name, config, want string }{
		{"its key is another", write("other.yaml", "{"+trusted+", publicKeys: {ci: other.pem}}"), "its signature was made by none of the keys that are trusted (ci)"},
		{"its key is not there", write("none.yaml", "{"+trusted+", publicKeys: {ci: none.pem}}"), "publicKeys.ci: open "},
		{"its scope is another", write("scope.yaml", "{"+trusted+", publicKeys: {ci: ci.pem}, scope: write}"), `another scope than "write"`},
		{"its token is not set", write("token.yaml", "{"+trusted+", publicKeys: {ci: ci.pem}, tokenEnv: NO_SUCH_TOKEN}"), "the token is empty"},
		{"its token's file is not there", write("file.yaml", "{"+trusted+", publicKeys: {ci: ci.pem}, tokenFile: none}"), "tokenFile: open "},
		{"its client certificate is not there", write("cert.yaml", "{"+trusted+", publicKeys: {ci: ci.pem}, clientCert: {certFile: none, keyFile: none}}"), "clientCert: "},
		{"its proxy is not there", write("proxy.yaml", "{"+trusted+", publicKeys: {ci: ci.pem}, proxy: \"http://127.0.0.1:9\"}"), "the proxy (of proxy or HTTPS_PROXY) cannot be reached"},
		{"its file must be signed and is not by ours", write("signed.yaml", "{bundle: policy.tar.gz, publicKeys: {ci: other.pem}}"), "none of the keys that are trusted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, stderr, status := execute(t, "audit", "--config", c.config)
			if status != exitFailed || !strings.Contains(stderr, c.want) {
				t.Errorf("status %d, want 1 and %q\n%s", status, c.want, stderr)
			}
		})
	}
	_, stderr, status := execute(t, "audit", s.path("specs"), "--policy", s.url)
	if status != exitFailed || !strings.Contains(stderr, "a repository or a bundle elsewhere is named in sluice.yaml") {
		t.Errorf("by --policy: status %d\n%s", status, stderr)
	}
}

func TestABundlesTokenIsReadAnew(t *testing.T) {
	s := newBundleStage(t)
	a := &app{getenv: os.Getenv}
	src, err := a.openPolicy(config.Repo{Bundle: &config.Bundle{URL: s.url, CAFile: s.path("ca.pem"), TokenFile: s.path("token"),
		PublicKeys: map[string]string{"ci": s.path("ci.pem")}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"s3cret-one", "s3cret-two"} {
		s.write(t, "token", []byte(token+"\n"))
		if _, err := src.Snapshot(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		got := s.header.Get("Authorization")
		s.mu.Unlock()
		if got != "Bearer "+token {
			t.Errorf("authorization %q", got)
		}
	}
}

func TestEachPolicySourceKeepsItsInterval(t *testing.T) {
	s := newBundleStage(t)
	cfg, problems := config.Load(s.path("sluice.yaml"), fmt.Appendf(nil, "apiVersion: sluice/v1\nkind: Config\nspecs: {dir: specs, interval: 3m}\n"+
		"policies: [{url: \"https://h/x.git\", interval: 5s}, {dir: rules, interval: 1h}, {bundle: %q, publicKeys: {ci: ci.pem}, caFile: ca.pem, interval: 1m}, {bundle: policy.tar.gz}]\n", s.url))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	a := &app{getenv: os.Getenv}
	_, policies, err := a.sources(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var got []time.Duration
	for _, src := range policies {
		got = append(got, src.(reconcile.Paced).Every())
	}
	if want := []time.Duration{5 * time.Second, time.Hour, time.Minute, 3 * time.Minute}; !slices.Equal(got, want) {
		t.Errorf("intervals %v, want %v", got, want)
	}
}

func TestABundleThatIsTheSameIsTheSameSnapshot(t *testing.T) {
	s := newBundleStage(t)
	a := &app{getenv: os.Getenv}
	src, err := a.openPolicy(config.Repo{Bundle: &config.Bundle{URL: s.url, CAFile: s.path("ca.pem"),
		PublicKeys: map[string]string{"ci": s.path("ci.pem")}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	first, err := src.Snapshot(t.Context(), nil)
	if err != nil || len(first.Files) != 2 || !strings.HasPrefix(first.Commit.ID, "bundle:") {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := src.Snapshot(t.Context(), first)
	if asked, sent := s.counts(); err != nil || again != first || asked != 2 || sent != 1 {
		t.Errorf("the same snapshot: %v, %v; asked %d and sent %d times", again == first, err, asked, sent)
	}
	fresh, err := src.Snapshot(t.Context(), nil)
	if _, sent := s.counts(); err != nil || fresh == nil || sent != 2 {
		t.Errorf("without a last one: %+v, %v; sent %d times", fresh, err, sent)
	}
}
