package githubapp

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Config names an app, its installation, and the repository that a token is for.
type Config struct {
	AppID          int64 // as GitHub shows it in the app's settings
	InstallationID int64 // in one account, as GitHub shows it there
	// Key gives the app's private key in PEM form. It is asked before each new token.
	Key func() ([]byte, error)
	// API is the base URL: https://api.github.com when empty, https://HOST/api/v3 on
	// GitHub Enterprise Server.
	API string
	// Repository is the repository's name, without its owner.
	Repository string
	// Permissions are what a token may do there, by GitHub's names; to read its contents
	// when empty.
	Permissions map[string]string
	// Now is the clock; required.
	Now func() time.Time
}

// User is the user name that goes with a token.
const User = "x-access-token"

const (
	defaultAPI = "https://api.github.com"
	// renewBefore is how long before its end a token is renewed: longer than a
	// conversation with the Git server takes.
	renewBefore = 5 * time.Minute
	// A JWT may be good for ten minutes, and must not begin in the future: clocks
	// differ.
	jwtLife  = 8 * time.Minute
	jwtSlack = time.Minute
)

// App gives tokens of one installation. It is safe for use by several goroutines.
type App struct {
	cfg Config
	url string

	mu    sync.Mutex
	token string
	until time.Time
}

// New checks cfg, and asks for the key to see that it is one. Nothing is read from the
// network. The error names the setting that is wrong, and holds nothing of the key.
func New(cfg Config) (*App, error) {
	if cfg.AppID <= 0 || cfg.InstallationID <= 0 {
		return nil, errors.New("githubApp: appId and installationId must be positive; GitHub shows both in the app's settings")
	}
	if cfg.API == "" {
		cfg.API = defaultAPI
	}
	if len(cfg.Permissions) == 0 {
		cfg.Permissions = map[string]string{"contents": "read"} // the least that a fetch needs
	}
	u, err := url.Parse(cfg.API)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return nil, errors.New("githubApp: apiUrl must be https://HOST/PATH without a login, such as https://github.example.com/api/v3")
	}
	a := &App{cfg: cfg, url: u.JoinPath("app", "installations", strconv.FormatInt(cfg.InstallationID, 10), "access_tokens").String()}
	if _, err := a.key(); err != nil {
		return nil, err
	}
	return a, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Token returns a token that is good for at least five minutes more: the one that it has,
// or a new one ("Create an installation access token for an app" of GitHub's REST API).
// The client must not follow redirects: a JWT is a credential too. An error says why
// GitHub gave none, or what is wrong with the key, and holds neither a token nor the key;
// the next call tries again.
func (a *App) Token(ctx context.Context, client *http.Client) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != "" && a.cfg.Now().Before(a.until.Add(-renewBefore)) {
		return a.token, nil
	}
	a.token = ""
	signed, err := a.sign()
	if err != nil {
		return "", err
	}
	token, until, err := a.exchange(ctx, client, signed)
	if err != nil {
		return "", err
	}
	a.token, a.until = token, until
	return token, nil
}

// Forget makes the next Token a new one, because this one was refused: it may have
// been revoked, or may know nothing of a repository that was added since.
func (a *App) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token = ""
}

func (a *App) key() (*rsa.PrivateKey, error) {
	pem, err := a.cfg.Key()
	if err != nil {
		return nil, fmt.Errorf("githubApp: privateKeyFile: %w", err)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(pem)
	if err != nil {
		return nil, errors.New("githubApp: privateKeyFile does not hold an RSA private key in PEM form; generate one in the app's settings and give the file as it is downloaded")
	}
	return key, nil
}

func (a *App) sign() (string, error) {
	key, err := a.key()
	if err != nil {
		return "", err
	}
	now := a.cfg.Now()
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    strconv.FormatInt(a.cfg.AppID, 10),
		IssuedAt:  jwt.NewNumericDate(now.Add(-jwtSlack)),
		ExpiresAt: jwt.NewNumericDate(now.Add(jwtLife)),
	}).SignedString(key)
	if err != nil {
		return "", errors.New("githubApp: the private key does not sign; generate a new one in the app's settings")
	}
	return signed, nil
}

// host is whom to name in errors.
func (a *App) host() string {
	_, rest, _ := strings.Cut(a.url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}
