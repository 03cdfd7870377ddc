package config

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/gitsource/codecommit"
)

func TestEachWayToLogInIsRead(t *testing.T) {
	at := func(name string) string { return filepath.Join("/etc", "sluice", name) }
	for name, tt := range map[string]struct {
		yaml string
		want Access
	}{
		"basic": {`url: "https://h/x", auth: {basic: {username: ada, passwordFile: pw}}`,
			Access{Auth: Auth{Basic: &Basic{Username: "ada", Password: Secret{File: at("pw")}}}}},
		"a token as the password": {`url: "https://h/x", auth: {basic: {passwordEnv: GIT_TOKEN}}`,
			Access{Auth: Auth{Basic: &Basic{Password: Secret{Env: "GIT_TOKEN"}}}}},
		"bearer": {`url: "https://h/x", auth: {bearer: {tokenFile: /run/token}}`,
			Access{Auth: Auth{Bearer: &Secret{File: "/run/token"}}}},
		"a GitHub App": {`url: "https://github.com/net/addresses.git", auth: {githubApp: {appId: 17, installationId: 42, privateKeyFile: app.pem}}`,
			Access{Auth: Auth{GitHubApp: &GitHubApp{AppID: 17, InstallationID: 42, PrivateKeyFile: at("app.pem"), Repository: "addresses"}}}},
		"a GitHub App on a server of one's own": {`url: "https://GitHub.example.com:8443/net/a", auth: {githubApp: {appId: 17, installationId: 42, privateKeyFile: app.pem}}`,
			Access{Auth: Auth{GitHubApp: &GitHubApp{AppID: 17, InstallationID: 42, PrivateKeyFile: at("app.pem"), Repository: "a", APIURL: "https://github.example.com:8443/api/v3"}}}},
		"a GitHub App elsewhere": {`url: "https://h/net/a", auth: {githubApp: {appId: 17, installationId: 42, privateKeyFile: app.pem, apiUrl: "https://api.h"}}`,
			Access{Auth: Auth{GitHubApp: &GitHubApp{AppID: 17, InstallationID: 42, PrivateKeyFile: at("app.pem"), Repository: "a", APIURL: "https://api.h"}}}},
		"CodeCommit": {`url: "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/a", auth: {codeCommit: {profile: p, roleArn: "arn:aws:iam::123456789012:role/r"}}`,
			Access{Auth: Auth{CodeCommit: &CodeCommit{Profile: "p", RoleARN: "arn:aws:iam::123456789012:role/r",
				Repository: codecommit.Repository{Host: "git-codecommit.eu-west-1.amazonaws.com", Path: "/v1/repos/a", Region: "eu-west-1"}}}}},
		"CodeCommit by the environment": {`url: "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/a", auth: {codeCommit: {}}`,
			Access{Auth: Auth{CodeCommit: &CodeCommit{
				Repository: codecommit.Repository{Host: "git-codecommit.eu-west-1.amazonaws.com", Path: "/v1/repos/a", Region: "eu-west-1"}}}}},
		"ssh": {`url: "git@h:x", auth: {ssh: {keyFile: id, passphraseEnv: P, knownHosts: hosts}}`,
			Access{Auth: Auth{SSH: &SSH{KeyFile: at("id"), Passphrase: Secret{Env: "P"}, KnownHosts: at("hosts")}}}},
		"pins": {`url: "ssh://h/x", auth: {ssh: {hostKeys: ["SHA256:a", "ssh-ed25519 AAAA"]}}`,
			Access{Auth: Auth{SSH: &SSH{HostKeys: []string{"SHA256:a", "ssh-ed25519 AAAA"}}}}},
		"certificates and a proxy": {`url: "https://h/x", caFile: ca.pem, clientCert: {certFile: c.pem, keyFile: /k.pem}, proxy: "http://p:3128"`,
			Access{CAFile: at("ca.pem"), ClientCert: gitsource.ClientCert{CertFile: at("c.pem"), KeyFile: "/k.pem"}, Proxy: "http://p:3128"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, yaml := range []string{"specs: {" + tt.yaml + "}\n", "specs: {dir: specs}\npolicies: [{" + tt.yaml + "}]\n"} {
				cfg, problems := Load("/etc/sluice/sluice.yaml", []byte(head+yaml))
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				got := cfg.Specs.Access
				if len(cfg.Policies) > 0 {
					got = cfg.Policies[0].Access
				}
				if !reflect.DeepEqual(got, tt.want) {
					t.Errorf("got  %+v\nwant %+v", got, tt.want)
				}
			}
		})
	}
}
