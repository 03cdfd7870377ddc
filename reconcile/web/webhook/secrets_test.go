package webhook

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestSecretsThatCannotBeUsedAreRefusedAndNotQuoted(t *testing.T) {
	const hidden = "hunter2"
	tests := []struct {
		name, provider, text, want string
	}{
		{"none", "github", "", "no secret; give one a line, such as the output of `openssl rand -hex 32`"},
		{"only blank lines", "gitea", "\n \r\n\n", "no secret"},
		{"too short", "github", hidden, "line 1: the secret has 7 bytes, and at least 16 are needed"},
		{"the second too short", "generic", "\nlong enough for anybody\n" + hidden + "\n", "line 3: the secret has 7 bytes"},
		{"a token too short", "gitlab", hidden, "line 1: the secret has 7 bytes"},
		{"a signing token that is not base64", "gitlab", "whsec_" + hidden + "!!!!!!!!!!!!!!!!!!!!!!", "line 1: a signing token must be whsec_ and at least 16 bytes in base64"},
		{"a signing token that is short", "gitlab", "whsec_aHVudGVyMg==", "line 1: a signing token must be whsec_"},
		{"another file altogether", "bitbucket", strings.Repeat(hidden, 200), "line 1: the secret has 1400 bytes, more than 1024; is this the right file?"},
		{"a huge file", "bitbucket", strings.Repeat(hidden, 20_000), "more than 16384 bytes"},
		{"too many", "github", strings.Repeat("long enough for anybody\n", 9), "more than 8 secrets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Handlers(Config{Log: slog.New(slog.DiscardHandler), Secrets: map[string]func() (string, error){
				tt.provider: func() (string, error) { return tt.text, nil },
			}})
			if err == nil || !strings.HasPrefix(err.Error(), tt.provider+": "+tt.want) || strings.Contains(err.Error(), hidden) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestASigningTokenIsOneForGitLabOnly(t *testing.T) {
	s, err := parseSecrets("github", signingText)
	if err != nil || string(s.keys[0]) != signingText {
		t.Errorf("%v, %v", s, err)
	}
}

func TestSecretsAreRotatedWithoutARestart(t *testing.T) {
	s := newStage(t, "github")
	old, next := signed("github", "d1", "x", now), "the next secret, long enough"
	steps := []struct {
		text string
		want int
	}{
		{next + "\r\n" + secret + "\r\n", 200}, // both, as Windows writes it
		{next, 401},
		{secret, 200},
	}
	for i, step := range steps {
		s.text["github"] = step.text
		s.now = s.now.Add(2 * remembered)
		if code, words := s.send(t, old); code != step.want {
			t.Errorf("step %d: %d %s", i, code, words)
		}
	}
}

func TestASecretThatCannotBeReadAnyMoreClosesTheEndpoint(t *testing.T) {
	s := newStage(t, "github")
	s.text["github"] = "" // somebody revoked it
	for range 3 {
		if code, words := s.send(t, signed("github", "d1", "x", now)); code != 503 || strings.Contains(words, "line") {
			t.Errorf("%d %s", code, words)
		}
	}
	if s.hints != 0 || s.counted["github unavailable"] != 3 {
		t.Errorf("%d hints, %v", s.hints, s.counted)
	}
	if log := s.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, `level=ERROR`) || !strings.Contains(log, "no secret") {
		t.Errorf("log:\n%s", log)
	}
}

func TestTheLogSaysOnceAMinuteWhatIsRefused(t *testing.T) {
	s := newStage(t, "github")
	for range 100 {
		s.send(t, signed("github", "d1", "x", now).with("X-Hub-Signature-256", "sha256=\x1b[31m"))
	}
	s.now = s.now.Add(time.Minute)
	s.send(t, delivery{provider: "github"})
	log := s.log.String()
	if strings.Count(log, "\n") != 2 || !strings.Contains(log, "provider=github") || !strings.Contains(log, "the signature is missing or wrong") || strings.Contains(log, "[31m") {
		t.Errorf("log:\n%s", log)
	}
}

func TestAnUnknownProviderIsAnErrorAtStart(t *testing.T) {
	_, err := Handlers(Config{Log: slog.New(slog.DiscardHandler), Secrets: map[string]func() (string, error){"gitolite": nil}})
	if err == nil || !strings.Contains(err.Error(), "gitolite: no such provider") {
		t.Errorf("error %v", err)
	}
	_, err = Handlers(Config{Log: slog.New(slog.DiscardHandler), Secrets: map[string]func() (string, error){
		"github": func() (string, error) { return "", errors.New("no such file") },
	}})
	if err == nil || err.Error() != "github: no such file" {
		t.Errorf("error %v", err)
	}
}
