package config

import (
	"path/filepath"
	"testing"
)

func TestACommitStatusGoesWhereTheSpecsComeFrom(t *testing.T) {
	for name, tt := range map[string]struct{ provider, specs, api, repository string }{
		"github.com":                  {"github", `url: "https://github.com/net/addresses.git"`, "https://api.github.com", "net/addresses"},
		"github.com over ssh":         {"github", `url: "git@github.com:net/addresses.git"`, "https://api.github.com", "net/addresses"},
		"a GitHub server":             {"github", `url: "https://git.example.com:8443/net/addresses"`, "https://git.example.com:8443/api/v3", "net/addresses"},
		"a GitHub server, by its app": {"github", `url: "https://git.example.com/net/addresses", auth: {githubApp: {appId: 1, installationId: 2, privateKeyFile: k, apiUrl: "https://api.example.com"}}`, "https://api.example.com", "net/addresses"},
		"gitlab, with subgroups":      {"gitlab", `url: "https://gitlab.com/net/team/addresses.git"`, "https://gitlab.com/api/v4", "net/team/addresses"},
		"gitlab over ssh with a port": {"gitlab", `url: "ssh://git@gitlab.example.com:2222/net/addresses.git"`, "https://gitlab.example.com/api/v4", "net/addresses"},
		"gitea":                       {"gitea", `url: "https://git.example.com/net/addresses.git"`, "https://git.example.com", "net/addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := Load("/etc/sluice.yaml", []byte(head+"specs: {"+tt.specs+"}\ncommitStatus: {provider: "+tt.provider+", tokenFile: t}\n"))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			want := CommitStatus{Provider: tt.provider, API: tt.api, Repository: tt.repository, Name: "sluice", Token: Secret{File: filepath.Join("/etc", "t")}}
			if *got.CommitStatus != want {
				t.Errorf("got %+v", *got.CommitStatus)
			}
		})
	}
}

func TestACommitStatusTrustsWhatTheSpecsTrustAndMaySaySoItself(t *testing.T) {
	const specs = `specs: {url: "https://git.example.com/net/addresses", caFile: ca.pem, proxy: "http://proxy.example.com:3128", auth: {githubApp: {appId: 1, installationId: 2, privateKeyFile: k}}}` + "\n"
	for said, want := range map[string]CommitStatus{
		"": {Provider: "github", API: "https://git.example.com/api/v3", Repository: "net/addresses", Name: "sluice", CAFile: "/etc/ca.pem", Proxy: "http://proxy.example.com:3128"},
		`, url: "https://api.example.com", repository: a/b, name: east, caFile: other.pem, tokenEnv: T`: {
			Provider: "github", API: "https://api.example.com", Repository: "a/b", Name: "east", CAFile: "/etc/other.pem", Proxy: "http://proxy.example.com:3128", Token: Secret{Env: "T"}},
	} {
		got, problems := Load("/etc/sluice.yaml", []byte(head+specs+"commitStatus: {provider: github"+said+"}\n"))
		if len(problems) > 0 || *got.CommitStatus != want {
			t.Errorf("%q: %+v %v", said, got.CommitStatus, problems)
		}
	}
}
