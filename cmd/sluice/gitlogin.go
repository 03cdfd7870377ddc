package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/gitsource/codecommit"
	"github.com/seed-6ca89210/sluice/gitsource/githubapp"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
)

// login is what gitsource asks before each conversation.
type login = func(context.Context, *http.Client) (gitsource.Login, error)

// giveAccess puts into cfg how to log in to a repository's server: what its settings
// say, or else what the environment says. The user and password of the environment
// are for one host only: a policy repository elsewhere must not get to see them.
func (a *app) giveAccess(cfg *gitsource.Config, repo config.Repo, loginHost string) error {
	cfg.CAFile, cfg.ClientCert, cfg.Proxy = repo.Access.CAFile, repo.Access.ClientCert, repo.Access.Proxy
	cfg.SSH = gitsource.SSH{KeyFile: a.getenv("SLUICE_GIT_SSH_KEY"), KnownHosts: a.getenv("SLUICE_GIT_KNOWN_HOSTS")}
	auth := repo.Access.Auth
	var err error
	switch {
	case auth.Basic != nil:
		cfg.Login, err = a.secretLogin("auth.basic.password", auth.Basic.Password, func(secret string) gitsource.Login {
			return gitsource.Login{User: auth.Basic.Username, Password: secret}
		})
	case auth.Bearer != nil:
		cfg.Login, err = a.secretLogin("auth.bearer.token", *auth.Bearer, func(secret string) gitsource.Login {
			return gitsource.Login{Bearer: secret}
		})
	case auth.GitHubApp != nil:
		cfg.Login, err = a.appLogin(*auth.GitHubApp)
	case auth.CodeCommit != nil:
		cfg.Login, err = a.codeCommitLogin(*auth.CodeCommit)
	case auth.SSH != nil:
		err = a.giveSSH(&cfg.SSH, *auth.SSH)
	case repo.URL != "" && gitsource.Host(repo.URL) == loginHost:
		cfg.Username, cfg.Password = a.getenv("SLUICE_GIT_USERNAME"), a.getenv("SLUICE_GIT_PASSWORD")
	}
	return err
}

func (a *app) giveSSH(to *gitsource.SSH, from config.SSH) error {
	if from.KeyFile != "" {
		to.KeyFile = from.KeyFile
	}
	if from.KnownHosts != "" || len(from.HostKeys) > 0 {
		to.KnownHosts, to.HostKeys = from.KnownHosts, from.HostKeys
	}
	if from.Passphrase == (config.Secret{}) {
		return nil
	}
	var err error
	to.Passphrase, err = a.secret("auth.ssh.passphrase", from.Passphrase)
	return err
}

// secretLogin makes logins of a secret that may be replaced while the daemon runs.
func (a *app) secretLogin(setting string, from config.Secret, make func(secret string) gitsource.Login) (login, error) {
	read, err := a.secret(setting, from)
	if err != nil {
		return nil, err
	}
	return func(context.Context, *http.Client) (gitsource.Login, error) {
		secret, err := read()
		if err != nil {
			return gitsource.Login{}, err
		}
		return make(secret), nil
	}, nil
}

// secret gives what is in a variable, which must be set now, or in a file, which
// is read anew each time.
func (a *app) secret(setting string, from config.Secret) (func() (string, error), error) {
	if from.Env != "" {
		value := a.getenv(from.Env)
		if value == "" {
			return nil, fmt.Errorf("%sEnv: the environment variable %s is not set", setting, from.Env)
		}
		return func() (string, error) { return value, oneLine(setting+"Env: the variable "+from.Env, value) }, nil
	}
	return func() (string, error) {
		data, err := regularFile(from.File, maxSecretFile)
		if err != nil {
			return "", fmt.Errorf("%sFile: %w", setting, err)
		}
		value := strings.TrimRight(string(data), "\r\n")
		return value, oneLine(setting+"File: "+from.File, value)
	}, nil
}

// oneLine refuses what can be no password: an empty file, one with more in it.
func oneLine(where, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("%s is empty; it must hold the secret and nothing else", where)
	case len(value) > 64<<10 || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%s holds more than one line; it must hold the secret and nothing else", where)
	}
	return nil
}

func (a *app) appLogin(from config.GitHubApp) (login, error) {
	app, err := a.openApp(from, nil)
	if err != nil {
		return nil, fmt.Errorf("auth.%w", err)
	}
	return func(ctx context.Context, client *http.Client) (gitsource.Login, error) {
		token, err := app.Token(ctx, client)
		if err != nil {
			return gitsource.Login{}, fmt.Errorf("auth.%w", err)
		}
		return gitsource.Login{User: githubapp.User, Password: token, Forget: app.Forget}, nil
	}, nil
}

func (a *app) codeCommitLogin(from config.CodeCommit) (login, error) {
	keys, err := ec2.Credentials(context.Background(), ec2.Config{Region: from.Repository.Region, Profile: from.Profile, RoleARN: from.RoleARN})
	if err != nil {
		return nil, fmt.Errorf("auth.codeCommit: %w", err)
	}
	return func(ctx context.Context, _ *http.Client) (gitsource.Login, error) {
		id, secret, token, err := keys(ctx)
		if err != nil {
			return gitsource.Login{}, fmt.Errorf("auth.codeCommit: %w", err)
		}
		user, password := from.Repository.Login(codecommit.Keys{ID: id, Secret: secret, Token: token}, a.now())
		return gitsource.Login{User: user, Password: password}, nil
	}, nil
}

// passwordInURL says that a URL is no place for a password: files of configuration
// and lists of processes are read by many.
func passwordInURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.User == nil || u.Scheme == "ssh" {
		return nil
	}
	return errors.New("a login stands in the url; put it where fewer can read it: auth in sluice.yaml, or SLUICE_GIT_USERNAME and SLUICE_GIT_PASSWORD")
}
