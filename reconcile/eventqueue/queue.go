package eventqueue

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/time/rate"
)

const (
	longPoll     = 20 * time.Second // what SQS allows at most
	callTimeout  = longPoll + 10*time.Second
	mostMessages = 10 // of one answer; SQS allows no more
	perSecond    = 5  // calls, for a queue that is full or does not wait
	firstBackOff = time.Second
	lastBackOff  = 5 * time.Minute
)

// Options say which queue, and what to do with it. URL and Hint are required.
type Options struct {
	URL       string               // the queue's, as SQS shows it: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME
	Endpoint  string               // http(s) URL; empty: AWS's, or AWS_ENDPOINT_URL
	Transport http.RoundTripper    // in place of the network; nil: the SDK's
	Hint      func()               // called for each message that tells of a change; must not block
	Count     func(outcome string) // told of each message and each failed call; may be nil
	Log       *slog.Logger         // nil: nothing is logged
}

// Queue reads one queue.
type Queue struct {
	opts Options
	api  *sqs.Client
	rate *rate.Limiter
	kept *http.Client // closes its connections when Run ends
}

// New makes a reader from what the SDK loaded. It sends nothing.
func New(cfg aws.Config, opts Options) *Queue {
	if opts.Count == nil {
		opts.Count = func(string) {}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	q := &Queue{opts: opts, rate: rate.NewLimiter(perSecond, perSecond), kept: httpClient(cfg, opts)}
	q.api = sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		if opts.Endpoint != "" {
			o.BaseEndpoint = aws.String(opts.Endpoint)
		}
		o.HTTPClient = q.kept
		// One message whose sum is wrong would fail every answer that it is part of,
		// and could not be deleted. Nothing of a message is trusted anyway.
		o.DisableMessageChecksumValidation = true
		o.RetryMaxAttempts = 0
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { // Run has its own patience
			o.MaxAttempts, o.RateLimiter = 1, ratelimit.None
		})
		o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKey("sluice"))
	})
	return q
}

// httpClient keeps its connection between two polls, and waits longer for an answer than
// the SDK's, whose transport it has.
func httpClient(cfg aws.Config, opts Options) *http.Client {
	c := &http.Client{
		Transport: opts.Transport, Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if c.Transport == nil {
		sdk, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
		if !ok {
			sdk = awshttp.NewBuildableClient()
		}
		kept := sdk.GetTransport()
		kept.DisableKeepAlives = false
		c.Transport = kept
	}
	return c
}

// Run reads until ctx ends. It never gives up: a queue that cannot be read is logged
// once, and asked again after a second, doubling to five minutes.
func (q *Queue) Run(ctx context.Context) {
	defer q.kept.CloseIdleConnections()
	pause, said := firstBackOff, ""
	for ctx.Err() == nil {
		err := q.receive(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			if said != "" {
				q.opts.Log.Info("the queue of events is read again")
			}
			pause, said = firstBackOff, ""
			continue
		}
		q.opts.Count("failed")
		if text := clean(err); text != said {
			said = text
			q.opts.Log.Warn("the queue of events was not read; drift is found by schedule until it is", "error", text)
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2)) // replicas do not all ask at once
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		pause = min(2*pause, lastBackOff)
	}
}

// Check asks for a message and leaves it there, hidden for a second, so that it learns
// whether the queue may be read. Whether deleting is allowed it does not learn. The error
// is what SQS, or the way to it, said, in one line.
func (q *Queue) Check(ctx context.Context) error {
	_, err := q.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(q.opts.URL), MaxNumberOfMessages: 1, VisibilityTimeout: 1, // 0 would be the queue's own
	})
	if err != nil {
		return errors.New(clean(err))
	}
	return nil
}

// receive reads what is there, or waits for it, and deletes it.
func (q *Queue) receive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := q.rate.Wait(ctx); err != nil {
		return err
	}
	out, err := q.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(q.opts.URL), MaxNumberOfMessages: mostMessages, WaitTimeSeconds: int32(longPoll / time.Second),
	})
	if err != nil || len(out.Messages) == 0 {
		return err
	}
	in := sqs.DeleteMessageBatchInput{QueueUrl: aws.String(q.opts.URL)}
	for i, m := range out.Messages {
		outcome := judge(aws.ToString(m.Body))
		if outcome == outcomeHint {
			q.opts.Hint()
		}
		q.opts.Count(outcome)
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	deleted, err := q.api.DeleteMessageBatch(ctx, &in)
	if err != nil {
		return err
	}
	if len(deleted.Failed) > 0 {
		return errors.New("SQS did not delete a message that was read: " + aws.ToString(deleted.Failed[0].Code))
	}
	return nil
}
