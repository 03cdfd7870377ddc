package bundle

import (
	"encoding/base64"
	"testing"
)

// FuzzVerify: nothing that is not signed by the key counts as signed, whatever the
// bundle says of its signature, and a key is one or is refused.
func FuzzVerify(f *testing.F) {
	token := func(header, payload string) string {
		e := base64.RawURLEncoding.EncodeToString
		return `{"signatures": ["` + e([]byte(header)) + "." + e([]byte(payload)) + "." + e([]byte("no signature")) + `"]}`
	}
	f.Add([]byte(token(`{"alg":"none"}`, `{"files":[{"name":"a.rego","hash":"x","algorithm":"SHA-256"}]}`)), []byte("package x"), []byte(nil))
	f.Add([]byte(token(`{"alg":"HS256","kid":"a"}`, `{"files":[],"scope":"write"}`)), []byte(""), []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"))
	f.Add([]byte(`{"signatures": [], "plugin": "x"}`), []byte("x"), []byte("-----BEGIN RSA PUBLIC KEY-----\n-----END RSA PUBLIC KEY-----\n"))
	f.Add([]byte(`{"signatures": ["..", "."]}`), []byte("x"), []byte("x"))
	good, err := readKeys(map[string][]byte{"ci": []byte(fuzzKey)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, signatures, module, pem []byte) {
		files := []entry{{path: signaturesFile, data: signatures}, {path: "a.rego", data: module}}
		if name, err := verify(files, good, ""); err == nil {
			t.Errorf("%q is signed by %s", signatures, name)
		}
		keys, err := readKeys(map[string][]byte{"ci": pem})
		if err == nil && len(keys[0].algs) == 0 {
			t.Errorf("%q is a key for nothing", pem)
		}
	})
}

// fuzzKey is a public key whose private half was thrown away.
const fuzzKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAYbE9a11pi8DOoVbVU61Yzo8G+njIpinSndUjvvCM+80=
-----END PUBLIC KEY-----
`
