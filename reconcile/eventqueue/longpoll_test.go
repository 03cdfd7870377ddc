package eventqueue

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

func TestALongPollIsNotCutOffByTheClientOfOtherCalls(t *testing.T) {
	q := New(aws.Config{Region: "us-east-1", HTTPClient: awshttp.NewBuildableClient().WithTimeout(15 * time.Second)}, Options{URL: "https://sqs.us-east-1.amazonaws.com/1/q"})
	client, ok := q.api.Options().HTTPClient.(interface{ GetTimeout() time.Duration })
	if !ok || client.GetTimeout() <= longPoll {
		t.Errorf("%T waits too short", q.api.Options().HTTPClient)
	}
}
