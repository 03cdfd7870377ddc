package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
)

// Config says where a bundle is and whom to trust. Exactly one of URL and File is set.
type Config struct {
	// URL is https://, or http:// on a loopback host. It holds no credentials.
	URL string
	// File is a file on this machine, which is trusted as a folder would be when
	// there are no Keys.
	File string
	// Keys are public keys in PEM form, RSA (2048 bits or more), EC or Ed25519, by
	// names for people. One of them must have signed the bundle.
	Keys map[string][]byte
	// Scope must be the scope that the bundle was signed for, empty for none.
	Scope string
	// Token, when set, is asked before each request for what stands behind
	// "Authorization: Bearer".
	Token func() (string, error)
	// CAFile is a PEM file of certificate authorities to trust beside the system's. Like
	// those of ClientCert it is read anew for each request.
	CAFile string
	// ClientCert is shown to a server that asks for one.
	ClientCert ClientCert
	// Proxy is the URL of the proxy; when empty, HTTPS_PROXY and NO_PROXY say which.
	Proxy string
	// Timeout bounds each Read; a minute when zero.
	Timeout time.Duration
	// Limits replace the defaults where they are not zero.
	Limits Limits
}

// Limits bound what a bundle may cost.
type Limits struct {
	Packed   int64 // bytes of the file as it is sent: 8 MiB
	Unpacked int64 // bytes of the tar in it: 32 MiB
	Entries  int   // files, folders and all else in the tar: 10,000
	File     int64 // bytes of one file: 1 MiB
	Total    int64 // bytes of all files: 16 MiB
}

// Bundle is what one bundle holds. It is never changed after it was returned.
type Bundle struct {
	ID    string        // "bundle:" and the SHA-256 of the file
	Key   string        // the name of the key that signed it; empty where none was asked for
	Files []policy.File // modules, tests and data, by path
}

// Source is one bundle, to be read again and again by one goroutine at a time.
type Source struct {
	cfg  Config
	keys []key

	etag string  // the server's name for the bundle that was read last
	of   *Bundle // that bundle
}

// Open validates cfg. Nothing is read but certificates. The error names the setting
// that is wrong.
func Open(cfg Config) (*Source, error) {
	cfg.fill()
	s := &Source{cfg: cfg}
	var err error
	if s.keys, err = readKeys(cfg.Keys); err != nil {
		return nil, err
	}
	switch {
	case (cfg.URL == "") == (cfg.File == ""):
		return nil, errors.New("bundle: give either a URL or a file")
	case cfg.Scope != "" && len(s.keys) == 0:
		return nil, errors.New("scope: it is part of a signature; give publicKeys too")
	case cfg.File != "" && (cfg.Token != nil || cfg.CAFile+cfg.Proxy != "" || cfg.ClientCert != ClientCert{}):
		return nil, errors.New("bundle: a file needs no token, caFile, clientCert or proxy")
	case cfg.File != "":
		return s, nil
	case len(s.keys) == 0:
		return nil, errors.New("publicKeys: a bundle from the network must be signed; give the public key of whoever builds it")
	}
	if err := CheckURL(cfg.URL); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	if _, err := s.cfg.newClient(); err != nil {
		return nil, err
	}
	return s, nil
}

func (c *Config) fill() {
	set := func(field *int64, value int64) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&c.Limits.Packed, 8<<20)
	set(&c.Limits.Unpacked, 32<<20)
	set(&c.Limits.File, 1<<20)
	set(&c.Limits.Total, 16<<20)
	if c.Limits.Entries <= 0 {
		c.Limits.Entries = 10_000
	}
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
}

// String is the URL or the file: fit for logs, for neither holds a secret.
func (s *Source) String() string {
	if s.cfg.File != "" {
		return s.cfg.File
	}
	return s.cfg.URL
}

// Read returns the bundle, or last itself when it is still the same: over https that
// costs one conditional request. On an error the caller keeps last. The error begins
// with the place.
func (s *Source) Read(ctx context.Context, last *Bundle) (b *Bundle, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	defer func() {
		// The libraries that take it apart are not ours, and it is from outside.
		if r := recover(); r != nil {
			b, err = nil, fmt.Errorf("it cannot be read: %v", r)
		}
		if err != nil {
			b, err = nil, fmt.Errorf("%s: %w", s, err)
		}
	}()
	if s.cfg.File != "" {
		packed, err := readFile(s.cfg.File, s.cfg.Limits.Packed)
		if err != nil {
			return nil, err
		}
		return s.open(packed, last)
	}
	known := ""
	if last != nil && last == s.of {
		known = s.etag
	}
	packed, etag, err := s.fetch(ctx, known)
	if errors.Is(err, errUnchanged) {
		return last, nil
	}
	if err != nil {
		return nil, err
	}
	if b, err = s.open(packed, last); err == nil {
		s.etag, s.of = etag, b
	}
	return b, err
}

// open unpacks, verifies, and only then looks at what the files are.
func (s *Source) open(packed []byte, last *Bundle) (*Bundle, error) {
	sum := sha256.Sum256(packed)
	b := &Bundle{ID: "bundle:" + hex.EncodeToString(sum[:])}
	if last != nil && last.ID == b.ID {
		return last, nil
	}
	entries, err := unpack(packed, s.cfg.Limits)
	if err != nil {
		return nil, err
	}
	if len(s.keys) > 0 {
		if b.Key, err = verify(entries, s.keys, s.cfg.Scope); err != nil {
			return nil, err
		}
	}
	if b.Files, err = sift(entries); err != nil {
		return nil, err
	}
	return b, nil
}
