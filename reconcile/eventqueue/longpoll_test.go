package eventqueue

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// ofCalls is what the SDK loads for calls: a short time, and connections that are not kept.
func ofCalls() aws.Config {
	return aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(15 * time.Second).
			WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true }),
	}
}

func TestALongPollIsNotCutOffByTheClientOfOtherCalls(t *testing.T) {
	q := New(ofCalls(), Options{URL: "https://sqs.us-east-1.amazonaws.com/1/q"})
	client, ok := q.api.Options().HTTPClient.(*http.Client)
	if !ok || client.Timeout <= longPoll {
		t.Errorf("%T waits too short", q.api.Options().HTTPClient)
	}
}

// Polls share a connection, and each is closed in the end. On a busy machine it may be more
// than one: net/http gives up a connection of which it does not hear within 50 ms of the
// answer that the request was written (maxWriteWaitBeforeConnReuse).
func TestConnectionsServeManyPollsAndEndWithThem(t *testing.T) {
	var opened, polls atomic.Int32
	closed := make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if polls.Add(1) < 20 {
			_, _ = rw.Write([]byte(`{}`))
			return
		}
		_, _ = rw.Write([]byte(`{"Messages": [{"Body": "the last", "ReceiptHandle": "1"}]}`))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
		case http.StateClosed:
			closed <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	New(ofCalls(), Options{URL: server.URL + "/1/q", Endpoint: server.URL, Count: func(string) { cancel() }}).Run(ctx)
	for range opened.Load() {
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Fatal("a connection is still open")
		}
	}
	if opened.Load() > polls.Load()/2 {
		t.Errorf("%d polls took %d connections", polls.Load(), opened.Load())
	}
}
