package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile/web/webhook"
)

// webhooks makes the handlers of the providers that are configured, by path. hint
// hears of verified deliveries, count of every request.
func (a *app) webhooks(cfg config.Webhooks, log *slog.Logger, hint func(), count func(provider, outcome string)) (map[string]http.Handler, error) {
	texts := map[string]func() (string, error){}
	for provider, secret := range cfg.Secrets {
		texts[provider] = a.secretText(secret, "secret")
	}
	handlers, err := webhook.Handlers(webhook.Config{Secrets: texts, Hint: hint, Count: count, Log: log, Now: a.now})
	if err != nil {
		return nil, fmt.Errorf("webhooks.%w", err)
	}
	if len(handlers) > 0 {
		log.Info("listening for webhooks", "paths", slices.Sorted(maps.Keys(handlers)), "minInterval", cfg.MinInterval.String())
	}
	return handlers, nil
}

// maxSecretFile is the most that is read of a file of secrets; webhook says what of
// it is too much.
const maxSecretFile = 64 << 10

// secretText reads a secret anew each time: it may be replaced while the daemon
// runs. Errors name the setting, which begins with what, and never its value, which
// may be a secret that was written in the wrong place.
func (a *app) secretText(s config.Secret, what string) func() (string, error) {
	if s.Env != "" {
		return func() (string, error) {
			text := a.getenv(s.Env)
			if text == "" {
				return "", errors.New(what + "Env: the environment variable of that name is empty, or not set")
			}
			return text, nil
		}
	}
	return func() (string, error) {
		text, err := readSecretFile(s.File)
		var failed *os.PathError
		if errors.As(err, &failed) {
			err = failed.Err
		}
		if err != nil {
			return "", fmt.Errorf("%sFile: %w", what, err)
		}
		return text, nil
	}
}

func readSecretFile(name string) (string, error) {
	data, err := regularFile(name, maxSecretFile) // a pipe would hold up every request
	return string(data), err
}
