package commitstatus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// call is all that one request needs.
type call struct {
	api        string
	repository string
	token      string
	client     *http.Client
}

// host is one provider's repository.
type host struct {
	api        string
	name       string // of the API's host
	repository string
	set        func(context.Context, call, Subject, Status) error
	// already reports whether a refusal says that the status is there already.
	already func(code int, answer string) bool
	scope   string // what the token must be allowed to do
}

func hosts(provider string) (host, bool) {
	switch provider {
	case "github":
		return host{set: setGitHub, scope: "a fine-grained token or an app needs \"Commit statuses: write\" on the repository, a classic token repo:status"}, true
	case "gitlab":
		return host{set: setGitLab, already: alreadyOnGitLab, scope: "the token needs the scope api, and the role Developer in the project (Maintainer for protected branches)"}, true
	case "gitea":
		return host{set: setGitea, scope: "the token needs the scope write:repository, and its user the right to write to it"}, true
	}
	return host{}, false
}

func newHost(provider, api, repository string) (host, error) {
	h, ok := hosts(provider)
	if !ok {
		return h, errors.New("provider must be github, gitlab or gitea")
	}
	u, err := CheckAPI(api)
	if err != nil {
		return h, err
	}
	if err := CheckRepository(provider, repository); err != nil {
		return h, err
	}
	h.api, h.name, h.repository = strings.TrimSuffix(api, "/"), u.Host, repository
	return h, nil
}

// CheckAPI refuses URLs that a token must not be sent to. No error quotes the URL.
func CheckAPI(api string) (*url.URL, error) {
	u, err := post.CheckURL(api, true)
	if err != nil || u.RawQuery != "" {
		return nil, errors.New("url must be https://HOST/PATH, the base of the host's API, without a login")
	}
	return u, nil
}

// segment is what owners and repositories may be called on all three hosts; dots
// alone would lead elsewhere in a path.
var segment = regexp.MustCompile(`^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)

// CheckRepository refuses what can be no repository's name.
func CheckRepository(provider, repository string) error {
	parts := strings.Split(repository, "/")
	for _, p := range parts {
		if !segment.MatchString(p) {
			return fmt.Errorf("repository must be owner/name, as it stands in the repository's address")
		}
	}
	if len(parts) < 2 || len(parts) > 2 && provider != "gitlab" {
		return errors.New("repository must be owner/name (group/subgroup/name on gitlab)")
	}
	return nil
}
