package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-6ca89210/sluice/reconcile/eventqueue/sqsstand"
)

func startQueue(ts *testscript.TestScript, _ []string) {
	const name = "https://sqs.us-east-1.amazonaws.com/123456789012/sluice"
	st := stageOf(ts)
	st.queue = sqsstand.New(name)
	server := httptest.NewServer(st.queue)
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	ts.Setenv("QUEUE", name)
	ts.Setenv("SQS", server.URL)
}

func sendEvent(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: event ACTION|TEXT")
	}
	body := args[0]
	if strings.HasPrefix(body, "Assign") || strings.HasPrefix(body, "Unassign") {
		body = fmt.Sprintf(`{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","detail":{"eventSource":"ec2.amazonaws.com","eventName":%q}}`, body)
	}
	stageOf(ts).queue.Send(body)
}

// somebody calls the simulator as another principal than sluice.
func somebody(ts *testscript.TestScript, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: somebody USER ACTION GATEWAY ADDRESS")
	}
	form := url.Values{"Action": {args[1]}, "Version": {"2016-11-15"}, "NatGatewayId": {args[2]}, "PrivateIpAddress.1": {args[3]}}
	req, err := http.NewRequest(http.MethodPost, ts.Getenv("AWS_ENDPOINT_URL"), strings.NewReader(form.Encode()))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+args[0]+"/20261122/us-east-1/ec2/aws4_request")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("the simulator answered %s", resp.Status)
	}
}
