package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// careless are the names by which other programs switch the check of a server off.
var careless = regexp.MustCompile(`(?i)insecure|skip_?(tls|verif|host)|no_?(verif|check)|verify_?(ssl|tls|host)|stricthostkey`)

// There is no way not to check host keys and certificates: no setting, no flag, no
// variable, and no line of code that could do it.
func TestNothingSwitchesTheCheckOfAServerOff(t *testing.T) {
	for _, name := range settings(t) {
		if careless.MatchString(name) {
			t.Errorf("there is a setting %s", name)
		}
	}
	for _, text := range literals(t) {
		if careless.MatchString(text) && !strings.Contains(text, " ") {
			t.Errorf("there is a text %q, which may be a flag or a variable", text)
		}
	}
	for _, name := range identifiers(t) {
		if careless.MatchString(name) {
			t.Errorf("the code has %s", name)
		}
	}
}

// Secrets and signatures are compared in constant time: nothing in the package of
// webhooks compares bytes in another way.
func TestWebhooksCompareInConstantTime(t *testing.T) {
	names := identifiersOf(t, "reconcile/web/webhook")
	for _, careful := range []string{"hmac.Equal", "subtle.ConstantTimeCompare"} {
		if !slices.Contains(names, careful) {
			t.Errorf("%s is not used", careful)
		}
	}
	for _, leaky := range []string{"bytes.Equal", "bytes.Compare", "bytes.Contains", "slices.Equal", "slices.Compare", "slices.Contains", "slices.ContainsFunc", "slices.Index", "strings.Compare", "strings.EqualFold", "reflect.DeepEqual", "maps.Equal"} {
		if slices.Contains(names, leaky) {
			t.Errorf("%s is used: how long it takes tells how much of a secret was right", leaky)
		}
	}
}
