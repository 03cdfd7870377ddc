package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	opa "github.com/open-policy-agent/opa/v1/bundle"
)

const signaturesFile = ".signatures.json"

// strongHashes are those by which a signature may name a file. With the others
// somebody could make two files that look the same to it.
var strongHashes = []string{string(opa.SHA256), string(opa.SHA384), string(opa.SHA512), string(opa.SHA512256)}

// verify holds every file against a signature by one of the keys, and returns that
// key's name.
func verify(entries []entry, keys []key, scope string) (string, error) {
	var signatures []byte
	var signed []entry
	for _, e := range entries {
		switch {
		case e.path == signaturesFile:
			signatures = e.data
		case path.Base(e.path) == signaturesFile:
			return "", fmt.Errorf("%s: signatures stand at the root of a bundle", e.path)
		default:
			signed = append(signed, e)
		}
	}
	if signatures == nil {
		return "", errors.New("it is not signed; build it with `opa build --bundle --signing-key`, or take away publicKeys if it is a file that you trust")
	}
	var config opa.SignaturesConfig
	if err := json.Unmarshal(signatures, &config); err != nil {
		return "", fmt.Errorf("%s cannot be read; build the bundle again", signaturesFile)
	}
	name, files, err := verifyToken(config, keys, scope)
	if err != nil {
		return "", err
	}
	return name, verifyFiles(signed, files)
}

// verifyToken tries each key with each algorithm that fits it, by OPA's own verifier.
// Key id and scope are always set, so that those of the token are not taken in their
// place; a plugin that the bundle names is not looked for.
func verifyToken(config opa.SignaturesConfig, keys []key, scope string) (string, map[string]opa.FileInfo, error) {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
		for _, alg := range k.algs {
			files, err := (&opa.DefaultVerifier{}).VerifyBundleSignature(
				opa.SignaturesConfig{Signatures: config.Signatures},
				opa.NewVerificationConfig(map[string]*opa.KeyConfig{k.name: {Key: k.pem, Algorithm: alg}}, k.name, scope, nil))
			if err == nil {
				return k.name, files, nil
			}
			if strings.Contains(err.Error(), "scope mismatch") { // looked at last: the signature is good
				return "", nil, fmt.Errorf("the key %s signed it for another scope than %q; check scope", k.name, scope)
			}
		}
	}
	return "", nil, fmt.Errorf("its signature was made by none of the keys that are trusted (%s)", strings.Join(names, ", "))
}

// verifyFiles wants each file in the signature, and each file of the signature.
func verifyFiles(entries []entry, files map[string]opa.FileInfo) error {
	for _, e := range entries {
		if info, ok := files[e.path]; ok && !slices.Contains(strongHashes, info.Algorithm) {
			return fmt.Errorf("%s: the signature names it by the hash %.20q; sign with SHA-256 or longer", e.path, info.Algorithm)
		}
		if err := opa.VerifyBundleFile(e.path, *bytes.NewBuffer(e.data), files); err != nil {
			return fmt.Errorf("%s is not what was signed: %w", e.path, err)
		}
	}
	if missing := slices.Sorted(maps.Keys(files)); len(missing) > 0 {
		return fmt.Errorf("%.100q was signed with it and is not there", missing[0])
	}
	return nil
}
