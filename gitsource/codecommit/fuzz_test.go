package codecommit

import (
	"strings"
	"testing"
	"time"
)

// FuzzParseURL: keys are only ever shown to a host of AWS's.
func FuzzParseURL(f *testing.F) {
	f.Add("https://git-codecommit.us-east-1.amazonaws.com/v1/repos/addresses")
	f.Add("https://git-codecommit.us-east-1.amazonaws.com.evil.example/v1/repos/x")
	f.Add("https://user@git-codecommit-fips.us-gov-west-1.api.aws:443/v1/repos/%2e%2e?x#y")
	f.Add("https://vpce-1.git-codecommit.eu-central-1.vpce.amazonaws.com/v1/repos/a/")
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := ParseURL(raw)
		if err != nil {
			return
		}
		host := strings.TrimSuffix(r.Host, ".cn")
		if !strings.HasSuffix(host, ".amazonaws.com") && !strings.HasSuffix(host, ".api.aws") || r.Region == "" || !strings.HasPrefix(r.Path, "/v1/repos/") {
			t.Errorf("%q is %+v", raw, r)
		}
		if user, password := r.Login(Keys{ID: "id", Secret: "secret"}, time.Unix(0, 0)); user != "id" || strings.Contains(password, "secret") {
			t.Errorf("%q, %q", user, password)
		}
	})
}
