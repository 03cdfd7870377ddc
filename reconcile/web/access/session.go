package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// sessionTime is how long a login lasts: a working day.
const sessionTime = 12 * time.Hour

// Login makes a session for the form field token. who tells the browser what came
// of it: it is called before anything is written.
func (g *Guard) Login(who func(w http.ResponseWriter, r *http.Request, ok bool)) http.Handler {
	return g.Hosts(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.HasToken() {
			http.NotFound(w, r)
			return
		}
		if g.same.Check(r) != nil {
			http.Error(w, "this request was made by a page of another site", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 8<<10)
		token, err := readToken(g.cfg.Token)
		if err != nil {
			g.complain(err)
		}
		ok := err == nil && equal(strings.TrimSpace(r.PostFormValue("token")), token)
		if ok {
			end := g.cfg.Now().Add(sessionTime)
			http.SetCookie(w, g.cookie(r, g.sealed(end, token), int(sessionTime/time.Second)))
		}
		who(w, r, ok)
	}))
}

// Logout ends the session in the browser.
func (g *Guard) Logout(next http.Handler) http.Handler {
	return g.Action(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, g.cookie(r, "", -1))
		next.ServeHTTP(w, r)
	}), next)
}

// LocalPath returns a path of this server, with its query, that text may name as
// where to go after the login; else "/": a login must lead to no other site.
func LocalPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n\t") {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}

func (g *Guard) secure(r *http.Request) bool { return g.cfg.Secure || r.TLS != nil }

// cookieName binds the cookie to this host, where browsers allow it.
func (g *Guard) cookieName(r *http.Request) string {
	if g.secure(r) {
		return "__Host-sluice_session"
	}
	return "sluice_session"
}

func (g *Guard) cookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: g.cookieName(r), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: g.secure(r), SameSite: http.SameSiteStrictMode,
	}
}

// sealed is a session: its end, and proof that this process gave it for this token.
func (g *Guard) sealed(end time.Time, token string) string {
	text := strconv.FormatInt(end.Unix(), 10)
	return text + "." + base64.RawURLEncoding.EncodeToString(g.proof(text, token))
}

func (g *Guard) proof(end, token string) []byte {
	bound := hmac.New(sha256.New, g.key[:])
	bound.Write([]byte(token))
	mac := hmac.New(sha256.New, bound.Sum(nil))
	mac.Write([]byte(end))
	return mac.Sum(nil)
}

func (g *Guard) session(r *http.Request, token string) bool {
	cookie, err := r.Cookie(g.cookieName(r))
	if err != nil {
		return false
	}
	text, proof, _ := strings.Cut(cookie.Value, ".")
	shown, err := base64.RawURLEncoding.DecodeString(proof)
	if err != nil || !hmac.Equal(shown, g.proof(text, token)) {
		return false
	}
	end, err := strconv.ParseInt(text, 10, 64)
	return err == nil && g.cfg.Now().Before(time.Unix(end, 0))
}
