package eventqueue_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/seed-6ca89210/sluice/reconcile/eventqueue"
	"github.com/seed-6ca89210/sluice/reconcile/eventqueue/sqsstand"
)

const queueURL = "https://sqs.us-east-1.amazonaws.com/123456789012/sluice"

// change is EventBridge's event of a call.
func change(source, name string) string {
	return fmt.Sprintf(`{"version":"0","id":"1","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"123456789012",
"time":"2026-11-22T10:00:00Z","region":"us-east-1","resources":[],"detail":{"eventVersion":"1.10","eventSource":%q,"eventName":%q,
"requestParameters":{"networkInterfaceId":"eni-1"}}}`, source, name)
}

// reading is a queue that is read in a bubble, and what came of it.
type reading struct {
	stand  *sqsstand.Queue
	hints  int
	counts map[string]int
	log    bytes.Buffer
}

// during reads a queue while f runs.
func during(t *testing.T, f func(r *reading)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &reading{stand: sqsstand.New(queueURL), counts: map[string]int{}}
		q := eventqueue.New(aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}, eventqueue.Options{
			URL: queueURL, Endpoint: "http://sqs", Transport: r.stand, Hint: func() { r.hints++ },
			Count: func(outcome string) { r.counts[outcome]++ }, Log: slog.New(slog.NewTextHandler(&r.log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			q.Run(ctx)
		}()
		f(r)
		cancel()
		<-done // Run ends with its context
	})
}

func TestOnlyACallThatChangesAddressesIsAHint(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		outcome string
	}{
		"an unassign on a gateway":           {change("ec2.amazonaws.com", "UnassignPrivateNatGatewayAddress"), "hint"},
		"an assign on a gateway":             {change("ec2.amazonaws.com", "AssignPrivateNatGatewayAddress"), "hint"},
		"an unassign on an interface":        {change("ec2.amazonaws.com", "UnassignPrivateIpAddresses"), "hint"},
		"an assign on an interface":          {change("ec2.amazonaws.com", "AssignPrivateIpAddresses"), "hint"},
		"another call of EC2":                {change("ec2.amazonaws.com", "RunInstances"), "other"},
		"a call of that name of another":     {change("sqs.amazonaws.com", "AssignPrivateIpAddresses"), "other"},
		"another event":                      {`{"detail-type":"EC2 Instance State-change Notification","detail":{}}`, "other"},
		"no JSON":                            {"look now!", "bad"},
		"JSON of another shape":              {`["detail-type"]`, "bad"},
		"an event whose detail is a text":    {`{"detail-type":"AWS API Call via CloudTrail","detail":"x"}`, "bad"},
		"deep nesting":                       {strings.Repeat("[", 100_000), "bad"},
		"more than EventBridge can send":     {`{"detail-type":"` + strings.Repeat("x", 1<<20) + `"}`, "bad"},
		"a message whose sum does not match": {sqsstand.WrongSum + change("ec2.amazonaws.com", "AssignPrivateIpAddresses"), "bad"},
	} {
		t.Run(name, func(t *testing.T) {
			during(t, func(r *reading) {
				r.stand.Send(c.body)
				time.Sleep(time.Second)
				synctest.Wait()
				if !maps.Equal(r.counts, map[string]int{c.outcome: 1}) || (r.hints == 1) != (c.outcome == "hint") {
					t.Errorf("%v, %d hints", r.counts, r.hints)
				}
				if n := r.stand.Len(); n != 0 {
					t.Errorf("%d messages are left: it would come back", n)
				}
			})
		})
	}
}

func TestAQueueThatIsEmptyIsAskedThreeTimesAMinute(t *testing.T) {
	during(t, func(r *reading) {
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := r.stand.Calls("ReceiveMessage"); n < 29 || n > 32 {
			t.Errorf("%d calls in ten minutes", n)
		}
	})
}

func TestABurstIsReadTenMessagesACallWithinTheRate(t *testing.T) {
	during(t, func(r *reading) {
		for range 1000 {
			r.stand.Send(change("ec2.amazonaws.com", "AssignPrivateIpAddresses"))
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if r.hints != 1000 || r.stand.Len() != 0 {
			t.Errorf("%d hints, %d left", r.hints, r.stand.Len())
		}
		if n := r.stand.Calls("ReceiveMessage"); n < 100 || n > 105 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestAQueueThatCannotBeReadIsAskedLessAndLessAndSaidOnce(t *testing.T) {
	during(t, func(r *reading) {
		r.stand.Fail("AccessDeniedException", "you may\x1b[31m not")
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := r.stand.Calls("ReceiveMessage"); n < 12 || n > 40 {
			t.Errorf("%d calls in an hour", n)
		}
		if n := strings.Count(r.log.String(), "level=WARN"); n != 1 || strings.Contains(r.log.String(), "\x1b") {
			t.Errorf("said %d times: %s", n, r.log.String())
		}
		r.stand.Fail("", "")
		r.stand.Send(change("ec2.amazonaws.com", "AssignPrivateIpAddresses"))
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if r.hints != 1 || !strings.Contains(r.log.String(), "is read again") {
			t.Errorf("%d hints after it was mended: %s", r.hints, r.log.String())
		}
	})
}

func TestAMessageThatWasNotDeletedComesBackAndHarmsNobody(t *testing.T) {
	during(t, func(r *reading) {
		r.stand.FailDeletes(2)
		r.stand.Send(change("ec2.amazonaws.com", "AssignPrivateIpAddresses"))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if r.hints != 3 || r.stand.Len() != 0 || r.counts["failed"] != 2 {
			t.Errorf("%d hints, %d left, %v", r.hints, r.stand.Len(), r.counts)
		}
	})
}

func TestACheckLeavesTheMessageWhereItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stand := sqsstand.New(queueURL)
		stand.Send(change("ec2.amazonaws.com", "AssignPrivateIpAddresses"))
		hinted := false
		q := eventqueue.New(aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}, eventqueue.Options{
			URL: queueURL, Endpoint: "http://sqs", Transport: stand, Hint: func() { hinted = true },
		})
		for range 2 { // a second later it can be read again
			if err := q.Check(t.Context()); err != nil || stand.Len() != 1 || hinted {
				t.Errorf("%v, %d left, hinted %v", err, stand.Len(), hinted)
			}
			time.Sleep(time.Second)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if q.Run(ctx); !hinted || stand.Len() != 0 {
			t.Error("behind the checks the daemon does not find the message")
		}
		stand.Fail("AccessDenied", "no\x1b[31m way")
		if err := q.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "AccessDenied: no?[31m way") {
			t.Errorf("%v", err)
		}
	})
}
