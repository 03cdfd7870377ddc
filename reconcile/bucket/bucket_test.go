package bucket

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/bucket/standin"
)

// open opens a place on a server, by the environment alone.
func open(t *testing.T, h http.Handler, place string) *Bucket {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "very-secret", "AWS_SESSION_TOKEN": "token",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_S3": server.URL,
	} {
		t.Setenv(name, value)
	}
	p, err := Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func s3() *standin.S3 {
	return &standin.S3{Region: "eu-central-1", AccessKey: "key", Secret: "very-secret"}
}

func TestAnObjectIsPutOnceAndReadBack(t *testing.T) {
	server := s3()
	b := open(t, server, "s3://kept.records/a b/ü+%/")
	where, err := b.Put(t.Context(), "1-4.jsonl", []byte("one\n"))
	if err != nil || where != "s3://kept.records/a b/ü+%/1-4.jsonl" {
		t.Fatalf("%q, %v", where, err)
	}
	if _, err := b.Put(t.Context(), "1-4.jsonl", []byte("two\n")); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), where) {
		t.Errorf("overwritten: %v", err)
	}
	if data, err := b.Get(t.Context(), "1-4.jsonl"); err != nil || string(data) != "one\n" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := b.Get(t.Context(), "5.jsonl"); err == nil || !strings.Contains(err.Error(), "NoSuchKey") {
		t.Errorf("not there: %v", err)
	}
	if got := server.Objects(); len(got) != 1 || got[0] != "/kept.records/a b/ü+%/1-4.jsonl" {
		t.Errorf("%q", got)
	}
}

func TestARefusalSaysWhatToDoAndNoSecret(t *testing.T) {
	wrong := s3()
	wrong.Secret = "another"
	answer := func(status int, header, value, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(header, value)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	for name, c := range map[string]struct {
		server http.Handler
		want   string
	}{
		"another key":         {wrong, `"SignatureDoesNotMatch": "the signature is not what`},
		"another Region":      {answer(301, "X-Amz-Bucket-Region", "us-west-2", ""), `the bucket is in "us-west-2", not in eu-central-1; set AWS_REGION`},
		"a redirect":          {answer(307, "Location", "http://127.0.0.1:9/", ""), "307"},
		"no conditional PUT":  {answer(501, "Content-Type", "text/xml", "<Error><Code>NotImplemented</Code></Error>"), "does not know If-None-Match"},
		"no XML at all":       {answer(500, "Content-Type", "text/html", "<html>\x1b[31m"), `answered "500`},
		"words with controls": {answer(403, "Content-Type", "text/xml", "<Error><Code>AccessDenied</Code><Message>no&#9;way</Message></Error>"), `"AccessDenied": "no\tway"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, c.server, "s3://kept").Put(t.Context(), "x", nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "s3://kept/x was not written: ") {
				t.Fatalf("%v", err)
			}
			for _, secret := range []string{"very-secret", "token"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %v", secret, err)
				}
			}
		})
	}
}

func TestTheStandInRefusesWhatS3Would(t *testing.T) {
	server := s3()
	b := open(t, server, "s3://kept")
	for name, spoil := range map[string]func(*http.Request){
		"another body":         func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64)) },
		"another key":          func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/kept/y", "" },
		"a header put in":      func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") },
		"a header taken out":   func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") },
		"a changed condition":  func(r *http.Request) { r.Header.Set("If-None-Match", `"x"`) },
		"no signature at all":  func(r *http.Request) { r.Header.Del("Authorization") },
		"another date":         func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260101T000000Z") },
		"another content type": func(r *http.Request) { r.Header.Set("Content-Type", "text/html") },
	} {
		b.client.Transport = spoiler(spoil)
		if _, err := b.Put(t.Context(), "x", []byte("data")); err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := server.Objects(); got != nil {
		t.Errorf("kept %q", got)
	}
}

// spoiler changes requests after they were signed.
type spoiler func(*http.Request)

func (s spoiler) RoundTrip(r *http.Request) (*http.Response, error) {
	s(r)
	return http.DefaultTransport.RoundTrip(r)
}

func TestPlaces(t *testing.T) {
	for text, want := range map[string]string{
		"s3://kept": "s3://kept/", "s3://kept/": "s3://kept/", "s3://kept/a/b/": "s3://kept/a/b", "s3://k.e-pt/x.jsonl": "s3://k.e-pt/x.jsonl",
		"https://kept/x": "", "s3://": "", "s3://UPPER/x": "", "s3://kept/../x": "", "s3://kept//x": "", "s3://kept/a\nb": "", "s3://user@kept/x": "",
	} {
		p, err := Parse(text)
		if want == "" != (err != nil) || err == nil && p.String() != want {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
}

func TestACheckWritesNothingAndTellsABucketThatIsGoodFromOthers(t *testing.T) {
	code := func(status int, code string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<Error><Code>" + code + "</Code></Error>"))
		})
	}
	good, wrong := s3(), s3()
	wrong.Secret = "another"
	for _, c := range []struct {
		name   string
		server http.Handler
		hidden bool
		want   string // "": it is good
	}{
		{"a good one", good, false, ""},
		{"another key", wrong, false, "SignatureDoesNotMatch"},
		{"no such bucket", code(404, "NoSuchBucket"), false, "NoSuchBucket"},
		{"who may not list", code(403, "AccessDenied"), true, "AccessDenied"},
		{"a server that says yes to everything", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), false, "nobody put there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := open(t, c.server, "s3://kept/x").Check(t.Context())
			if (err == nil) != (c.want == "") || errors.Is(err, ErrHidden) != c.hidden || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
	if len(good.Objects()) > 0 {
		t.Errorf("it wrote %q", good.Objects())
	}
}
