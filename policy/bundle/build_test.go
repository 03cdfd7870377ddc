package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"strings"
	"sync"
	"testing"

	opa "github.com/open-policy-agent/opa/v1/bundle"
)

const keepTwo = "# METADATA\n# title: Two are kept\npackage sluice.spec.keep_two\n\ndeny contains \"two, please\" if count(input.spec.secondary.addresses) < data.params.keep_two.minimum\n"

// pair is a key pair in PEM form.
type pair struct {
	private, public string
	alg             string
}

func newPair(t *testing.T, private crypto.Signer, alg string) pair {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return pair{encode("PRIVATE KEY", der), encode("PUBLIC KEY", public), alg}
}

func ecPair(t *testing.T, curve elliptic.Curve, alg string) pair {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return newPair(t, k, alg)
}

func edPair(t *testing.T) pair {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return newPair(t, k, "EdDSA")
}

// rsaKey is made once: it takes long.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, minRSABits) })

func rsaPair(t *testing.T, alg string) pair {
	t.Helper()
	k, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	return newPair(t, k, alg)
}

// built is a bundle by OPA's own writer, signed unless the key is empty.
func built(t *testing.T, k pair) []byte {
	t.Helper()
	b := opa.Bundle{
		Manifest: opa.Manifest{Revision: "r1"},
		Data:     map[string]any{"params": map[string]any{"keep_two": map[string]any{"minimum": 2}}},
		Modules:  []opa.ModuleFile{{URL: "/rules/keep_two.rego", Path: "/rules/keep_two.rego", Raw: []byte(keepTwo)}},
	}
	b.Manifest.Init()
	if k.private != "" {
		if err := b.GenerateSignature(opa.NewSigningConfig(k.private, k.alg, ""), "a-name", false); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := opa.NewWriter(&out).DisableFormat(true).Write(b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// files are what a test puts into a tar, by path.
type files map[string]string

// contents are the files of a bundle.
func contents(t *testing.T, packed []byte) files {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	out := files{}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[h.Name] = string(data)
	}
}

// packed are files as a bundle, whatever they are.
func (f files) packed(t *testing.T) []byte {
	t.Helper()
	var headers []tar.Header
	for name, data := range f {
		headers = append(headers, tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(data))})
	}
	return tarball(t, headers, f)
}

func tarball(t *testing.T, headers []tar.Header, data files) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, data[h.Name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// signed adds a signature of all files, in a token that OPA makes.
func (f files) signed(t *testing.T, k pair, hash string) files {
	t.Helper()
	var infos []opa.FileInfo
	for name, data := range f {
		infos = append(infos, info(t, name, data, hash))
	}
	token, err := opa.GenerateSignedToken(infos, opa.NewSigningConfig(k.private, k.alg, ""), "a-name")
	if err != nil {
		t.Fatal(err)
	}
	return f.with(signaturesFile, signatures(t, token))
}

func (f files) with(name, data string) files {
	out := files{name: data}
	for n, d := range f {
		if n != name {
			out[n] = d
		}
	}
	return out
}

func signatures(t *testing.T, token string) string {
	t.Helper()
	data, err := json.Marshal(opa.SignaturesConfig{Signatures: []string{token}, Plugin: "_default"})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func info(t *testing.T, name, data, hash string) opa.FileInfo {
	t.Helper()
	h, err := opa.NewSignatureHasher(opa.HashingAlgorithm(hash))
	if err != nil {
		t.Fatal(err)
	}
	var value any = []byte(data)
	if opa.IsStructuredDoc(name) {
		if err := json.Unmarshal([]byte(data), &value); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := h.HashFile(value)
	if err != nil {
		t.Fatal(err)
	}
	return opa.NewFile(strings.TrimPrefix(name, "/"), hex.EncodeToString(sum), hash)
}
