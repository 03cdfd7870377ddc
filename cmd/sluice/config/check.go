package config

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// The bounds of an interval. Shorter ones load the Git server for nothing.
const (
	minInterval = time.Second
	maxInterval = 24 * time.Hour
)

// checkURL looks at a repository's scheme only; gitsource takes the whole apart.
// The message never quotes the URL, which may hold a password.
func (l *loader) checkURL(raw string, path []string) {
	scheme, _, found := strings.Cut(raw, "://")
	switch {
	case !found && !strings.Contains(raw, ":"):
		l.problem(path, "url has no scheme; write https://, ssh:// or file:// in front, or use dir for a plain folder")
	case !found: // user@host:path, which Git takes for ssh
	case scheme == "https" || scheme == "http" || scheme == "ssh" || scheme == "file":
	default:
		l.problem(path, "the scheme of url is not supported; use https://, ssh:// or file://")
	}
}

// checkPolicySource refuses policies that a change of the specs could bring along:
// a rule must not be read from what it judges.
func (l *loader) checkPolicySource(specs, policy Repo, index string) {
	if err := Apart(specs, policy); err != nil {
		l.problem([]string{"policies", index}, "%v", err)
	}
}

// checkKeys refuses keys that a change of the specs could bring along: whoever may
// push would then say whose signatures count.
func (l *loader) checkKeys(specs Repo, file, field string) {
	if folder := localFolder(specs); file != "" && folder != "" && within(localFolder(Repo{Dir: file}), folder) {
		l.problem([]string{"specs", "verify", field}, "%s lies in the repository of the specs, so a change could bring the keys that it is checked with: keep them apart", field)
	}
}

// within reports whether folder a is b or lies below it.
func within(a, b string) bool {
	rel, err := filepath.Rel(b, a)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// targetName is what a spec can write as its target.
var targetName = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$`)

func (l *loader) checkTarget(name, endpoint string) {
	if !targetName.MatchString(name) {
		l.problem([]string{"targets", name}, "target name %.70q must be 1 to 63 letters, digits, '-', '_' and '.', with a letter or digit first", name)
	}
	l.checkEndpoint(endpoint, "targets", name, "endpoint")
}

// checkEndpoint accepts "" too.
func (l *loader) checkEndpoint(endpoint string, path ...string) {
	if endpoint == "" {
		return
	}
	name := path[len(path)-1]
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		l.problem(path, "%s must be an http:// or https:// URL, such as http://127.0.0.1:4566; leave it out for AWS", name)
	case u.User != nil:
		l.problem(path, "%s must hold no user and password; AWS credentials come from the SDK's environment or a profile", name)
	case u.RawQuery != "" || u.Fragment != "":
		l.problem(path, "%s must hold no ? and no #; write only the scheme, the host and the port", name)
	}
}
