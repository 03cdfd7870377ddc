package bundle

import (
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"testing"

	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/seed-6ca89210/sluice/policy"
)

// read writes a bundle to a file and reads it.
func read(t *testing.T, packed []byte, cfg Config) (*Bundle, error) {
	t.Helper()
	cfg.File = filepath.Join(t.TempDir(), "policy.tar.gz")
	if err := os.WriteFile(cfg.File, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s.Read(t.Context(), nil)
}

func trusting(keys ...pair) Config {
	cfg := Config{Keys: map[string][]byte{}}
	for i, k := range keys {
		cfg.Keys[string(rune('a'+i))] = []byte(k.public)
	}
	return cfg
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want\n\t%s", err, want)
	}
}

func TestABundleSignedByOPAGivesItsRules(t *testing.T) {
	for name, k := range map[string]pair{
		"RS256": rsaPair(t, "RS256"), "RS512": rsaPair(t, "RS512"), "PS256": rsaPair(t, "PS256"), "ES256": ecPair(t, elliptic.P256(), "ES256"),
		"ES384": ecPair(t, elliptic.P384(), "ES384"), "ES512": ecPair(t, elliptic.P521(), "ES512"), "EdDSA": edPair(t),
	} {
		t.Run(name, func(t *testing.T) {
			b, err := read(t, built(t, k), trusting(ecPair(t, elliptic.P256(), ""), k))
			if err != nil {
				t.Fatal(err)
			}
			if b.Key != "b" || len(b.Files) != 2 || b.Files[0].Path != "data.json" || b.Files[1].Path != "rules/keep_two.rego" {
				t.Errorf("key %q, files %v", b.Key, b.Files)
			}
			if _, err := policy.Load(t.Context(), []policy.Source{{Name: "bundle", Files: b.Files}}, policy.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAFileOfOnesOwnNeedsNoSignature(t *testing.T) {
	k := edPair(t)
	for name, packed := range map[string][]byte{"unsigned": built(t, pair{}), "signed": built(t, k)} {
		if b, err := read(t, packed, Config{}); err != nil || b.Key != "" || len(b.Files) != 2 {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

// forged is a bundle with a token of any header, which says of its file what is true.
func forged(t *testing.T, header string, sign func(body string) []byte) files {
	t.Helper()
	payload, err := json.Marshal(opa.DecodedSignature{Files: []opa.FileInfo{info(t, "a.rego", keepTwo, "SHA-256")}})
	if err != nil {
		t.Fatal(err)
	}
	body := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	token := body + "." + base64.RawURLEncoding.EncodeToString(sign(body))
	return files{"a.rego": keepTwo, signaturesFile: signatures(t, token)}
}

func TestAPublicKeyIsNobodysSecret(t *testing.T) {
	for name, k := range map[string]pair{"RSA": rsaPair(t, "RS256"), "EC": ecPair(t, elliptic.P256(), "ES256"), "Ed25519": edPair(t)} {
		for alg, hash := range map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New} {
			packed := forged(t, `{"alg":"`+alg+`","kid":"a"}`, func(body string) []byte {
				mac := hmac.New(hash, []byte(k.public))
				mac.Write([]byte(body))
				return mac.Sum(nil)
			}).packed(t)
			if _, err := read(t, packed, trusting(k)); err == nil || !strings.Contains(err.Error(), "none of the keys") {
				t.Errorf("%s, %s: %v", name, alg, err)
			}
		}
	}
}

func TestABundleIsNotTrustedWhen(t *testing.T) {
	k := ecPair(t, elliptic.P256(), "ES256")
	whole := contents(t, built(t, k))
	plainFiles := files{"data.json": `{"params":{}}`, "a.rego": keepTwo}
	const rego = "/rules/keep_two.rego"
	without := func(name string) files {
		out := whole.with(name, "")
		delete(out, name)
		return out
	}
	const none = "its signature was made by none of the keys that are trusted (a)"
	for _, tc := range []struct {
		name string
		files
		want string
	}{
		{"its signature was taken away", without("/" + signaturesFile), "it is not signed"},
		{"it was never signed", contents(t, built(t, pair{})), "it is not signed"},
		{"another key signed it, under the name of ours", plainFiles.signed(t, ecPair(t, elliptic.P256(), "ES256"), "SHA-256"), none},
		{"a file was changed", whole.with(rego, keepTwo+"\n"), "rules/keep_two.rego is not what was signed"},
		{"its data was changed", whole.with("/data.json", `{"params":{}}`), "data.json is not what was signed"},
		{"its manifest was changed", whole.with("/.manifest", `{"revision":"r2"}`), ".manifest is not what was signed"},
		{"a file was added", whole.with("/more.rego", keepTwo), "more.rego is not what was signed: file more.rego not included in bundle signature"},
		{"a file that nobody reads was added", whole.with("/README", "x"), "README is not what was signed"},
		{"a hidden file was added", whole.with("/.git/x.rego", "x"), ".git/x.rego is not what was signed"},
		{"a file was taken out", without(rego), `"rules/keep_two.rego" was signed with it and is not there`},
		{"a second signature stands elsewhere", whole.with("/rules/.signatures.json", whole["/"+signaturesFile]), "signatures stand at the root"},
		{"its token says none", forged(t, `{"alg":"none"}`, func(string) []byte { return nil }), none},
		{"its token says none and names our key", forged(t, `{"alg":"none","kid":"a"}`, func(string) []byte { return nil }), none},
		{"its signature names files by a weak hash", plainFiles.signed(t, k, "MD5"), `the signature names it by the hash "MD5"`},
		{"its signatures are no JSON", whole.with("/"+signaturesFile, "{"), ".signatures.json cannot be read"},
		{"its signatures hold no token", whole.with("/"+signaturesFile, `{"signatures":[]}`), none},
		{"its signatures name a verifier of their own", whole.with("/"+signaturesFile, `{"signatures":["x.y.z"],"plugin":"mine"}`), none},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, err := read(t, tc.packed(t), trusting(k))
			wantError(t, err, tc.want)
			if b != nil {
				t.Error("it was read nevertheless")
			}
		})
	}
}

func TestTheScopeIsTheConfigurations(t *testing.T) {
	k := edPair(t)
	claims := filepath.Join(t.TempDir(), "claims.json")
	if err := os.WriteFile(claims, []byte(`{"scope":"write"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	scoped := opa.NewSigningConfig(k.private, k.alg, claims)
	token, err := opa.GenerateSignedToken([]opa.FileInfo{info(t, "a.rego", keepTwo, "SHA-256")}, scoped, "a-name")
	if err != nil {
		t.Fatal(err)
	}
	packed := files{"a.rego": keepTwo, signaturesFile: signatures(t, token)}.packed(t)
	for scope, want := range map[string]string{"write": "", "read": `another scope than "read"`, "": `another scope than ""`} {
		cfg := trusting(k)
		cfg.Scope = scope
		_, err := read(t, packed, cfg)
		if want == "" && err != nil {
			t.Errorf("scope %q: %v", scope, err)
		} else if want != "" {
			wantError(t, err, want)
		}
	}
}
