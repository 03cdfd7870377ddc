package bundle

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
)

func TestAKeyIsRefusedWhen(t *testing.T) {
	k := edPair(t)
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(exchange.Public())
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, data []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
	}
	for _, tc := range []struct{ name, pem, want string }{
		{"it is empty", "", "publicKeys.ci: this is no key in PEM form"},
		{"it is a secret of one word", "s3cret", "publicKeys.ci: this is no key in PEM form"},
		{"it is private", k.private, "this is a private key, which must stay with whoever signs"},
		{"there are two", k.public + k.public, "the file holds more than one key"},
		{"it is a certificate", block("CERTIFICATE", []byte("x")), `this is of type "CERTIFICATE"`},
		{"it is damaged", block("PUBLIC KEY", []byte("x")), "the key cannot be read"},
		{"it is short", newPair(t, short, "").public, "the RSA key has 1024 bits; 2048 are the least"},
		{"its curve is small", ecPair(t, elliptic.P224(), "").public, "keys of this kind are not supported"},
		{"it signs nothing", block("PUBLIC KEY", der), "keys of this kind are not supported"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Open(Config{File: "x", Keys: map[string][]byte{"ci": []byte(tc.pem)}})
			wantError(t, err, tc.want)
		})
	}
}

func TestASourceIsRefusedWhen(t *testing.T) {
	keys := map[string][]byte{"ci": []byte(edPair(t).public)}
	const url = "https://example.com/policy.tar.gz"
	token := func() (string, error) { return "", nil }
	for _, tc := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"it is nowhere", Config{}, "give either a URL or a file"},
		{"it is in two places", Config{URL: url, File: "x", Keys: keys}, "give either a URL or a file"},
		{"nobody signs what comes from the network", Config{URL: url}, "a bundle from the network must be signed"},
		{"a scope is without a signature", Config{File: "x", Scope: "s"}, "scope: it is part of a signature"},
		{"a file needs a token", Config{File: "x", Token: token}, "a file needs no token, caFile, clientCert or proxy"},
		{"it is not encrypted", Config{URL: "http://example.com/p.tar.gz", Keys: keys}, "the URL must begin with https://"},
		{"its host only begins like loopback", Config{URL: "http://127.0.0.1.example.com/p", Keys: keys}, "the URL must begin with https://"},
		{"it is of another scheme", Config{URL: "file:///x/p.tar.gz", Keys: keys}, "this is no URL"},
		{"it has no host", Config{URL: "https:///p.tar.gz", Keys: keys}, "this is no URL"},
		{"it holds a password", Config{URL: "https://u:s3cret@example.com/p", Keys: keys}, "the URL holds a user or password"},
		{"it holds a signed query", Config{URL: url + "?sig=s3cret", Keys: keys}, "the URL has a ? or a #"},
		{"the CA file is not there", Config{URL: url, Keys: keys, CAFile: "testdata/none.pem"}, "caFile: testdata/none.pem: no such file"},
		{"the CA file holds none", Config{URL: url, Keys: keys, CAFile: "doc.go"}, "caFile: doc.go holds no certificate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Open(tc.cfg)
			wantError(t, err, tc.want)
			wantNoSecret(t, err)
		})
	}
}
