package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// shortest is how many bytes a token has at least: what nobody can guess needs no
// limit of guesses.
const shortest = 20

// Config is how a server is opened.
type Config struct {
	Token        func() (string, error) // nil: there is none
	Certificates bool                   // a client certificate that TLS verified opens all but actions
	LoopbackOnly bool                   // answer requests that name a loopback host only
	Secure       bool                   // clients come by TLS, though a proxy ends it before this server
	Now          func() time.Time
	Log          *slog.Logger
}

// Guard decides by a [Config].
type Guard struct {
	cfg  Config
	key  [sha256.Size]byte // of sessions: made anew at each start
	same *http.CrossOriginProtection

	mu     sync.Mutex
	logged string // the last complaint about the token
}

// New reads the token once, so that a mistake is told at the start: the error is of a
// token that cannot be read, or is too short. Later such a mistake closes the server to
// everybody who needs the token, and is logged.
func New(cfg Config) (*Guard, error) {
	g := &Guard{cfg: cfg, same: http.NewCrossOriginProtection()}
	rand.Read(g.key[:]) // never fails
	if cfg.Token != nil {
		if _, err := readToken(cfg.Token); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// HasToken reports whether there is a token, and with it actions and a login.
func (g *Guard) HasToken() bool { return g.cfg.Token != nil }

// Open reports whether everybody who reaches the server may read.
func (g *Guard) Open() bool { return g.cfg.Token == nil && !g.cfg.Certificates }

// Reading passes on who may read; the others get stranger's answer.
func (g *Guard) Reading(next, stranger http.Handler) http.Handler {
	return g.Hosts(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.Open() && !g.certified(r) && !g.Holder(r) {
			stranger.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// Action passes on who holds the token and asks from this server's own page, or from
// no page at all. Without a token it finds nothing.
func (g *Guard) Action(next, stranger http.Handler) http.Handler {
	return g.Hosts(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !g.HasToken():
			http.NotFound(w, r)
		case g.same.Check(r) != nil:
			http.Error(w, "this request was made by a page of another site", http.StatusForbidden)
		case !g.Holder(r):
			stranger.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	}))
}

// Hosts refuses requests under a name that is not loopback's, where that is asked for.
func (g *Guard) Hosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.cfg.LoopbackOnly && !loopbackHost(r.Host) {
			http.Error(w, "this server answers on loopback only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *Guard) certified(r *http.Request) bool {
	return g.cfg.Certificates && r.TLS != nil && len(r.TLS.VerifiedChains) > 0
}

// Holder reports whether a request shows the token, or a session made of it.
func (g *Guard) Holder(r *http.Request) bool {
	if g.cfg.Token == nil {
		return false
	}
	token, err := readToken(g.cfg.Token)
	if err != nil {
		g.complain(err)
		return false
	}
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return equal(strings.TrimSpace(shown), token)
	}
	return g.session(r, token)
}

// complain logs what is wrong with the token, once.
func (g *Guard) complain(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.logged != err.Error() {
		g.logged = err.Error()
		g.cfg.Log.Error("nobody can log in", "error", err)
	}
}

// readToken reads a token; its error never quotes it.
func readToken(read func() (string, error)) (string, error) {
	text, err := read()
	if err != nil {
		return "", err
	}
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, " \t\r\n") {
		return "", errors.New("the token must be one word on one line")
	}
	if len(text) < shortest {
		return "", fmt.Errorf("the token is shorter than %d characters; `openssl rand -base64 32` makes one", shortest)
	}
	return text, nil
}

// equal compares in a time that tells neither content nor length.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
