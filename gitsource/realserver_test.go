package gitsource

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource/realgit"
)

// realWay is how one repository of real servers is reached.
type realWay struct {
	name string
	cfg  func(repo string) Config
}

// realWays all read in another process, as the daemon does.
func realWays(s *realgit.Server) []realWay {
	return []realWay{
		{"https", func(repo string) Config {
			return Config{URL: s.HTTPS + "/" + repo, CAFile: s.CAFile, Username: realgit.User, Password: realgit.Password, Runner: runner}
		}},
		{"https with a client certificate", func(repo string) Config {
			return Config{URL: s.MutualTLS + "/" + repo, CAFile: s.CAFile, ClientCert: ClientCert{s.ClientCert, s.ClientKey}, Runner: runner}
		}},
		{"ssh", func(repo string) Config {
			return Config{URL: s.SSH + "/" + repo, SSH: SSH{KeyFile: s.KeyFile, KnownHosts: s.KnownHosts}, Runner: runner}
		}},
	}
}

func TestRealServersShowEachChangeAndEachRewrite(t *testing.T) {
	server := realgit.Start(t)
	for i, way := range realWays(server) {
		t.Run(way.name, func(t *testing.T) {
			repo := server.NewRepo(t, fmt.Sprint("specs", i))
			first := repo.Commit(t, "a.yaml", "1")
			src := open(t, way.cfg(repo.Name))
			was := wantReal(t, src, nil, first, "a.yaml")
			if again := wantReal(t, src, was, first, "a.yaml"); again != was {
				t.Error("an unchanged repository was fetched again")
			}

			second := repo.Commit(t, "b.yaml", "2")
			next := wantReal(t, src, was, second, "a.yaml b.yaml")
			wantRelation(t, src, first, next, Descendant)

			repo.Git(t, "-C", repo.Work, "reset", "--quiet", "--hard", first)
			rewritten := repo.Commit(t, "c.yaml", "3", "--force")
			now := wantReal(t, src, next, rewritten, "a.yaml c.yaml")
			wantRelation(t, src, first, now, Descendant)
			wantRelation(t, src, second, now, Diverged, NotBehind) // the server may not give what no branch has

			repo.Git(t, "-C", repo.Work, "reset", "--quiet", "--hard", first)
			repo.Git(t, "-C", repo.Work, "push", "--quiet", "--force", "origin", "main")
			rewound := wantReal(t, src, now, first, "a.yaml")
			wantRelation(t, src, rewritten, rewound, Ancestor, NotBehind)
		})
	}
}

// steady asks again where a conversation broke off, as the daemon does: over SSH the
// end of a connection can overtake what a server that refuses a commit still says.
func steady[T any](t *testing.T, ask func() (T, error)) (got T, err error) {
	for range 3 {
		if got, err = ask(); err == nil || !strings.Contains(err.Error(), "broke off") {
			break
		}
		t.Log("asked again:", err)
	}
	return got, err
}

// wantReal takes a snapshot, which must be of this commit and hold these files.
func wantReal(t *testing.T, s *Source, last *Snapshot, commit, files string) *Snapshot {
	t.Helper()
	got, err := steady(t, func() (*Snapshot, error) { return s.Snapshot(t.Context(), last) })
	check(t, err)
	if got.Commit.ID != commit || paths(got) != files {
		t.Fatalf("commit %s with %s, want %s with %s", got.Commit.ID, paths(got), commit, files)
	}
	return got
}

func wantRelation(t *testing.T, s *Source, from string, to *Snapshot, allowed ...Relation) {
	t.Helper()
	line, err := steady(t, func() (*Line, error) { return s.Line(t.Context(), from, to) })
	check(t, err)
	for _, r := range allowed {
		if line.Relation == r {
			return
		}
	}
	t.Errorf("the relation is %q, want one of %q", line.Relation, allowed)
}

func TestWhatRealServersRefuseIsToldInOneSentence(t *testing.T) {
	server := realgit.Start(t)
	server.NewRepo(t, "specs").Commit(t, "a.yaml", "1")
	ways := realWays(server)
	web, mutual, secure := ways[0].cfg, ways[1].cfg, ways[2].cfg
	for name, tt := range map[string]struct {
		cfg    Config
		change func(*Config)
		says   []string
	}{
		"a bad password": {web("specs.git"), func(c *Config) { c.Password = "wrong-" + canary },
			[]string{"refused the login (401)", "check that username and password"}},
		"no password": {web("specs.git"), func(c *Config) { c.Username, c.Password = "", "" },
			[]string{"wants a login (401)", "set auth"}},
		"a bad password in the url": {web("specs.git"), func(c *Config) { c.URL, c.Username, c.Password = withUser(c.URL), "", "" },
			[]string{"refused the login (401)"}},
		"a missing repository over https": {web("none.git"), nil,
			[]string{"there is no such repository (404)", "check the url"}},
		"a certificate of an authority that nobody trusts": {web("specs.git"), func(c *Config) { c.CAFile = "" },
			[]string{"certificate of 127.0.0.1 is signed by an unknown authority", "set caFile"}},
		"a certificate of another authority": {web("specs.git"), func(c *Config) { c.CAFile = server.OtherCAFile },
			[]string{"certificate of 127.0.0.1 is signed by an unknown authority", "set caFile"}},
		"a certificate for another host": {web("specs.git"), func(c *Config) { c.URL = server.OtherName + "/specs.git" },
			[]string{"certificate of localhost is not valid", "check the host in the url"}},
		"no client certificate": {mutual("specs.git"), func(c *Config) { c.ClientCert = ClientCert{} },
			[]string{"wants a client certificate (400)", "set clientCert"}},
		"a client certificate of another authority": {mutual("specs.git"), func(c *Config) { c.ClientCert = ClientCert{server.StrangerCert, server.StrangerCertKey} },
			[]string{"no client certificate of the authority of clientCert (400)", "set it to one of an authority that the server trusts"}},
		"a client certificate, and a missing repository": {mutual("none.git"), nil,
			[]string{"there is no such repository (404)"}},
		"TLS to the SSH server": {web("specs.git"), func(c *Config) { c.URL = "https://" + hostPort(server.SSH) + "/specs.git" },
			[]string{"check the port"}},
		"a host key that is another": {secure("specs.git"), func(c *Config) { c.SSH.KnownHosts = server.OtherKnownHosts },
			[]string{"the host key has changed", server.HostKey, "ask who runs the server"}},
		"a host key that is not known": {secure("specs.git"), func(c *Config) { c.SSH.KnownHosts = write(t, nil) },
			[]string{server.HostKey + " is not in known_hosts", "ssh-keyscan"}},
		"a host key that is not the pinned one": {secure("specs.git"), func(c *Config) { c.SSH.KnownHosts, c.SSH.HostKeys = "", []string{publicLine(t)} },
			[]string{server.HostKey + " is not in auth.ssh.hostKeys"}},
		"an SSH key that is not let in": {secure("specs.git"), func(c *Config) { c.SSH.KeyFile = server.StrangerKey },
			[]string{"the server refused the login of user", "check that its public key is registered"}},
		"a missing repository over ssh": {secure("none.git"), nil,
			[]string{"the server gave no repository", "does not appear to be a git repository", "check the path in url"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := tt.cfg
			if tt.change != nil {
				tt.change(&cfg)
			}
			src := open(t, cfg)
			_, headErr := src.Head(t.Context())
			_, fetchErr := src.Fetch(t.Context(), "")
			for _, err := range []error{headErr, fetchErr} {
				wantError(t, err, ErrUnreachable, append(tt.says, src.String())...)
				wantSilent(t, src, err)
				if strings.ContainsAny(err.Error(), "\n\r") || strings.Contains(err.Error(), realgit.Password) {
					t.Errorf("more than one line, or the password: %q", err)
				}
			}
		})
	}
}

// hostPort is the server in a URL with a user.
func hostPort(url string) string {
	_, rest, _ := strings.Cut(url, "@")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// TestRealServersGiveABigRepository prints what 10,000 specs cost. The kernel ends
// the process that reads when it needs more than the default limits.memory.
func TestRealServersGiveABigRepository(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 specs take a while; run without -short")
	}
	const specs = 10_000
	server := realgit.Start(t)
	repo := server.NewRepo(t, "big")
	commit := repo.Fill(t, specs, func(i int) (string, string) {
		return fmt.Sprintf("gateways/%02d/egress-%05d.yaml", i%50, i), fmt.Sprintf(`apiVersion: sluice/v1
kind: NatGateway
metadata:
  name: egress-%05d
  labels: {env: prod, owner: network}
spec:
  id: nat-%017x
  secondary:
    addresses: [10.%d.%d.20, 10.%[3]d.%[4]d.21]
  drain: {maxDuration: 350s}
`, i, i, i>>8, i&255)
	})
	for _, way := range realWays(server) {
		t.Run(way.name, func(t *testing.T) {
			began := time.Now()
			src := open(t, way.cfg(repo.Name))
			got, err := src.Snapshot(t.Context(), nil)
			check(t, err)
			if got.Commit.ID != commit || len(got.Files) != specs {
				t.Errorf("commit %s with %d files, want %s with %d", got.Commit.ID, len(got.Files), commit, specs)
			}
			for _, f := range got.Files {
				if want := strings.TrimSuffix(f.Path[strings.LastIndex(f.Path, "/")+1:], ".yaml"); !strings.Contains(string(f.Data), "name: "+want+"\n") {
					t.Fatalf("%s holds another file: %s", f.Path, f.Data)
				}
			}
			first := time.Since(began)
			began = time.Now()
			again, err := src.Snapshot(t.Context(), got)
			check(t, err)
			if again != got {
				t.Error("an unchanged repository was fetched again")
			}
			var used syscall.Rusage
			check(t, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used))
			t.Logf("%d specs in %s, a look at them unchanged %s, the largest child so far %d MiB",
				specs, first.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), used.Maxrss>>10)
		})
	}
}
