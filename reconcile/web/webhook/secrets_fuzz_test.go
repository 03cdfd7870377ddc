package webhook

import (
	"strings"
	"testing"
)

// FuzzSecrets: a file of secrets gives a few long ones, or an error that quotes none.
func FuzzSecrets(f *testing.F) {
	f.Add("github", "0123456789abcdef-canary\n")
	f.Add("gitlab", "whsec_d2hhdCBubyBzdHJhbmdlciBrbm93cw==\ncanary-canary-canary")
	f.Add("gitea", strings.Repeat("canary-canary-canary\n", 20))
	f.Add("generic", "canary")
	f.Fuzz(func(t *testing.T, provider, text string) {
		s, err := parseSecrets(provider, text)
		if err != nil {
			if strings.Contains(err.Error(), "canary") {
				t.Error(err)
			}
			return
		}
		if n := len(s.keys) + len(s.tokens); n == 0 || n > maxSecrets {
			t.Errorf("%d secrets", n)
		}
		for _, secret := range append(s.keys, s.tokens...) {
			if len(secret) < minSecret {
				t.Errorf("%q is a secret", secret)
			}
		}
	})
}
