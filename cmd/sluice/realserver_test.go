package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-6ca89210/sluice/gitsource/realgit"
)

// TestRealServers runs testdata/realserver/*.txtar as TestScripts does its own, beside
// nginx with git http-backend and OpenSSH. Each script has a repository: $WORKTREE is
// where the git command pushes from, $HTTPS_URL, $MUTUAL_URL and $SSH_URL are where it is.
func TestRealServers(t *testing.T) {
	server := realgit.Start(t)
	runScripts(t, scriptsIn(t, "testdata/realserver"), func(env *testscript.Env) error {
		if err := setup(env); err != nil {
			return err
		}
		repo := server.NewRepo(env.T().(testing.TB), filepath.Base(env.WorkDir))
		for name, value := range map[string]string{
			"WORKTREE": repo.Work, "PASSWORD": realgit.Password, "GIT_USER": realgit.User,
			"HTTPS_URL": server.HTTPS + "/" + repo.Name, "MUTUAL_URL": server.MutualTLS + "/" + repo.Name, "SSH_URL": server.SSH + "/" + repo.Name,
			"CA": server.CAFile, "OTHER_CA": server.OtherCAFile, "CLIENT_CERT": server.ClientCert, "CLIENT_KEY": server.ClientKey,
			"KEY": server.KeyFile, "STRANGER_KEY": server.StrangerKey,
			"KNOWN_HOSTS": server.KnownHosts, "OTHER_KNOWN_HOSTS": server.OtherKnownHosts,
			"GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
			"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
		} {
			env.Setenv(name, value)
		}
		return nil
	})
}
