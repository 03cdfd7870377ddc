package reconcile

import "testing"

func TestARepositoryHasOneNameHoweverItIsReached(t *testing.T) {
	for source, want := range map[string]string{
		"https://Git.example.com:8443/net/a.git": "git.example.com/net/a",
		"ssh://git@git.example.com:22/net/a":     "git.example.com/net/a",
		"git@git.example.com:net/a.git":          "git.example.com/net/a",
		"https://git.example.com/net/b.git":      "git.example.com/net/b",
		"file:///srv/a.git":                      "/srv/a",
		"specs":                                  "/specs",
	} {
		if got := repositoryOf(source); got != want {
			t.Errorf("%s is %s, want %s", source, got, want)
		}
	}
}
