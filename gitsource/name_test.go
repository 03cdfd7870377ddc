package gitsource

import "testing"

func TestARepositoryHasOneNameHoweverItIsReached(t *testing.T) {
	for source, want := range map[string]string{
		"https://Git.example.com:8443/net/a.git": "git.example.com/net/a",
		"ssh://git@git.example.com:22/net/a":     "git.example.com/net/a",
		"git@git.example.com:net/a.git":          "git.example.com/net/a",
		"git.example.com:net/a.git":              "git.example.com/net/a", // as a source shows it
		"https://git.example.com/net/b.git":      "git.example.com/net/b",
		"file:///srv/a.git":                      "/srv/a",
		"specs":                                  "/specs",
	} {
		if got := Repository(source); got != want {
			t.Errorf("%s is %s, want %s", source, got, want)
		}
	}
}

func TestTheHostOfAURL(t *testing.T) {
	for raw, want := range map[string]string{"git@Host:x.git": "host", "Host:x.git": "host", "ssh://git@host:2222/x": "host", "https://u:p@host/x": "host", "file:///x": ""} {
		if got := Host(raw); got != want {
			t.Errorf("%s: host %q", raw, got)
		}
	}
}
