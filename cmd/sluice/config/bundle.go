package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/policy/bundle"
)

// rawBundle is the part of a policy source that an OPA bundle needs.
type rawBundle struct {
	Bundle     string            `json:"bundle"`
	PublicKeys map[string]string `json:"publicKeys"`
	Scope      string            `json:"scope"`
	TokenEnv   string            `json:"tokenEnv"`
	TokenFile  string            `json:"tokenFile"`
}

// bundle checks what can be checked without reading a file. at gives the place of a
// field. Messages never quote the URL, into which somebody may have put a secret.
func (l *loader) bundle(r rawBundle, caFile string, at func(field ...string) []string) *Bundle {
	b := &Bundle{Scope: r.Scope, TokenEnv: r.TokenEnv, TokenFile: l.resolve(r.TokenFile), CAFile: l.resolve(caFile)}
	for _, name := range slices.Sorted(maps.Keys(r.PublicKeys)) {
		if b.PublicKeys == nil {
			b.PublicKeys = map[string]string{}
		}
		b.PublicKeys[name] = l.resolve(r.PublicKeys[name])
	}
	if r.TokenEnv != "" && r.TokenFile != "" {
		l.problem(at("tokenFile"), "tokenEnv and tokenFile both say where the token is; keep one")
	}
	if !strings.Contains(r.Bundle, "://") {
		b.File = l.resolve(r.Bundle)
		for field, value := range map[string]string{"tokenEnv": r.TokenEnv, "tokenFile": r.TokenFile, "caFile": caFile} {
			if value != "" {
				l.problem(at(field), "%s is for bundles that are fetched over https; this one is a file", field)
			}
		}
		return b
	}
	b.URL = r.Bundle
	if err := bundle.CheckURL(r.Bundle); err != nil {
		l.problem(at("bundle"), "%v", err)
	}
	if len(r.PublicKeys) == 0 {
		l.problem(at("bundle"), "a bundle from the network must be signed; give publicKeys, the PEM files of whoever builds it")
	}
	return b
}

// bundleAccess is how a bundle's server is reached; its token and caFile stand in Bundle.
func (l *loader) bundleAccess(r rawRepo, at func(field ...string) []string) Access {
	if strings.Contains(r.Bundle, "://") {
		return l.access(rawAccess{ClientCert: r.ClientCert, Proxy: r.Proxy}, "", r.Bundle, at)
	}
	for field, set := range map[string]bool{"clientCert": r.ClientCert.CertFile != "", "proxy": r.Proxy != ""} {
		if set {
			l.problem(at(field), "%s is for bundles that are fetched over https; this one is a file", field)
		}
	}
	return Access{}
}

// places are the files that decide what a bundle's rules are: itself, when it is a
// file, and the keys that it is trusted by.
func (b *Bundle) places() []string {
	files := slices.Sorted(maps.Values(b.PublicKeys))
	if b.File != "" {
		files = append(files, b.File)
	}
	return files
}
