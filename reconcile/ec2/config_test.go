package ec2

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

func TestSettingsThatCannotWorkAreOneSentence(t *testing.T) {
	tests := []struct {
		name   string
		config Config
		env    map[string]string
		want   string
	}{
		{"no Region", Config{}, map[string]string{"AWS_REGION": ""}, "set AWS_REGION"},
		{"a Region that is none", Config{Region: "us-east-1.evil.example/"}, nil, "no AWS Region"},
		{"a profile that is not there", Config{Profile: "nobody"}, nil, "nobody"},
		{"a role that is none", Config{RoleARN: "admin"}, nil, "arn:aws:iam::ACCOUNT:role/NAME"},
		{"a user as the role", Config{RoleARN: "arn:aws:iam::1:user/x"}, nil, "no role"},
		{"an unknown mode", Config{Mode: "yolo"}, nil, "use observe, dry-run or apply"},
		{"a negative timeout", Config{CallTimeout: -1}, nil, "negative"},
		{"an endpoint without scheme", Config{Endpoint: "localhost:4566"}, nil, "https://HOST"},
		{"an endpoint with a query", Config{Endpoint: "http://localhost/?Action=x"}, nil, "https://HOST"},
		{"an endpoint with a password", Config{Endpoint: "http://me:canary-secret@localhost"}, nil, "remove it"},
		{"a password in the environment's endpoint", Config{}, map[string]string{"AWS_ENDPOINT_URL": "http://me:canary-secret@localhost"}, "remove it"},
		{"nonsense in the environment's endpoint", Config{}, map[string]string{"AWS_ENDPOINT_URL_EC2": "ftp://x"}, "https://HOST"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environment(t)
			for key, value := range tt.env {
				t.Setenv(key, value)
			}
			tt.config.Target = "prod"
			_, err := New(context.Background(), tt.config)
			if err == nil {
				t.Fatal("no error")
			}
			text := err.Error()
			if !strings.HasPrefix(text, `target "prod": `) || !strings.Contains(text, tt.want) || strings.Contains(text, "canary-secret") || strings.Contains(text, "\n") {
				t.Errorf("error %q, want %q in it", text, tt.want)
			}
		})
	}
}

func TestTheEnvironmentIsEnough(t *testing.T) {
	environment(t)
	var signed string
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		signed = req.Header.Get("Authorization")
		_ = req.ParseForm()
		describeNone(rw, req)
	}))
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_REGION", "eu-west-3")
	c := clientOf(t, Config{Target: "default"})
	if inv := c.Observe(t.Context(), allGateways); len(inv.Unread) > 0 {
		t.Fatal(inv.Unread)
	}
	if !strings.Contains(signed, "AKIDEXAMPLE/") || !strings.Contains(signed, "/eu-west-3/ec2/") {
		t.Errorf("signed %s", signed)
	}
}

func TestRegionProfileAndEndpointComeFirst(t *testing.T) {
	environment(t)
	file := filepath.Join(t.TempDir(), "credentials")
	text := "[other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = s\nregion = ap-south-1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	var signed, host string
	w := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		signed, host = req.Header.Get("Authorization"), req.URL.Host
		return nil, fmt.Errorf("seen")
	})
	c := clientOf(t, Config{Target: "t", Profile: "other", Region: "us-west-2", Endpoint: "http://ec2.test", Mode: modeApply, Transport: w})
	_, _ = c.Do(t.Context(), assignNatCall)
	if !strings.Contains(signed, "AKIDOTHER/") || !strings.Contains(signed, "/us-west-2/ec2/") || host != "ec2.test" {
		t.Errorf("signed %s for %s", signed, host)
	}
}

func TestARoleIsAssumedOnce(t *testing.T) {
	environment(t)
	var asked, denied int
	sts := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		_ = req.ParseForm()
		asked++
		if req.Form.Get("RoleArn") != "arn:aws:iam::123456789012:role/sluice" {
			denied++
			rw.WriteHeader(403)
			fmt.Fprint(rw, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprintf(rw, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
			<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	defer sts.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	var signed string
	w := answering(func(int, url.Values) string { return "" })
	seeing := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		signed = req.Header.Get("Authorization")
		return w.RoundTrip(req)
	})
	cfg := Config{Target: "t", RoleARN: "arn:aws:iam::123456789012:role/sluice", Mode: modeApply, Transport: seeing}
	c := clientOf(t, cfg)
	for range 3 {
		if _, err := c.Do(t.Context(), assignNatCall); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 || !strings.Contains(signed, "AKIDROLE/") {
		t.Errorf("STS was asked %d times, signed %s", asked, signed)
	}
	// A role that may not be assumed is a matter of credentials, not of EC2.
	cfg.RoleARN = "arn:aws:iam::123456789012:role/other"
	before := w.sent()
	_, err := clientOf(t, cfg).Do(t.Context(), assignNatCall)
	f := faultOf(t, err)
	if f.Class != inventory.ClassCredentials || f.Code != "AccessDenied" || !strings.Contains(f.Message, "not you") || w.sent() != before || denied == 0 {
		t.Errorf("class %s, code %s: %v", f.Class, f.Code, f)
	}
}

func TestNoCredentialsIsOneSentence(t *testing.T) {
	environment(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	w := answering(func(int, url.Values) string { return "" })
	c := client(t, modeApply, w)
	_, err := c.Do(t.Context(), assignNatCall)
	if f := faultOf(t, err); f.Class != inventory.ClassCredentials || !strings.Contains(f.Message, "set AWS_PROFILE") || w.sent() != 0 {
		t.Errorf("class %s: %v", f.Class, f)
	}
	inv := c.Observe(t.Context(), allGateways)
	if why := inv.WhyUnread(inventory.ReadNatGateways, ""); !strings.Contains(why, "set AWS_PROFILE") {
		t.Errorf("unread because %q", why)
	}
}

// A metadata service that offers version 1 only gets no credentials from us: a
// proxy that can be made to fetch URLs could read them too.
func TestTheMetadataServiceIsAskedWithTokensOnly(t *testing.T) {
	environment(t)
	var mu sync.Mutex
	var withoutToken []string
	imds := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if req.Method == http.MethodGet {
			withoutToken = append(withoutToken, req.URL.Path)
		}
		rw.WriteHeader(http.StatusNotFound)
	}))
	defer imds.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.URL)
	_, err := client(t, modeApply, always(200, "")).Do(t.Context(), assignNatCall)
	if f := faultOf(t, err); f.Class != inventory.ClassCredentials {
		t.Errorf("class %s: %v", f.Class, f)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(withoutToken) > 0 {
		t.Errorf("asked without a token: %v", withoutToken)
	}
}

func TestOnCallHearsOfEveryAttempt(t *testing.T) {
	environment(t)
	type key struct{}
	var heard []string
	w := &wire{}
	w.answer = func(n int, form url.Values) (int, string) {
		switch n {
		case 1:
			return 503, errorBody("RequestLimitExceeded", "slow")
		case 3:
			return 200, ""
		}
		return ok(form, "")
	}
	synctest.Test(t, func(t *testing.T) {
		c := clientOf(t, Config{Target: "t", Mode: modeApply, Transport: w, OnCall: func(ctx context.Context, a Attempt) {
			heard = append(heard, fmt.Sprintf("%s=%s of %v", a.Operation, a.Code, ctx.Value(key{})))
			if a.Began.IsZero() || a.Code == "lost" && a.RequestID != "" {
				t.Errorf("attempt %+v", a)
			}
		}})
		c.Observe(context.WithValue(context.Background(), key{}, "read"), allGateways)
		_, _ = c.Do(context.WithValue(context.Background(), key{}, "change"), assignNatCall)
	})
	want := "DescribeNatGateways=RequestLimitExceeded of read DescribeNatGateways= of read AssignPrivateNatGatewayAddress=lost of change"
	if got := strings.Join(heard, " "); got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
}
