package gitsource

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// address is a URL taken apart. Its String has no userinfo.
type address struct {
	scheme     string // https, http, ssh or file
	user, pass string
	host       string // without brackets
	port       int    // 0 for the scheme's own
	path       string // escaped for http and https, plain for ssh and file
	shown      string
}

func (a address) String() string { return a.shown }

// hostPort is what to dial, for ssh.
func (a address) hostPort() string {
	port := a.port
	if port == 0 {
		port = 22
	}
	return net.JoinHostPort(a.host, strconv.Itoa(port))
}

// url is a without userinfo, for https and http.
func (a address) url() *url.URL {
	u := &url.URL{Scheme: a.scheme, Host: a.host, Path: a.path}
	if strings.Contains(a.host, ":") {
		u.Host = "[" + a.host + "]"
	}
	if a.port != 0 {
		u.Host = net.JoinHostPort(a.host, strconv.Itoa(a.port))
	}
	return u
}

// scpLike is [user@]host:path, as Git's own manual allows it for ssh.
var scpLike = regexp.MustCompile(`^(?:([^@/:\s]+)@)?([A-Za-z0-9][A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([^:].*)$`)

var helperLike = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)::`)

// parseAddress takes a URL apart and refuses what is not supported. Errors never
// quote the URL, for it may hold a password wherever a typing error put it.
func parseAddress(raw string) (address, error) {
	if !utf8.ValidString(raw) || strings.ContainsFunc(raw, unicode.IsControl) {
		return address{}, errors.New("url: it holds control characters; give https://, ssh:// or file://")
	}
	if m := helperLike.FindStringSubmatch(raw); m != nil {
		return address{}, fmt.Errorf("url: the transport helper %q is not supported; use https://, ssh:// or file://", m[1])
	}
	if !strings.Contains(raw, "://") {
		return parseSCP(raw)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return address{}, errors.New("url: it does not parse; percent-encode special characters, also in a username or password")
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return address{}, errors.New("url: it has a ? or a #; percent-encode them, and give the ref in ref, not in the url")
	}
	switch u.Scheme {
	case "file":
		return parseFile(u)
	case "https", "http", "ssh":
		return parseNetwork(u)
	}
	return address{}, fmt.Errorf("url: the scheme %q is not supported; use https://, ssh:// or file://", u.Scheme)
}

func parseSCP(raw string) (address, error) {
	m := scpLike.FindStringSubmatch(raw)
	// file:x and its like would be an ssh host of that name.
	if m == nil || slices.Contains([]string{"file", "http", "https", "ssh", "git"}, m[2]) {
		return address{}, errors.New("url: it has no scheme; write https://, ssh:// or file:// in front, or set dir for a plain folder")
	}
	// ada:password@host/x is a login without https:// in front, and would be shown.
	if first, _, _ := strings.Cut(m[3], "/"); strings.Contains(first, "@") {
		return address{}, errors.New("url: it has an @ behind a colon; write https:// or ssh:// in front")
	}
	a := address{scheme: "ssh", user: m[1], host: strings.Trim(m[2], "[]"), path: m[3]}
	a.shown = m[2] + ":" + m[3]
	return a, a.checkSSH()
}

func parseFile(u *url.URL) (address, error) {
	if u.User != nil || (u.Host != "" && u.Host != "localhost") {
		return address{}, errors.New("url: a file url has no host; write file:/// and an absolute path")
	}
	if !strings.HasPrefix(u.Path, "/") {
		return address{}, errors.New("url: a file url needs an absolute path, such as file:///srv/git/specs.git")
	}
	a := address{scheme: "file", path: filepath.Clean(filepath.FromSlash(u.Path))}
	a.shown = (&url.URL{Scheme: "file", Path: filepath.ToSlash(a.path)}).String()
	return a, nil
}

func parseNetwork(u *url.URL) (address, error) {
	a := address{scheme: u.Scheme, host: u.Hostname(), user: u.User.Username()}
	a.pass, _ = u.User.Password()
	if a.host == "" || strings.HasPrefix(a.host, "-") || strings.ContainsFunc(a.host, unicode.IsSpace) {
		return address{}, errors.New("url: the host is missing or not a host name")
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return address{}, errors.New("url: the port is not a number from 1 to 65535")
		}
		a.port = int(n)
	}
	if strings.Trim(u.Path, "/") == "" {
		return address{}, errors.New("url: it names a host but no repository; add the repository's path")
	}
	a.shown = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
	if u.Scheme == "ssh" {
		a.path = u.Path
		// ssh://host/~user/x means user's home folder, as Git has it.
		if strings.HasPrefix(a.path, "/~") {
			a.path = a.path[1:]
		}
		return a, a.checkSSH()
	}
	if u.Scheme == "http" && !isLoopback(a.host) {
		return address{}, fmt.Errorf("url: plain http is for loopback hosts only, and %s is not one; use https://", words.Quote(a.host))
	}
	a.path = strings.TrimSuffix(u.EscapedPath(), "/")
	return a, nil
}

func (a *address) checkSSH() error {
	if a.pass != "" {
		return errors.New("url: a password does not work with ssh; take it out, and use a key file or an agent")
	}
	if a.user == "" {
		a.user = "git" // what every hosting service expects
	}
	if strings.HasPrefix(a.user, "-") || strings.HasPrefix(a.path, "-") {
		return errors.New("url: a user or path that begins with - is refused; a server could read it as an option")
	}
	if strings.ContainsFunc(a.path, unicode.IsControl) || !utf8.ValidString(a.path) {
		return errors.New("url: the path holds control characters")
	}
	return nil
}

// isLoopback reports whether traffic to host stays on this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
