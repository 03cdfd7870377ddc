package bundle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// minRSABits is the shortest RSA key that is taken.
const minRSABits = 2048

// key is a public key and the algorithms that fit it. The algorithm that a bundle
// names decides nothing: an attacker could write "none", or have the public key taken
// for the secret of an HMAC.
type key struct {
	name string
	pem  string
	algs []string
}

// readKeys reads keys, in the order of their names.
func readKeys(files map[string][]byte) ([]key, error) {
	var keys []key
	for _, name := range slices.Sorted(maps.Keys(files)) {
		algs, err := algorithms(files[name])
		if err != nil {
			return nil, fmt.Errorf("publicKeys.%s: %w", name, err)
		}
		keys = append(keys, key{name, string(files[name]), algs})
	}
	return keys, nil
}

// algorithms returns what signatures the key can verify.
func algorithms(data []byte) ([]string, error) {
	block, rest := pem.Decode(data)
	switch {
	case block == nil:
		return nil, errors.New("this is no key in PEM form; it begins with -----BEGIN PUBLIC KEY-----")
	case strings.Contains(block.Type, "PRIVATE KEY"):
		return nil, errors.New("this is a private key, which must stay with whoever signs; give the public one, as `openssl pkey -pubout` writes it")
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("the file holds more than one key; give each a file and a name of its own")
	}
	var public any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return nil, fmt.Errorf("this is of type %.40q; give a PUBLIC KEY, as `openssl pkey -pubout` or `openssl x509 -pubkey` writes it", block.Type)
	}
	if err != nil {
		return nil, errors.New("the key cannot be read; write it again with `openssl pkey -pubout`")
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("the RSA key has %d bits; %d are the least", k.N.BitLen(), minRSABits)
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, nil
	case *ecdsa.PublicKey:
		if alg := map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[k.Curve.Params().BitSize]; alg != "" {
			return []string{alg}, nil
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	}
	return nil, errors.New("keys of this kind are not supported; use RSA, EC (P-256, P-384, P-521) or Ed25519")
}
