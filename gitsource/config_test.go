package gitsource

import (
	"strings"
	"testing"
	"time"
)

func TestABadSettingIsNamedWithWhatToDo(t *testing.T) {
	const good = "https://git.example.com/net/specs.git"
	for name, tt := range map[string]struct {
		cfg  Config
		says string
	}{
		"neither url nor dir":      {Config{}, "url, dir: set exactly one"},
		"both url and dir":         {Config{URL: good, Dir: "x"}, "url, dir: set exactly one"},
		"a ref for a folder":       {Config{Dir: "x", Ref: Ref{Branch: "main"}}, "ref: a plain folder has no refs"},
		"a branch and a tag":       {Config{URL: good, Ref: Ref{Branch: "main", Tag: "v1"}}, "ref: more than one"},
		"a bad branch":             {Config{URL: good, Ref: Ref{Branch: "-x"}}, "ref.branch: "},
		"a bad tag":                {Config{URL: good, Ref: Ref{Tag: "a..b"}}, "ref.tag: "},
		"a short commit":           {Config{URL: good, Ref: Ref{Commit: "abc123"}}, "all 40 hex digits"},
		"a SHA-256 commit":         {Config{URL: good, Ref: Ref{Commit: strings.Repeat("ab", 32)}}, "SHA-256 repositories are not supported"},
		"a commit in capitals":     {Config{URL: good, Ref: Ref{Commit: strings.Repeat("AB", 20)}}, "lower case"},
		"a path that leads out":    {Config{URL: good, Path: "a/../../b"}, "path: "},
		"an absolute path":         {Config{URL: good, Path: "/etc"}, "path: "},
		"a path with backslashes":  {Config{URL: good, Path: `a\b`}, "forward slashes"},
		"a path with a line end":   {Config{URL: good, Path: "a\nb"}, "control characters"},
		"an extension without dot": {Config{URL: good, Extensions: []string{"yaml"}}, "extensions: "},
		"a negative limit":         {Config{URL: good, Limits: Limits{Depth: -1}}, "limits.depth: -1 is negative"},
		"a negative timeout":       {Config{URL: good, Limits: Limits{Timeout: -time.Second}}, "limits.timeout: -1s is negative"},
		"a CA file that is none":   {Config{URL: good, CAFile: "/none.pem"}, "caFile: /none.pem"},
		"a key file that is none":  {Config{URL: "git@git.example.com:x.git", SSH: SSH{KeyFile: "/none"}}, "auth.ssh.keyFile: /none"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(tt.cfg)
			wantError(t, err, nil, tt.says)
		})
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	s := open(t, Config{Dir: "."})
	want := Limits{10_000, 256 << 10, 10 << 20, 32, 1024, 256 << 20, 512 << 20, 1 << 30, 2 * time.Minute}
	if s.cfg.Limits != want || s.cfg.Path != "." {
		t.Errorf("config %+v", s.cfg)
	}
}

func TestURLsAreTakenApart(t *testing.T) {
	for raw, want := range map[string]address{
		"https://u:p%40w@git.example.com/net/a%20b.git": {"https", "u", "p@w", "git.example.com", 0, "/net/a%20b.git", "https://git.example.com/net/a%20b.git"},
		"https://git.example.com:8443/x/":               {"https", "", "", "git.example.com", 8443, "/x", "https://git.example.com:8443/x/"},
		"http://[::1]:80/x":                             {"http", "", "", "::1", 80, "/x", "http://[::1]:80/x"},
		"ssh://me@git.example.com:2222/srv/x.git":       {"ssh", "me", "", "git.example.com", 2222, "/srv/x.git", "ssh://git.example.com:2222/srv/x.git"},
		"ssh://git.example.com/~me/x.git":               {"ssh", "git", "", "git.example.com", 0, "~me/x.git", "ssh://git.example.com/~me/x.git"},
		"git@git.example.com:net/specs.git":             {"ssh", "git", "", "git.example.com", 0, "net/specs.git", "git.example.com:net/specs.git"},
		"git.example.com:specs.git":                     {"ssh", "git", "", "git.example.com", 0, "specs.git", "git.example.com:specs.git"},
		"[::1]:specs.git":                               {"ssh", "git", "", "::1", 0, "specs.git", "[::1]:specs.git"},
		"file:///srv/git/./a%20b.git":                   {"file", "", "", "", 0, "/srv/git/a b.git", "file:///srv/git/a%20b.git"},
	} {
		got, err := parseAddress(raw)
		if err != nil || got != want {
			t.Errorf("%s:\n got %#v %v\nwant %#v", raw, got, err, want)
		}
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	for raw, says := range map[string]string{
		"http://git.example.com/x":        "plain http is for loopback hosts only",
		"http://127.0.0.1.example.com/x":  "plain http is for loopback hosts only",
		"git://git.example.com/x":         `scheme "git" is not supported`,
		"ftp://git.example.com/x":         `scheme "ftp" is not supported`,
		"ext::sh -c whoami":               `transport helper "ext" is not supported`,
		"fd::7":                           `transport helper "fd" is not supported`,
		"/srv/git/x.git":                  "has no scheme",
		"./x.git":                         "has no scheme",
		`C:\specs`:                        "has no scheme",
		"":                                "has no scheme",
		"https:///x":                      "host is missing",
		"https://git.example.com":         "names a host but no repository",
		"https://git.example.com/x?ref=a": "it has a ?",
		"https://git.example.com/x#main":  "it has a ? or a #",
		"https://git.example.com:0/x":     "port",
		"https://user:canary#x@host/x":    "percent-encode",
		"https://us er:canary@host/%zz":   "does not parse",
		"ssh://u:canary@host/x":           "a password does not work with ssh",
		"ssh://-oProxyCommand=x/x":        "not a host name",
		"-oProxyCommand=x:y":              "has no scheme",
		"git@host:-x":                     "begins with -",
		"ssh://-l@host/x":                 "begins with -",
		"ssh://host/a%0ab":                "control characters",
		"https://host/a\nb":               "control characters",
		"file://host/x":                   "file url has no host",
		"file:x":                          "has no scheme",
		"file://":                         "absolute path",
	} {
		_, err := parseAddress(raw)
		if err == nil {
			t.Errorf("%q was accepted", raw)
			continue
		}
		if !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q gave the error %v", raw, err)
		}
	}
}

func TestRefNames(t *testing.T) {
	for _, name := range []string{"main", "team/x.1", "v1.2.3", "ünïcode", "a-b", "feature/#12", "a@b"} {
		if err := checkRefName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"-x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", `a\b`, "a@{1}", "@", "HEAD", "/a", "a/", "a//b",
		".a", "a/.b", "a.lock", "a.lock/b", "a.", "a\x00b", "a\x7f", "a\n", "a\xff", "refs/heads/main", strings.Repeat("a", 256)} {
		if checkRefName(name) == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}

func FuzzRefName(f *testing.F) {
	for _, s := range []string{"main", "-x", "a..b", "a/b", "a.lock", "@{", "\x00", "refs/heads/x", "ü"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkRefName(name) != nil {
			return
		}
		full := Ref{Branch: name}.full()[0]
		// What is accepted can be neither an option, nor a path upwards, nor a second line.
		if strings.HasPrefix(name, "-") || strings.Contains(full, "..") || strings.Contains(full, "//") ||
			strings.ContainsAny(full, "\x00\n\r\t \\:") || strings.HasSuffix(full, "/") || strings.Contains(full, "/.") {
			t.Errorf("%q was accepted", name)
		}
	})
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://u:canary@h/x", "git@h:x", "ssh://h/~x", "file:///x", "ext::x", "http://[::1]/x", "https://u:canary#@h/", "a:b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := parseAddress(raw)
		if err != nil {
			return
		}
		switch a.scheme {
		case "https", "ssh", "file":
		case "http":
			if !isLoopback(a.host) {
				t.Errorf("%q: plain http to %q", raw, a.host)
			}
		default:
			t.Errorf("%q: scheme %q", raw, a.scheme)
		}
		if a.scheme != "file" && (a.host == "" || strings.HasPrefix(a.host, "-")) {
			t.Errorf("%q: host %q", raw, a.host)
		}
		if a.path == "" || strings.HasPrefix(a.path, "-") || strings.HasPrefix(a.user, "-") && a.scheme == "ssh" {
			t.Errorf("%q: user %q, path %q", raw, a.user, a.path)
		}
		if strings.ContainsAny(a.shown, "\n\r\x00\x1b") {
			t.Errorf("%q is shown as %q", raw, a.shown)
		}
		if len(a.pass) > 3 && strings.Contains(a.shown, a.pass) && !strings.Contains(a.host+a.path, a.pass) && !strings.Contains("https://", a.pass) {
			t.Errorf("%q is shown as %q", raw, a.shown)
		}
	})
}
