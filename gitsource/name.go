package gitsource

import (
	"net/url"
	"strings"
)

// Repository names a repository whatever way its URL is written, "host/path": without
// scheme, login, port and .git. Of a folder it is the path.
func Repository(raw string) string {
	path := raw
	if u := parsed(raw); u != nil {
		path = u.Path
	} else if strings.Contains(raw, "://") { // it does not parse, and may hold a login
		path = raw[strings.LastIndex(raw, "@")+1:]
	} else if _, after, ok := strings.Cut(raw, ":"); ok { // user@host:path, or host:path
		path = after
	}
	return Host(raw) + "/" + strings.TrimSuffix(strings.Trim(path, "/"), ".git")
}

// Host is the host of a repository's URL, without port, in lower case; "" of a folder.
func Host(raw string) string {
	if u := parsed(raw); u != nil {
		return strings.ToLower(u.Hostname())
	}
	before, _, found := strings.Cut(raw, ":")
	if !found {
		return ""
	}
	return strings.ToLower(before[strings.LastIndex(before, "@")+1:])
}

// parsed is a URL taken apart; nil for all else. To the library host:path is a URL with
// the scheme host.
func parsed(raw string) *url.URL {
	if u, err := url.Parse(raw); err == nil && strings.Contains(raw, "://") {
		return u
	}
	return nil
}

// Shown is a repository's URL without login, fit for people; "" of one that cannot be
// used, in which a password may stand anywhere.
func Shown(raw string) string {
	a, err := parseAddress(raw)
	if err != nil {
		return ""
	}
	return a.shown
}
