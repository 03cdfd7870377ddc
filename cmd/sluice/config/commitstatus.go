package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/commitstatus"
)

// CommitStatus says which Git host is told what became of a commit.
type CommitStatus struct {
	Provider   string // github, gitlab or gitea
	API        string // the base URL of its API
	Repository string // owner/name
	Name       string // before the slash of a status's name
	Token      Secret // zero: a token of the app that reads the specs
	CAFile     string
	Proxy      string // without userinfo
}

// rawCommitStatus is the same as it is written.
type rawCommitStatus struct {
	Provider   string `json:"provider"`
	URL        string `json:"url"`
	Repository string `json:"repository"`
	Name       string `json:"name"`
	TokenEnv   string `json:"tokenEnv"`
	TokenFile  string `json:"tokenFile"`
	CAFile     string `json:"caFile"`
}

// commitStatus fills in from the specs' repository what is not said, and checks what
// can be checked without reading a file. No message quotes a URL.
func (l *loader) commitStatus(specs Repo, r *rawCommitStatus) *CommitStatus {
	if r == nil {
		return nil
	}
	at := func(field string) []string { return []string{"commitStatus", field} }
	c := &CommitStatus{Provider: r.Provider, Name: cmp.Or(r.Name, "sluice"), Token: Secret{Env: r.TokenEnv, File: l.resolve(r.TokenFile)},
		CAFile: cmp.Or(l.resolve(r.CAFile), specs.Access.CAFile), Proxy: specs.Access.Proxy}
	if specs.URL == "" {
		l.problem([]string{"commitStatus"}, "commitStatus is for specs of a Git repository; a folder has no commits")
		return c
	}
	switch {
	case r.TokenEnv != "" && r.TokenFile != "":
		l.problem(at("tokenFile"), "tokenEnv and tokenFile both say where the token is; keep one")
	case r.TokenEnv+r.TokenFile == "" && (specs.Access.Auth.GitHubApp == nil || r.Provider != "github"):
		l.problem([]string{"commitStatus"}, "commitStatus needs a token that may set statuses: name its place in tokenFile or tokenEnv; without one it is that of specs.auth.githubApp, for github")
	case r.TokenFile != "" && localFolder(specs) != "" && within(localFolder(Repo{Dir: c.Token.File}), localFolder(specs)):
		l.problem(at("tokenFile"), "tokenFile lies where the specs are, and whoever reads them could speak for sluice: keep it apart")
	}
	c.locate(specs)
	c.API, c.Repository = cmp.Or(r.URL, c.API), cmp.Or(r.Repository, c.Repository)
	if c.API == "" || c.Repository == "" {
		if !slices.Contains([]string{"github", "gitlab", "gitea"}, c.Provider) {
			return c // which the schema says
		}
		l.problem([]string{"commitStatus"}, "the url of specs does not say where the Git host's API and the repository are; give url and repository")
		return c
	}
	if _, err := commitstatus.CheckAPI(c.API); err != nil {
		l.problem(at("url"), "%v", err)
	}
	if err := commitstatus.CheckRepository(c.Provider, c.Repository); err != nil {
		l.problem(at("repository"), "%v", err)
	}
	return c
}

// locate finds the API and the repository by the URL that specs come from. An ssh
// server's port says nothing of the API's.
func (c *CommitStatus) locate(specs Repo) {
	u := repoURL(specs.URL)
	host := gitsource.Host(specs.URL)
	if u.Scheme == "https" {
		host = strings.ToLower(u.Host)
	}
	if host == "" || u.Scheme != "https" && u.Scheme != "ssh" {
		return
	}
	_, c.Repository, _ = strings.Cut(gitsource.Repository(specs.URL), "/")
	switch c.Provider {
	case "github":
		c.API = cmp.Or(specs.appAPI(), githubAPI(host))
	case "gitlab":
		c.API = "https://" + host + "/api/v4"
	case "gitea":
		c.API = "https://" + host
	}
}

// appAPI is where the app that reads a repository gets its tokens.
func (r Repo) appAPI() string {
	if r.Access.Auth.GitHubApp == nil {
		return ""
	}
	return r.Access.Auth.GitHubApp.APIURL
}

// githubAPI is the base of the API of a GitHub host.
func githubAPI(host string) string {
	if host == "github.com" {
		return "https://api.github.com"
	}
	return "https://" + host + "/api/v3"
}
