package gitsource

import (
	"os"
	"time"
)

// operation is what another process can be asked for.
type operation string

const (
	opHead  operation = "head"  // see backend
	opFetch operation = "fetch" // see backend
)

// most is how many bytes the answer to an operation may have.
func (op operation) most(l Limits) int {
	if op != opFetch {
		return maxHeadRoom
	}
	// In JSON a character of a path takes up to two times its bytes.
	const overhead = 64
	return maxHeadRoom + l.Files*(2*l.PathLength+overhead) + int(l.TotalSize)
}

// maxHeadRoom is for what every answer may hold: the commit, whose characters JSON may
// write with six each, or an error.
const maxHeadRoom = 8 * maxMeta

// order is a request: everything that another process is told. What it reads beside
// that is what the order names.
type order struct {
	Op                 operation
	URL                string
	Ref                Ref
	Path               string
	Extensions         []string
	Limits             Limits
	Timeout            time.Duration
	Username, Password string
	CAFile             string
	SSH                SSH
	Keys               Keys              // for opFetch
	Env                map[string]string // see environment
}

func newOrder(c Config, op operation) order {
	o := order{
		Op: op, URL: c.URL, Ref: c.Ref, Path: c.Path, Extensions: c.Extensions, Limits: c.Limits, Timeout: c.Timeout,
		Username: c.Username, Password: c.Password, CAFile: c.CAFile, SSH: c.SSH, Env: map[string]string{},
	}
	if op == opFetch {
		o.Keys = c.Keys
	}
	for _, name := range environment() {
		if value, ok := os.LookupEnv(name); ok {
			o.Env[name] = value
		}
	}
	return o
}

func (o order) config() Config {
	return Config{
		URL: o.URL, Ref: o.Ref, Path: o.Path, Extensions: o.Extensions, Limits: o.Limits, Timeout: o.Timeout,
		Username: o.Username, Password: o.Password, CAFile: o.CAFile, SSH: o.SSH, Keys: o.Keys,
	}
}

// environment names the variables that count for a conversation: whom to trust,
// through which proxy (its URL may hold a password, so they travel in the order), and
// with which keys.
func environment() []string {
	return []string{
		"SSL_CERT_FILE", "SSL_CERT_DIR",
		"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
		"SSH_AUTH_SOCK", "SSH_KNOWN_HOSTS", "HOME",
	}
}
