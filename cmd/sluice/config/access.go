package config

import (
	"net/url"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/gitsource/codecommit"
)

// Access says how to log in to a repository's server, and whom to trust there. All
// files are read anew before each conversation with it.
type Access struct {
	Auth       Auth
	CAFile     string               // PEM, beside the system's authorities; https only
	ClientCert gitsource.ClientCert // zero: none; https only
	Proxy      string               // for https; without userinfo
}

// Auth is one way to log in. At most one field is set; with none it is that of the
// environment.
type Auth struct {
	Basic      *Basic      // https
	Bearer     *Secret     // https
	GitHubApp  *GitHubApp  // https
	CodeCommit *CodeCommit // https
	SSH        *SSH        // ssh
}

// Secret is where a secret is: exactly one field is set. A webhook's may hold several,
// one a line.
type Secret struct {
	Env  string // an environment variable's name
	File string // a file's, read each time that the secret is needed
}

// Basic is a user and a password, or a token in its place.
type Basic struct {
	Username string
	Password Secret
}

// GitHubApp is an installation of an app.
type GitHubApp struct {
	AppID          int64
	InstallationID int64
	PrivateKeyFile string // PEM
	APIURL         string // GitHub's own for github.com, else https://HOST/api/v3
	Repository     string // without owner
}

// CodeCommit is AWS credentials. Empty fields come from the AWS SDK's environment.
type CodeCommit struct {
	Repository codecommit.Repository // found in the repository's URL
	Profile    string                // of the shared config file
	RoleARN    string                // a role to assume with the credentials found
}

// SSH is a key, and the keys of the server. What is empty comes from the environment.
type SSH struct {
	KeyFile    string   // of the private key; empty: the agent
	Passphrase Secret   // of KeyFile; zero: none
	KnownHosts string   // a known_hosts file
	HostKeys   []string // in its place: see gitsource.SSH
}

// rawAccess is the part of a repository that says the same, as it is written.
type rawAccess struct {
	Auth *struct {
		Basic *struct {
			Username     string `json:"username"`
			PasswordEnv  string `json:"passwordEnv"`
			PasswordFile string `json:"passwordFile"`
		} `json:"basic"`
		Bearer *struct {
			TokenEnv  string `json:"tokenEnv"`
			TokenFile string `json:"tokenFile"`
		} `json:"bearer"`
		GitHubApp *struct {
			AppID          int64  `json:"appId"`
			InstallationID int64  `json:"installationId"`
			PrivateKeyFile string `json:"privateKeyFile"`
			APIURL         string `json:"apiUrl"`
		} `json:"githubApp"`
		CodeCommit *struct {
			Profile string `json:"profile"`
			RoleARN string `json:"roleArn"`
		} `json:"codeCommit"`
		SSH *struct {
			KeyFile        string   `json:"keyFile"`
			PassphraseEnv  string   `json:"passphraseEnv"`
			PassphraseFile string   `json:"passphraseFile"`
			KnownHosts     string   `json:"knownHosts"`
			HostKeys       []string `json:"hostKeys"`
		} `json:"ssh"`
	} `json:"auth"`
	ClientCert struct {
		CertFile string `json:"certFile"`
		KeyFile  string `json:"keyFile"`
	} `json:"clientCert"`
	Proxy string `json:"proxy"`
}

// access checks what can be checked without reading a file. No message quotes a URL.
func (l *loader) access(r rawAccess, caFile, repo string, at func(field ...string) []string) Access {
	a := Access{CAFile: l.resolve(caFile), Proxy: r.Proxy,
		ClientCert: gitsource.ClientCert{CertFile: l.resolve(r.ClientCert.CertFile), KeyFile: l.resolve(r.ClientCert.KeyFile)}}
	u := repoURL(repo)
	for field, set := range map[string]bool{"caFile": caFile != "", "clientCert": a.ClientCert != (gitsource.ClientCert{}), "proxy": r.Proxy != ""} {
		if set && repo != "" && u.Scheme != "https" {
			l.problem(at(field), "%s is for https:// urls", field)
		}
	}
	if r.Proxy != "" {
		if p, err := url.Parse(r.Proxy); err != nil || p.Host == "" {
			l.problem(at("proxy"), "proxy must be the URL of a proxy, such as http://proxy.example.com:3128")
		} else if p.User != nil {
			l.problem(at("proxy"), "proxy must hold no user and password: this file is no place for them; put the whole into HTTPS_PROXY")
		}
	}
	if r.Auth != nil && repo != "" {
		a.Auth = l.auth(r, u, at)
	}
	return a
}

// auth takes over the one way to log in that is written, and holds it against the URL: a
// login that the URL's protocol does not use would never be sent, and nobody told.
func (l *loader) auth(r rawAccess, u *url.URL, at func(field ...string) []string) Auth {
	var a Auth
	kind, scheme := "", "https"
	if b := r.Auth.Basic; b != nil {
		kind = "basic"
		a.Basic = &Basic{Username: b.Username, Password: Secret{b.PasswordEnv, l.resolve(b.PasswordFile)}}
	}
	if b := r.Auth.Bearer; b != nil {
		kind = "bearer"
		a.Bearer = &Secret{b.TokenEnv, l.resolve(b.TokenFile)}
	}
	if g := r.Auth.GitHubApp; g != nil {
		kind = "githubApp"
		a.GitHubApp = &GitHubApp{AppID: g.AppID, InstallationID: g.InstallationID, PrivateKeyFile: l.resolve(g.PrivateKeyFile), APIURL: g.APIURL}
		a.GitHubApp.locate(u)
	}
	if c := r.Auth.CodeCommit; c != nil {
		kind = "codeCommit"
		repo, err := codecommit.ParseURL(u.String())
		if err != nil && u.Scheme == "https" {
			l.problem(at("auth", kind), "%v", err)
		}
		a.CodeCommit = &CodeCommit{Repository: repo, Profile: c.Profile, RoleARN: c.RoleARN}
	}
	if s := r.Auth.SSH; s != nil {
		kind, scheme = "ssh", "ssh"
		a.SSH = &SSH{KeyFile: l.resolve(s.KeyFile), Passphrase: Secret{s.PassphraseEnv, l.resolve(s.PassphraseFile)},
			KnownHosts: l.resolve(s.KnownHosts), HostKeys: s.HostKeys}
		if s.PassphraseEnv != "" && s.PassphraseFile != "" {
			l.problem(at("auth", kind, "passphraseFile"), "passphraseEnv and passphraseFile both say where the passphrase is; keep one")
		}
		if s.KnownHosts != "" && len(s.HostKeys) > 0 {
			l.problem(at("auth", kind, "hostKeys"), "knownHosts and hostKeys both say which keys the server may show; keep one")
		}
	}
	plain := scheme == "https" && u.Scheme == "http" // gitsource allows it on loopback only
	if kind != "" && u.Scheme != scheme && !plain {
		l.problem(at("auth", kind), "auth.%s is for %s:// urls", kind, scheme)
	}
	if kind != "" && kind != "ssh" && u.User != nil {
		l.problem(at("auth"), "the url holds a login too; take it out there")
	}
	return a
}

// locate finds out from the repository's URL what the configuration need not say.
func (g *GitHubApp) locate(u *url.URL) {
	path := strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
	g.Repository = path[strings.LastIndex(path, "/")+1:]
	if host := strings.ToLower(u.Host); g.APIURL == "" && host != "github.com" {
		g.APIURL = githubAPI(host)
	}
}

// repoURL takes a URL apart as far as is needed here; user@host:path is ssh.
func repoURL(raw string) *url.URL {
	if u, err := url.Parse(raw); err == nil && strings.Contains(raw, "://") {
		return u
	}
	if strings.Contains(raw, "://") {
		return &url.URL{}
	}
	return &url.URL{Scheme: "ssh"}
}

// trusted are the files that say whom to take for the right server.
func (a Access) trusted() []string {
	files := []string{a.CAFile}
	if a.Auth.SSH != nil {
		files = append(files, a.Auth.SSH.KnownHosts)
	}
	return slices.DeleteFunc(files, func(f string) bool { return f == "" })
}
