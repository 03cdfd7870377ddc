package gitsource

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-6ca89210/sluice/gitsource/signature"
)

// Config says what to read and how much of it. Exactly one of URL, Dir and Paths is
// set.
type Config struct {
	// URL is https://, ssh:// (or user@host:path), or file://. Plain http:// is
	// for loopback hosts only. Userinfo in it is used and never shown.
	URL string
	// Dir is a plain folder, read as it lies there, without Git.
	Dir string
	// Paths are plain folders and files, read as they lie there. Each must hold a
	// file that is wanted; files are named by the path that they were found at,
	// "specs/a.yaml" in the folder "specs", and one that is found twice is one.
	Paths []string
	// Ref says which commit. Not for Dir and Paths.
	Ref Ref
	// Path is the folder to read, with slashes; the root when empty. Not for Paths.
	Path string
	// Extensions of the files to return; .yaml, .yml, .json and .rego when nil.
	// Upper and lower case are the same.
	Extensions []string
	// Limits replace the defaults where they are not zero.
	Limits Limits

	// Username and Password are for https, where the URL has no userinfo.
	Username, Password string
	// Login gives the login for https anew before each conversation with the server,
	// in place of Username, Password and userinfo, so that a token may change. The
	// client is for services that hand out tokens: it trusts and goes through what
	// the Source does, follows no redirect, and is good until Login returns. The
	// text of an error must be fit for logs.
	Login func(ctx context.Context, client *http.Client) (Login, error)
	// CAFile is a PEM file of certificate authorities to trust for https beside
	// the system's own. Like all files here it is read anew for each conversation.
	CAFile string
	// ClientCert is shown to https servers that ask for one.
	ClientCert ClientCert
	// Proxy is the URL of the proxy for https. When empty, HTTPS_PROXY and NO_PROXY
	// say which. SSH goes through none.
	Proxy string
	// SSH is for ssh.
	SSH SSH

	// Keys are whose signatures count: Commit.Signer says who signed. Not for Dir and Paths.
	// What is signed by nobody, or badly, is fetched all the same.
	Keys signature.Keys
	ring *signature.Keyring // Keys, read; nil: none

	// Runner has another process do what touches a URL; this process does when nil.
	Runner Runner
}

// Ref names a commit. At most one field is set; with none it is the branch that
// the repository's HEAD names, also after that branch is renamed.
type Ref struct {
	Branch string // a branch, without refs/heads/
	Tag    string // a tag, without refs/tags/, annotated or not
	Semver string // the highest version in a range, among tags such as v1.2.3 and 1.2.3; see [CheckRange]
	Commit string // 40 hex digits: pinned, never moves
	Name   string // a branch or, where no branch has this name, a tag
}

// SSH says how to log in and whom to trust. There is no way to skip the check of
// the host key.
type SSH struct {
	// KeyFile is a private key; the agent at SSH_AUTH_SOCK when empty.
	KeyFile string
	// Passphrase gives what opens an encrypted KeyFile. An error names the setting, and is
	// fit for logs.
	Passphrase func() (string, error)
	// KnownHosts is a known_hosts file; the files of SSH_KNOWN_HOSTS, or else
	// ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts, when empty.
	KnownHosts string
	// HostKeys are the only keys that the server may show, in place of known_hosts:
	// public keys (ssh-ed25519 AAAA…) or fingerprints (SHA256:…).
	HostKeys []string
}

// Limits bound what one snapshot may cost. Zero means the default. Files, Depth
// and PathLength count every regular file below the path, wanted or not;
// FileSize and TotalSize count the files that are returned, since no other is read.
type Limits struct {
	Files      int   // regular files, and folders: 10,000 of each
	FileSize   int64 // bytes of one file: 256 KiB
	TotalSize  int64 // bytes of all files: 10 MiB
	Depth      int   // folders below the path: 32
	PathLength int   // bytes of a path in the repository: 1024
	Transfer   int64 // bytes that a server may send in one fetch: 256 MiB
	Unpacked   int64 // bytes of all objects of one fetch, unpacked: 512 MiB
	Memory     int64 // bytes that the process of a Runner may use: 1 GiB
	// Timeout bounds each look at the ref, each fetch and each look back: 2 minutes.
	Timeout time.Duration
}

// DefaultLimits are what holds where nothing is set.
func DefaultLimits() Limits {
	var l Limits
	l.fill()
	return l
}

// fill puts the defaults where nothing was set.
func (l *Limits) fill() {
	setDefault(&l.Files, 10_000)
	setDefault(&l.FileSize, 256<<10)
	setDefault(&l.TotalSize, 10<<20)
	setDefault(&l.Depth, 32)
	setDefault(&l.PathLength, 1024)
	setDefault(&l.Transfer, 256<<20)
	setDefault(&l.Unpacked, 512<<20)
	setDefault(&l.Memory, 1<<30)
	setDefault(&l.Timeout, 2*time.Minute)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check validates and completes everything but the address.
func (c *Config) check() error {
	c.Limits.fill()
	for name, value := range map[string]int64{
		"files": int64(c.Limits.Files), "fileSize": c.Limits.FileSize, "totalSize": c.Limits.TotalSize,
		"depth": int64(c.Limits.Depth), "pathLength": int64(c.Limits.PathLength),
		"transfer": c.Limits.Transfer, "unpacked": c.Limits.Unpacked, "memory": c.Limits.Memory,
	} {
		if value < 0 {
			return fmt.Errorf("limits.%s: %d is negative; give a positive number, or leave it out for the default", name, value)
		}
	}
	if c.Limits.Timeout < 0 {
		return fmt.Errorf("limits.timeout: %s is negative; give a positive duration, or leave it out for the default", c.Limits.Timeout)
	}
	if c.Extensions == nil {
		c.Extensions = []string{".yaml", ".yml", ".json", ".rego"}
	}
	for _, ext := range c.Extensions {
		if len(ext) < 2 || ext[0] != '.' {
			return fmt.Errorf("extensions: %q is not an extension; write it like .yaml", ext)
		}
	}
	if err := c.checkPath(); err != nil {
		return err
	}
	var err error
	c.ring, err = c.Keys.Parse()
	return err
}

// checkPath brings Path into the form that the walks expect: slashes, no dots,
// "." for the root.
func (c *Config) checkPath() error {
	p := c.Path
	if p == "" {
		p = "."
	}
	if !utf8.ValidString(p) || strings.ContainsFunc(p, unicode.IsControl) {
		return fmt.Errorf("path: %q holds control characters; give a folder inside the repository", p)
	}
	if strings.HasPrefix(p, "/") || strings.Contains(p, `\`) {
		return fmt.Errorf("path: %q is not relative with forward slashes; give a folder inside the repository, such as gateways/prod", p)
	}
	p = path.Clean(p)
	if !fs.ValidPath(p) {
		return fmt.Errorf("path: %q leads out of the repository; give a folder inside it", c.Path)
	}
	if len(p) > c.Limits.PathLength {
		return fmt.Errorf("path: %d bytes, more than limits.pathLength, which is %d", len(p), c.Limits.PathLength)
	}
	c.Path = p
	return nil
}
