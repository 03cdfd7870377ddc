package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The bounds of what an operator may configure. Every secret costs one HMAC a
// request, also of a stranger's.
const (
	minSecret  = 16   // bytes
	maxSecret  = 1024 // bytes; a token must fit into a header
	maxSecrets = 8
	maxText    = 16 << 10 // bytes of all secrets as they are written
)

// signingPrefix begins a signing token of GitLab, and of Standard Webhooks.
const signingPrefix = "whsec_"

// secrets are those of one provider; any of them may be the right one.
type secrets struct {
	keys   [][]byte // of HMACs
	tokens [][]byte // that come in a header as they are: GitLab's secret tokens
}

// parseSecrets reads one secret a line; several are for the time of a rotation.
// Errors never quote what was read.
func parseSecrets(provider, text string) (secrets, error) {
	var s secrets
	if len(text) > maxText {
		return s, fmt.Errorf("more than %d bytes; give one secret a line, and nothing else", maxText)
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		secret := strings.TrimSpace(line)
		if secret == "" {
			continue
		}
		if len(s.keys)+len(s.tokens) == maxSecrets {
			return secrets{}, fmt.Errorf("more than %d secrets; keep the one in use, and the next", maxSecrets)
		}
		if err := s.add(provider, secret); err != nil {
			return secrets{}, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if len(s.keys)+len(s.tokens) == 0 {
		return s, errors.New("no secret; give one a line, such as the output of `openssl rand -hex 32`")
	}
	return s, nil
}

// add takes one secret. GitLab's signing tokens show what they are by their beginning;
// they are keys in base64, while all other secrets count as the bytes that they are.
func (s *secrets) add(provider, secret string) error {
	encoded, signing := strings.CutPrefix(secret, signingPrefix)
	switch {
	case provider == "gitlab" && signing:
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(key) < minSecret {
			return fmt.Errorf("a signing token must be %s and at least %d bytes in base64, as GitLab shows it", signingPrefix, minSecret)
		}
		s.keys = append(s.keys, key)
	case len(secret) < minSecret:
		return fmt.Errorf("the secret has %d bytes, and at least %d are needed; make one with `openssl rand -hex 32`", len(secret), minSecret)
	case len(secret) > maxSecret:
		return fmt.Errorf("the secret has %d bytes, more than %d; is this the right file?", len(secret), maxSecret)
	case provider == "gitlab":
		s.tokens = append(s.tokens, []byte(secret))
	default:
		s.keys = append(s.keys, []byte(secret))
	}
	return nil
}
