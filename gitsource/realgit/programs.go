package realgit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Require is the environment variable that makes a missing program a failure. It
// is set where the programs were installed for the tests.
const Require = "SLUICE_REQUIRE_SERVERS"

// programs are the paths of what is run.
type programs struct {
	git, backend, nginx, fcgiwrap, sshd string
}

// find looks for the programs, or ends the test.
func find(t testing.TB) programs {
	t.Helper()
	p, err := lookUp()
	switch {
	case err != nil && os.Getenv(Require) == "1":
		t.Fatalf("%v, and %s=1 says that all are there", err, Require)
	case err != nil:
		t.Skipf("%v; as root, .ci/servers installs what this test needs", err)
	}
	return p
}

// lookUp finds every program, or names the first package that is missing.
func lookUp() (programs, error) {
	var p programs
	for _, part := range []struct {
		path         *string
		name, debian string
	}{
		{&p.git, "git", "git"},
		{&p.nginx, "nginx", "nginx"},
		{&p.fcgiwrap, "fcgiwrap", "fcgiwrap"},
		{&p.sshd, "sshd", "openssh-server"},
	} {
		var err error
		if *part.path, err = program(part.name); err != nil {
			return p, fmt.Errorf("there is no %s here: Debian's package %s is missing", part.name, part.debian)
		}
	}
	out, err := exec.Command(p.git, "--exec-path").Output()
	if err != nil {
		return p, fmt.Errorf("git --exec-path: %w", err)
	}
	if p.backend, err = exec.LookPath(filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")); err != nil {
		return p, fmt.Errorf("there is no git-http-backend here: Debian's package git is missing")
	}
	return p, nil
}

// program looks where servers are too, which a user's PATH leaves out.
func program(name string) (string, error) {
	path, err := exec.LookPath(name)
	for _, folder := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if err == nil {
			break
		}
		path, err = exec.LookPath(filepath.Join(folder, name))
	}
	return path, err
}
