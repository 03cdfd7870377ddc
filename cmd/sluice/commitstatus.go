package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource/githubapp"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/commitstatus"
)

// commitStatuses adds to a loop's observers who tells the Git host what became of a
// commit, where the configuration wants that. What it returns is to be run.
func (a *app) commitStatuses(cfg config.Config, loop *reconcile.Config, told func(error)) (func(context.Context), error) {
	if cfg.CommitStatus == nil {
		return func(context.Context) {}, nil
	}
	token, forget, err := a.statusToken(cfg)
	if err != nil {
		return nil, fmt.Errorf("commitStatus: %w", err)
	}
	c := cfg.CommitStatus
	speaker, err := commitstatus.New(commitstatus.Config{
		Provider: c.Provider, API: c.API, Repository: c.Repository, Name: c.Name, CAFile: c.CAFile, Proxy: c.Proxy,
		Token: token, Forget: forget, Told: told, Log: loop.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("commitStatus: %w", err)
	}
	loop.Observers = append(loop.Observers, speaker.Observe)
	return speaker.Run, nil
}

// statusToken gives the configured token, or one of the app that reads the specs
// that may set statuses.
func (a *app) statusToken(cfg config.Config) (token func(context.Context, *http.Client) (string, error), forget func(), err error) {
	c := cfg.CommitStatus
	if c.Token != (config.Secret{}) {
		read, err := a.secret("token", c.Token)
		if err != nil {
			return nil, nil, err
		}
		return func(context.Context, *http.Client) (string, error) { return read() }, nil, nil
	}
	from := cfg.Specs.Access.Auth.GitHubApp
	if from == nil {
		return nil, nil, errors.New("no token; name its place in tokenFile or tokenEnv")
	}
	wanted := *from
	wanted.Repository = c.Repository[strings.LastIndex(c.Repository, "/")+1:]
	app, err := a.openApp(wanted, map[string]string{"statuses": "write"})
	if err != nil {
		return nil, nil, fmt.Errorf("specs.auth.%w", err)
	}
	return app.Token, app.Forget, nil
}

// openApp makes a GitHub App whose tokens may do so much, to read when nil.
func (a *app) openApp(from config.GitHubApp, permissions map[string]string) (*githubapp.App, error) {
	return githubapp.New(githubapp.Config{
		AppID: from.AppID, InstallationID: from.InstallationID, API: from.APIURL, Repository: from.Repository, Permissions: permissions, Now: a.now,
		Key: func() ([]byte, error) { return regularFile(from.PrivateKeyFile, maxSecretFile) },
	})
}
