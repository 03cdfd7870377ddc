package spec

import (
	"strings"
	"testing"
)

// FuzzAddress: an address or a range is one, written the one way there is, or refused with a
// reason for people.
func FuzzAddress(f *testing.F) {
	for _, text := range []string{"10.0.1.20", "10.0.1.16/28", "010.0.1.2", "::ffff:10.0.1.2", "fe80::1%eth0", "10.0.1.17/28", "10.0.0.0/33", "", "/", "255.255.255.255", "0.0.0.0/0", "10.1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ip, why := parseAddress(text)
		if (why == "") != (ip.IsValid() && ip.Is4() && ip.String() == text && !ip.IsLoopback() && !ip.IsMulticast() && !ip.IsUnspecified() && !ip.IsLinkLocalUnicast() && ip.String() != "255.255.255.255") {
			t.Errorf("%q is %s: %s", text, ip, why)
		}
		p, why := parseRange(text)
		if why == "" && (!p.IsValid() || p != p.Masked() || !strings.Contains(text, "/")) {
			t.Errorf("%q is %s", text, p)
		}
		if why == "" {
			_, _ = checkPool(p), checkPrefix(p)
		}
	})
}
