package codecommit

import (
	"strings"
	"testing"
	"time"
)

// The passwords were computed with botocore's SigV4Auth by the recipe of AWS's own
// git-remote-codecommit.
func TestPasswordsAreThoseOfAWSsOwnTool(t *testing.T) {
	for _, tt := range []struct {
		url            string
		keys           Keys
		now            time.Time
		user, password string
	}{
		{"https://git-codecommit.us-east-1.amazonaws.com/v1/repos/addresses",
			Keys{ID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
			time.Date(2026, 11, 22, 11, 11, 12, 0, time.FixedZone("", 3600)),
			"AKIDEXAMPLE", "20261122T101112Z158cff9441dd23f54b62c6036b14f72dc8ef4ec0908ce94de57d17b37219251d"},
		{"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/team.addresses/",
			Keys{ID: "ASIAEXAMPLE", Secret: "secret/key+1", Token: "FwoGZXIvYXdzEXAMPLE//=="},
			time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
			"ASIAEXAMPLE%FwoGZXIvYXdzEXAMPLE//==", "20260101T000000Zc7b8f6e51835965cfdecb5eaa72a2ced5ddb8c2658598ad53aefe8dc2c67a2a8"},
	} {
		r, err := ParseURL(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if user, password := r.Login(tt.keys, tt.now); user != tt.user || password != tt.password {
			t.Errorf("%s: %s %s", tt.url, user, password)
		}
	}
}

func TestTheRegionStandsInTheHost(t *testing.T) {
	for host, region := range map[string]string{
		"git-codecommit.us-east-1.amazonaws.com":                  "us-east-1",
		"GIT-CodeCommit.us-gov-west-1.amazonaws.com":              "us-gov-west-1",
		"git-codecommit-fips.us-east-2.amazonaws.com":             "us-east-2",
		"git-codecommit.cn-north-1.amazonaws.com.cn":              "cn-north-1",
		"vpce-0a1-b2.git-codecommit.eu-west-1.vpce.amazonaws.com": "eu-west-1",
	} {
		if r, err := ParseURL("https://" + host + "/v1/repos/x"); err != nil || r.Region != region || r.Host != strings.ToLower(host) {
			t.Errorf("%s: %+v %v", host, r, err)
		}
	}
	for _, raw := range []string{
		"https://canary@git.example.com/v1/repos/x",
		"https://git-codecommit.us-east-1.amazonaws.com.example.com/v1/repos/x",
		"https://evilgit-codecommit.us-east-1.amazonaws.com/v1/repos/x",
		"https://git-codecommit.us-east-1.amazonaws.com/v1/repos/",
		"https://git-codecommit.us-east-1.amazonaws.com/x",
		"ssh://git-codecommit.us-east-1.amazonaws.com/v1/repos/x",
		"codecommit::us-east-1://x", "https://canary:%zz@h/",
	} {
		if _, err := ParseURL(raw); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
