package webhook

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTheVectorsOfTheHostsDocumentationAreAccepted(t *testing.T) {
	tests := []struct {
		name string
		at   time.Time
		delivery
	}{
		{"GitHub, validating webhook deliveries", now, delivery{"github",
			map[string]string{"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}, "Hello, World!"}},
		{"Atlassian, secure webhooks", now, delivery{"bitbucket",
			map[string]string{"X-Hub-Signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"}, "Hello World!"}},
		{"Standard Webhooks, which GitLab follows", time.Unix(1614265330, 0), delivery{"gitlab",
			map[string]string{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
				"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}, `{"test": 2432232314}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, Providers()...)
			s.now = tt.at
			if code, words := s.send(t, tt.delivery); code != http.StatusOK || s.hints != 1 {
				t.Errorf("%d %s, %d hints", code, words, s.hints)
			}
		})
	}
}

// signatureHeader is where each provider's signature is, and what begins it.
var signatureHeader = map[string][2]string{
	"github": {"X-Hub-Signature-256", "sha256="}, "gitea": {"X-Gitea-Signature", ""}, "bitbucket": {"X-Hub-Signature", "sha256="},
	"gitlab": {"webhook-signature", "v1,"}, "generic": {"X-Sluice-Signature", "sha256="},
}

func TestEveryProviderTakesWhatIsSignedAndNothingElse(t *testing.T) {
	const body = `{"ref": "refs/heads/main"}`
	for _, provider := range Providers() {
		header, prefix := signatureHeader[provider][0], signatureHeader[provider][1]
		good := signed(provider, "d1", body, now)
		value := good.header[header]
		tests := []struct {
			name string
			delivery
			want int
		}{
			{"signed", good, 200},
			{"signed, with an empty body", signed(provider, "d2", "", now), 200},
			{"signed, and no JSON", signed(provider, "d3", "\x00payload=%7B", now), 200},
			{"without a signature", good.with(header, ""), 401},
			{"with an empty signature", good.with(header, prefix), 401},
			{"one byte of the body changed", good.saying(strings.Replace(body, "main", "mainz", 1)), 401},
			{"one byte of the body left out", good.saying(body[:len(body)-1]), 401},
			{"one digit of the signature changed", good.with(header, flip(value)), 401},
			{"the signature cut short", good.with(header, value[:len(value)-4]), 401},
			{"the signature with more behind it", good.with(header, value+"00"), 401},
			{"the signature of an empty key", good.with(header, prefix+hex.EncodeToString(sum(nil, body))), 401},
			{"no signature but garbage", good.with(header, prefix+"zz"), 401},
			{"a signature as long as a novel", good.with(header, prefix+strings.Repeat("a", 60_000)), 401},
		}
		if prefix != "" {
			tests = append(tests, struct {
				name string
				delivery
				want int
			}{"without the name of the algorithm", good.with(header, strings.TrimPrefix(value, prefix)), 401})
		}
		for _, tt := range tests {
			t.Run(provider+" "+tt.name, func(t *testing.T) {
				s := newStage(t, provider)
				code, words := s.send(t, tt.delivery)
				if code != tt.want || s.hints != map[bool]int{true: 1}[tt.want == 200] {
					t.Errorf("%d %s, %d hints; want %d", code, words, s.hints, tt.want)
				}
			})
		}
	}
}

// flip changes one digit before the end, which in base64 says too little.
func flip(signature string) string {
	i := len(signature) - 10
	digit := "0"
	if signature[i] == '0' {
		digit = "1"
	}
	return signature[:i] + digit + signature[i+1:]
}

func TestHexDigitsMayBeUpperCase(t *testing.T) {
	for _, provider := range []string{"github", "gitea", "bitbucket", "generic"} {
		d := signed(provider, "d1", "x", now)
		header, prefix := signatureHeader[provider][0], signatureHeader[provider][1]
		upper := prefix + strings.ToUpper(strings.TrimPrefix(d.header[header], prefix))
		s := newStage(t, provider)
		if code, _ := s.send(t, d.with(header, upper)); code != 200 {
			t.Errorf("%s: %d", provider, code)
		}
		if prefix != "" {
			if code, _ := s.send(t, d.with(header, strings.ToUpper(d.header[header]))); code != 401 {
				t.Errorf("%s: another algorithm's name: %d", provider, code)
			}
		}
	}
}

func TestAnotherSecretIsRefused(t *testing.T) {
	for _, provider := range Providers() {
		s := newStage(t, provider)
		s.text[provider] = "another secret, long enough"
		if code, _ := s.send(t, signed(provider, "d1", "x", now)); code != 401 || s.hints != 0 {
			t.Errorf("%s: %d, %d hints", provider, code, s.hints)
		}
	}
}

func TestGitHubsSHA1IsNoSignature(t *testing.T) {
	s := newStage(t, "github", "bitbucket")
	weak := sha1.Sum([]byte("x")) // of the right form; no HMAC of SHA-1 is ever computed
	sha1Header := "sha1=" + hex.EncodeToString(weak[:])
	for _, d := range []delivery{
		{"github", map[string]string{"X-Hub-Signature": sha1Header}, "x"},
		{"github", map[string]string{"X-Hub-Signature-256": sha1Header}, "x"},
		{"github", map[string]string{"X-Hub-Signature": signed("bitbucket", "", "x", now).header["X-Hub-Signature"]}, "x"},
		{"bitbucket", map[string]string{"X-Hub-Signature": sha1Header}, "x"},
	} {
		if code, _ := s.send(t, d); code != 401 {
			t.Errorf("%s with %v: %d", d.provider, d.header, code)
		}
	}
}

func TestOneProvidersSignatureIsNotAnothers(t *testing.T) {
	s := newStage(t, Providers()...)
	for _, from := range Providers() {
		for _, to := range Providers() {
			d := signed(from, "d1", "x", now)
			d.provider = to
			if code, _ := s.send(t, d); (code == 200) != (from == to) {
				t.Errorf("%s sent to %s: %d", from, to, code)
			}
		}
	}
}

func TestGitLabsToken(t *testing.T) {
	plain := delivery{"gitlab", map[string]string{"X-Gitlab-Token": token, "Idempotency-Key": "k1"}, "{}"}
	both := signed("gitlab", "d1", "{}", now).with("X-Gitlab-Token", token)
	tests := []struct {
		name    string
		secrets string
		delivery
		want int
	}{
		{"the token", token, plain, 200},
		{"the token, and no signature, though there is a key too", token + "\n" + signingText, plain, 200},
		{"a token that is longer", token, plain.with("X-Gitlab-Token", token+"x"), 401},
		{"a token that is shorter", token, plain.with("X-Gitlab-Token", token[:16]), 401},
		{"no token", token, plain.with("X-Gitlab-Token", ""), 401},
		{"a token where there are only keys", signingText, plain, 401},
		{"the signing token sent as a token", signingText, plain.with("X-Gitlab-Token", signingText), 401},
		{"both", token + "\n" + signingText, both, 200},
		{"a token does not save a bad signature", token + "\n" + signingText, both.saying("[]"), 401},
		{"a signature that nobody can check, and the token", token, both.saying("[]"), 200},
		{"a list of signatures, one of which is right", signingText,
			both.with("webhook-signature", "v1,AAAA v2,x v1,"+strings.Repeat("A", 43)+"= "+both.header["webhook-signature"]), 200},
		{"an endless list of signatures", signingText, both.with("webhook-signature", strings.Repeat("v1,"+strings.Repeat("A", 43)+"= ", 90)), 401},
		{"a signature of another version", signingText, both.with("webhook-signature", strings.Replace(both.header["webhook-signature"], "v1", "v2", 1)), 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "gitlab")
			s.text["gitlab"] = tt.secrets
			if code, words := s.send(t, tt.delivery); code != tt.want {
				t.Errorf("%d %s, want %d", code, words, tt.want)
			}
		})
	}
}

func TestASignedTimestampMustBeNearThisClock(t *testing.T) {
	for _, provider := range []string{"generic", "gitlab"} {
		stamp := map[string]string{"generic": "X-Sluice-Timestamp", "gitlab": "webhook-timestamp"}[provider]
		id := map[string]string{"generic": "X-Sluice-Delivery", "gitlab": "webhook-id"}[provider]
		good := signed(provider, "d1", "x", now)
		tests := []struct {
			name string
			delivery
			want int
		}{
			{"just now", good, 200},
			{"five minutes ago", signed(provider, "d", "x", now.Add(-5*time.Minute)), 200},
			{"in five minutes", signed(provider, "d", "x", now.Add(5*time.Minute)), 200},
			{"longer ago", signed(provider, "d", "x", now.Add(-5*time.Minute-time.Second)), 401},
			{"later", signed(provider, "d", "x", now.Add(5*time.Minute+time.Second)), 401},
			{"in 1970", signed(provider, "d", "x", time.Unix(0, 0)), 401},
			{"before 1970", signed(provider, "d", "x", time.Unix(-1, 0)), 401},
			{"at the end of time", signed(provider, "d", "x", time.Unix(1<<62, 0)), 401},
			{"another one than was signed", good.with(stamp, "1795327201"), 401},
			{"none", good.with(stamp, ""), 401},
			{"one that is no number", good.with(stamp, "now"), 401},
			{"no id", good.with(id, ""), 401},
			{"another id than was signed", good.with(id, "d2"), 401},
		}
		for _, tt := range tests {
			t.Run(provider+" "+tt.name, func(t *testing.T) {
				if code, words := newStage(t, provider).send(t, tt.delivery); code != tt.want {
					t.Errorf("%d %s, want %d", code, words, tt.want)
				}
			})
		}
	}
}

func TestWhatWasSignedCannotBeReadInTwoWays(t *testing.T) {
	// id "a", a timestamp, and a body that begins with another: with a dot in the id
	// the same bytes would be a fresh delivery of another id.
	s := newStage(t, "generic")
	old := now.Add(-time.Hour)
	d := signed("generic", "a", "1795327200.x", old)
	again := d.with("X-Sluice-Delivery", "a."+d.header["X-Sluice-Timestamp"]).with("X-Sluice-Timestamp", "1795327200").saying("x")
	if now.Unix() != 1795327200 {
		t.Fatal("the test's clock is another one")
	}
	if code, _ := s.send(t, again); code != 401 || s.hints != 0 {
		t.Errorf("%d, %d hints", code, s.hints)
	}
}

func TestAHeaderThatIsThereTwiceCountsForNothing(t *testing.T) {
	s := newStage(t, "github")
	d := signed("github", "d1", "x", now)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook/github", strings.NewReader("x"))
	r.Header.Add("X-Hub-Signature-256", d.header["X-Hub-Signature-256"])
	r.Header.Add("X-Hub-Signature-256", d.header["X-Hub-Signature-256"])
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != 401 {
		t.Errorf("%d", w.Code)
	}
}
