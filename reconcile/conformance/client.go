package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	"golang.org/x/time/rate"
)

// Config says where to ask, and as whom.
type Config struct {
	AWS       aws.Config        // Region and credentials
	Endpoint  string            // http(s) URL of EC2; AWS's own when empty
	Transport http.RoundTripper // in place of the network; for tests

	VPC    string        // vpc-…; all happens in it
	Subnet string        // in that VPC; the one with the most free addresses when empty
	Drain  time.Duration // MaxDrainDurationSeconds of the question how long an idle drain takes, whole seconds; 1m when zero
	Run    string        // the run's id (see [NewRun]), the value of the tag; [Left] and [Clean] do not read it

	Say func(text string) // told what is being done; may be nil

	// Faster is how many times as fast as ours EC2's clock runs: for simulators. 1 when zero.
	Faster int
}

// client speaks to EC2 through the fence.
type client struct {
	api   operations
	fence *fence
	nat   *rate.Limiter // AWS gives ten calls, and one a second

	faster time.Duration // a factor: pauses are so much shorter
}

const (
	callTimeout = 20 * time.Second
	// Half of AWS's bucket, so that somebody else in the account finds tokens too.
	natBurst = 5
)

func newClient(cfg Config) *client {
	next := cfg.Transport
	if next == nil {
		next = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, DisableKeepAlives: true}
	}
	faster := max(1, cfg.Faster)
	c := &client{faster: time.Duration(faster), fence: &fence{run: cfg.Run, next: next, mine: map[string]bool{}}, nat: rate.NewLimiter(rate.Limit(faster), natBurst)}
	c.api = operationsOf(awsec2.NewFromConfig(cfg.AWS, func(o *awsec2.Options) {
		if cfg.Endpoint != "" {
			o.BaseEndpoint = aws.String(cfg.Endpoint)
		}
		o.Retryer = aws.NopRetryer{} // what is asked again is asked again below, and seen
		o.HTTPClient = &http.Client{Transport: c.fence, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}))
	return c
}

// accepted is the answer of a call that was carried out.
const accepted = "accepted"

// errNoAnswer is a call of which nobody knows whether it was carried out.
var errNoAnswer = errors.New("no answer")

// attempts bounds how often a call is made that EC2 throttled, or a read that failed.
const attempts = 6

// call makes one call that changes something. EC2's error code is an answer: the error says that there was
// none. A throttled call did nothing, and is made again.
func call[I, O any](ctx context.Context, c *client, nat bool, send func(context.Context, *I, ...func(*awsec2.Options)) (*O, error), in *I) (out *O, code string, err error) {
	for n := range attempts {
		if nat {
			if err := c.nat.Wait(ctx); err != nil {
				return nil, "", err
			}
		}
		out, err = timed(ctx, send, in)
		code = codeOf(err)
		if code != "RequestLimitExceeded" || n == attempts-1 {
			break
		}
		if err := c.pause(ctx, time.Duration(1<<n)*time.Second); err != nil {
			return nil, "", err
		}
	}
	switch {
	case err == nil:
		return out, accepted, nil
	case code != "":
		return nil, code, nil
	}
	return nil, "", fmt.Errorf("%w: %.300s", errNoAnswer, err.Error())
}

// timed makes one attempt.
func timed[I, O any](ctx context.Context, send func(context.Context, *I, ...func(*awsec2.Options)) (*O, error), in *I) (*O, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return send(ctx, in)
}

// read makes one read, again and again where that may help.
func read[I, O any](ctx context.Context, c *client, send func(context.Context, *I, ...func(*awsec2.Options)) (*O, error), in *I) (out *O, err error) {
	for n := range attempts {
		if out, err = timed(ctx, send, in); err == nil || codeOf(err) == "UnauthorizedOperation" {
			break
		}
		if stopped := c.pause(ctx, time.Duration(1<<n)*time.Second); stopped != nil {
			return nil, stopped
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%.300s", err.Error())
	}
	return out, nil
}

// codeOf is EC2's error code, or "" where EC2 said nothing that counts as an answer.
func codeOf(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	switch code := api.ErrorCode(); code {
	case "InternalError", "InternalFailure", "Unavailable", "ServiceUnavailable", "UnknownError":
		return ""
	default:
		return code
	}
}

// since is how long ago something was by EC2's clock.
func (c *client) since(began time.Time) time.Duration { return time.Since(began) * c.faster }

// pause waits, unless ctx ends first.
func (c *client) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d / c.faster)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
