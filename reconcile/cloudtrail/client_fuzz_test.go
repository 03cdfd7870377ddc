package cloudtrail_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/seed-6ca89210/sluice/reconcile/cloudtrail"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// said answers everything the same.
type said struct {
	status int
	body   string
	asked  int
}

func (s *said) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

// FuzzLookupEvents: whatever CloudTrail answers, the look ends, within a few pages, with events of
// bounded, printable texts or with a fault.
func FuzzLookupEvents(f *testing.F) {
	f.Add(200, `{"Events": [{"EventId": "1", "CloudTrailEvent": "{\"eventName\":\"AssignPrivateIpAddresses\",\"eventSource\":\"ec2.amazonaws.com\",\"requestParameters\":{\"networkInterfaceId\":\"eni-1\"}}"}], "NextToken": "t"}`)
	f.Add(200, `{"Events": [{"CloudTrailEvent": "{"}], "NextToken": ""}`)
	f.Add(200, `{"Events": {}}`)
	f.Add(200, "")
	f.Add(400, `{"__type": "AccessDeniedException", "message": "no\u0000"}`)
	f.Add(500, `<html>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		synctest.Test(t, func(t *testing.T) { // what is asked again comes after a pause
			wire := &said{status: status, body: body}
			cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("auditor", "canary", "")}
			events, err := cloudtrail.New(cfg, cloudtrail.Options{Endpoint: "http://sim", Transport: wire}).
				Calls(t.Context(), inventory.TrailQuery{ResourceID: "eni-1", Since: time.Unix(0, 0), Until: time.Now()})
			if wire.asked > 64 {
				t.Errorf("asked %d times", wire.asked)
			}
			if err != nil {
				if class := inventory.FaultClass(err); class == "" || strings.ContainsFunc(err.Error(), unicode.IsControl) || len(events) > 0 {
					t.Errorf("%q, %q", class, err)
				}
				return
			}
			if status > 299 {
				t.Errorf("status %d is a success", status)
			}
			for _, e := range events {
				if len(e.Principal) > 1024 || strings.ContainsFunc(e.Principal+e.SourceIP+e.EventID, unicode.IsControl) {
					t.Errorf("%+v", e)
				}
			}
		})
	})
}
