package gitsource

import (
	"context"
	"net"
	"os"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/seed-6ca89210/sluice/gitsource/signature"
	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// operation is what another process can be asked for.
type operation string

const (
	opHead  operation = "head"  // see backend
	opFetch operation = "fetch" // see backend
	opLine  operation = "line"  // see lines
)

// most is how many bytes the answer to an operation may have.
func (op operation) most(l Limits) int {
	switch op {
	case opHead:
		return maxHeadRoom
	case opLine:
		return maxHeadRoom + maxLine*perCommit + maxCoAuthors*perCoAuthor
	}
	// In JSON a character of a path takes up to two times its bytes.
	const overhead = 64
	return maxHeadRoom + l.Files*(2*l.PathLength+overhead) + int(l.TotalSize)
}

// What a Line takes as JSON, where a character is six at most, and of text that prints two.
const (
	// perCommit has four texts of people, the beginning of a message, and room for the rest.
	perCommit   = 6*4*maxBriefPerson + 2*(words.MaxQuoted+len("...")) + 6<<10
	perCoAuthor = 2*maxCoAuthor + len(`\n`)
)

// maxHeadRoom is for what every answer may hold: the commit, whose characters JSON may
// write with six each, or an error.
const maxHeadRoom = 8 * maxMeta

// order is a request: everything that another process is told. It reads no file but the
// repository that is named, and the system's certificates.
type order struct {
	Op         operation
	URL        string // without a login
	Ref        Ref
	Path       string
	Extensions []string
	Limits     Limits
	Keys       signature.Keys    // but for opHead
	As         access            // for a server
	Env        map[string]string // see environment
	Between    between           // for opLine
}

// between is what lines look back from and to.
type between struct{ From, To, Tip string }

// order is all that the other process is told. It gets the login that was made for this
// conversation and none of the ways to make another.
func (e *elsewhere) order(op operation) order {
	o := order{
		Op: op, URL: e.addr.shown, Ref: e.cfg.Ref, Path: e.cfg.Path, Extensions: e.cfg.Extensions,
		Limits: e.cfg.Limits, As: e.as, Env: map[string]string{},
	}
	if e.addr.scheme == "ssh" {
		o.URL = e.cfg.URL // with the user, who is no secret there; a password is refused
	}
	if op != opHead {
		o.Keys = e.cfg.Keys
	}
	for _, name := range environment() {
		if value, ok := os.LookupEnv(name); ok {
			o.Env[name] = value
		}
	}
	return o
}

// backend is what carries out an order in the process that was given it, and the name
// of the repository for people.
func (o order) backend() (back backend, where string, err error) {
	cfg := Config{Ref: o.Ref, Path: o.Path, Extensions: o.Extensions, Limits: o.Limits, Keys: o.Keys}
	if err := cfg.check(); err != nil {
		return nil, "", err
	}
	addr, err := parseAddress(o.URL)
	if err != nil {
		return nil, "", err
	}
	if addr.scheme == "file" {
		return &local{cfg: cfg, path: addr.path, where: addr.shown}, addr.shown, nil
	}
	return resolved{&remote{cfg: cfg, addr: addr, dial: (&net.Dialer{}).DialContext, as: o.As}}, addr.shown, nil
}

// resolved is the backend of a remote whose access is known.
type resolved struct{ *remote }

func (r resolved) head(ctx context.Context) (string, error)     { return r.look(ctx) }
func (r resolved) fetch(ctx context.Context) (*Snapshot, error) { return r.read(ctx) }

func (r resolved) line(ctx context.Context, from, to, tip plumbing.Hash) (*Line, error) {
	return r.walk(ctx, from, to, tip)
}

// environment names the variables that count beside an order: where the system's
// certificates are, where that is not the usual place.
func environment() []string { return []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} }
