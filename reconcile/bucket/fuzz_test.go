package bucket

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"
)

// FuzzPlace: a place is written as it is read, and no part of it leads elsewhere.
func FuzzPlace(f *testing.F) {
	f.Add("s3://records/sluice")
	f.Add("s3://records/")
	f.Add("s3://records/../x")
	f.Add("s3://a..b/x//y")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(p.String())
		if err != nil || again != p || strings.Contains("/"+p.Key+"/", "/../") || strings.Contains(p.Bucket, "/") {
			t.Errorf("%q is %+v, and then %+v, %v", text, p, again, err)
		}
		if e := escape(p.Key); strings.ContainsFunc(e, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q", e)
		}
	})
}

// FuzzRefusal: what S3 says of a failure becomes one short line.
func FuzzRefusal(f *testing.F) {
	f.Add(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>", "")
	f.Add(301, "", "eu-west-1\n")
	f.Add(501, "<Error><Message>\x01", "")
	f.Fuzz(func(t *testing.T, status int, body, region string) {
		resp := &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		resp.Header.Set("X-Amz-Bucket-Region", region)
		if text := refusal(resp, "us-east-1").Error(); len(text) > 4000 || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%q", text)
		}
	})
}
