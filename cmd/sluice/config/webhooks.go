package config

// rawSecret is where a secret is, never the secret itself.
type rawSecret struct {
	File string `json:"secretFile"`
	Env  string `json:"secretEnv"`
}

// rawWebhooks are webhooks as they are written.
type rawWebhooks struct {
	GitHub      *rawSecret `json:"github"`
	GitLab      *rawSecret `json:"gitlab"`
	Gitea       *rawSecret `json:"gitea"`
	Bitbucket   *rawSecret `json:"bitbucket"`
	Generic     *rawSecret `json:"generic"`
	MinInterval string     `json:"minInterval"`
}

func (r rawWebhooks) providers() map[string]*rawSecret {
	return map[string]*rawSecret{"github": r.GitHub, "gitlab": r.GitLab, "gitea": r.Gitea, "bitbucket": r.Bitbucket, "generic": r.Generic}
}

// webhooks checks what can be checked without reading a secret. No message quotes
// a value: somebody may have written the secret where only its place belongs.
func (l *loader) webhooks(specs Repo, r rawWebhooks) Webhooks {
	w := Default().Webhooks
	for provider, secret := range r.providers() {
		if secret == nil {
			continue
		}
		if w.Secrets == nil {
			w.Secrets = map[string]Secret{}
		}
		w.Secrets[provider] = Secret{File: l.resolve(secret.File), Env: secret.Env}
		l.checkBesideSpecs(specs, w.Secrets[provider].File, "whoever reads them could sign webhooks", "webhooks", provider, "secretFile")
	}
	if r.MinInterval != "" {
		w.MinInterval = l.duration(r.MinInterval, minInterval, maxInterval, []string{"webhooks", "minInterval"})
		if len(w.Secrets) == 0 {
			l.problem([]string{"webhooks", "minInterval"}, "minInterval is for webhooks, and none is configured; give one such as github: {secretFile: FILE}")
		}
	}
	return w
}
