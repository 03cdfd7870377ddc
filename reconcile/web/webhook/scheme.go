package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far a signed timestamp may be from this clock. Standard Webhooks
// recommends it.
const tolerance = 5 * time.Minute

// maxHeader bounds the headers that count, in bytes.
const maxHeader = 4 << 10

// claim is what a request's headers say. Nothing of it counts before a secret has
// shown that it is true.
type claim struct {
	macs      [][]byte // signatures, any of which may be the right one
	token     string   // the secret itself, where nothing is signed
	id        string   // of the delivery; empty where the host gives none
	timestamp string   // in seconds since 1970
	signed    bool     // id and timestamp are signed, before the body
}

// reader makes a claim of headers; nil when they cannot be those of a signed
// delivery.
type reader func(h http.Header, s secrets) *claim

// schemes says how each provider signs. Read only.
var schemes = map[string]reader{
	"github":    hexScheme("X-Hub-Signature-256", "sha256=", "X-GitHub-Delivery"),
	"gitea":     hexScheme("X-Gitea-Signature", "", "X-Gitea-Delivery"),
	"bitbucket": hexScheme("X-Hub-Signature", "sha256=", "X-Request-UUID"),
	"gitlab":    gitlab,
	"generic":   generic,
}

// hexScheme signs the body alone. The id is for people and may be missing.
func hexScheme(header, prefix, id string) reader {
	return func(h http.Header, _ secrets) *claim {
		mac := hexMAC(one(h, header), prefix)
		if mac == nil {
			return nil
		}
		return &claim{macs: [][]byte{mac}, id: one(h, id)}
	}
}

func generic(h http.Header, _ secrets) *claim {
	mac := hexMAC(one(h, "X-Sluice-Signature"), "sha256=")
	if mac == nil {
		return nil
	}
	return stamped([][]byte{mac}, one(h, "X-Sluice-Delivery"), one(h, "X-Sluice-Timestamp"))
}

// gitlab takes a signature where there is a key to verify it by, and then no token:
// a host that sends both must be right in the better one.
func gitlab(h http.Header, s secrets) *claim {
	signatures := one(h, "Webhook-Signature")
	if signatures == "" || len(s.keys) == 0 {
		if token := one(h, "X-Gitlab-Token"); token != "" {
			return &claim{token: token, id: one(h, "Idempotency-Key")}
		}
		return nil
	}
	var macs [][]byte
	for _, s := range strings.Fields(signatures) {
		encoded, found := strings.CutPrefix(s, "v1,")
		mac, err := base64.StdEncoding.DecodeString(encoded)
		if found && err == nil && len(mac) == sha256.Size && len(macs) < maxSecrets {
			macs = append(macs, mac)
		}
	}
	return stamped(macs, one(h, "Webhook-Id"), one(h, "Webhook-Timestamp"))
}

// stamped is the claim of a delivery whose id and timestamp are signed: id.timestamp.body.
// With a dot in the id two deliveries could be signed alike.
func stamped(macs [][]byte, id, timestamp string) *claim {
	if len(macs) == 0 || id == "" || strings.Contains(id, ".") {
		return nil
	}
	return &claim{macs: macs, id: id, timestamp: timestamp, signed: true}
}

// prefix is what is signed before the body.
func (c *claim) prefix() string {
	if !c.signed {
		return ""
	}
	return c.id + "." + c.timestamp + "."
}

// fresh reports whether the signed timestamp is near now. A claim without one is
// always fresh.
func (c *claim) fresh(now time.Time) bool {
	if !c.signed {
		return true
	}
	seconds, err := strconv.ParseUint(c.timestamp, 10, 40) // beyond the year 30,000
	return err == nil && now.Sub(time.Unix(int64(seconds), 0)).Abs() <= tolerance
}

// one returns the only value of a header; none when there are several, which two
// readers could take for different ones, or when it is too long to be any.
func one(h http.Header, name string) string {
	if v := h.Values(name); len(v) == 1 && len(v[0]) <= maxHeader {
		return v[0]
	}
	return ""
}

// hexMAC returns the bytes of an HMAC-SHA256, or nil.
func hexMAC(text, prefix string) []byte {
	digits, found := strings.CutPrefix(text, prefix)
	mac, err := hex.DecodeString(digits)
	if !found || err != nil || len(mac) != sha256.Size {
		return nil
	}
	return mac
}

// equalToAny compares in constant time, for lengths that may be secret too, and
// with all of them.
func equalToAny(token string, tokens [][]byte) bool {
	sum := sha256.Sum256([]byte(token))
	equal := 0
	for _, t := range tokens {
		want := sha256.Sum256(t)
		equal |= subtle.ConstantTimeCompare(sum[:], want[:])
	}
	return equal == 1
}

// matching returns the signature of the claim that one of the sums is, or nil.
func (c *claim) matching(sums [][]byte) []byte {
	var found []byte
	for _, sum := range sums {
		for _, mac := range c.macs {
			if hmac.Equal(mac, sum) {
				found = sum
			}
		}
	}
	return found
}
