package ec2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Client observes and changes one target. It is safe for concurrent use; its
// token buckets are shared by all its callers, so make one Client for each
// account and Region.
type Client struct {
	target  string
	timeout time.Duration
	onCall  func(context.Context, Attempt)
	api     operations
	rates   rates
	keys    *keyring
	http    *http.Client
}

// readAttempts bounds the attempts of a read, the first included.
const readAttempts = 4

// New makes a client. It reads the SDK's configuration but sends nothing: wrong
// credentials show at the first call, as [inventory.ClassCredentials]. Its errors
// name the target and the setting to change.
func New(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.CallTimeout == 0 {
		cfg.CallTimeout = defaultCallTimeout
	}
	if cfg.OnCall == nil {
		cfg.OnCall = func(context.Context, Attempt) {}
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("target %q: %w", cfg.Target, err)
	}
	loaded, err := cfg.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", cfg.Target, err)
	}
	c := &Client{
		target: cfg.Target, timeout: cfg.CallTimeout, onCall: cfg.OnCall, rates: newRates(), keys: &keyring{provider: loaded.Credentials},
		http: newHTTPClient(cfg, loaded.HTTPClient),
	}
	api := awsec2.NewFromConfig(loaded, func(o *awsec2.Options) {
		if cfg.Endpoint != "" {
			o.BaseEndpoint = aws.String(cfg.Endpoint)
		}
		o.Credentials = c.keys
		o.HTTPClient = c.http
		// Set here, so that AWS_RETRY_MODE and AWS_MAX_ATTEMPTS cannot.
		o.RetryMaxAttempts = 0
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = readAttempts, 5*time.Second
			// Nobody listens: a person waits for this answer, and the loop asks again.
			o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				if errors.Is(err, syscall.ECONNREFUSED) {
					return aws.FalseTernary
				}
				return aws.UnknownTernary
			})}, o.Retryables...)
		})
		o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKey("sluice"), c.addAttempt)
	})
	if base := api.Options().BaseEndpoint; base != nil { // it may come from the environment
		if err := checkEndpoint(*base); err != nil {
			return nil, fmt.Errorf("target %q: %w", cfg.Target, err)
		}
	}
	c.api = operationsOf(api)
	return c, nil
}

// Close ends the connections that are kept for reads, when the last call is over: else
// they would stay for as long as EC2, or the transport, keeps an idle one.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// newHTTPClient puts the guard around cfg's transport, or around ones made from
// the SDK's, which know AWS_CA_BUNDLE and the proxy settings.
func newHTTPClient(cfg Config, sdk aws.HTTPClient) *http.Client {
	g := &guard{mode: cfg.Mode, reads: cfg.Transport, once: cfg.Transport}
	if cfg.Transport == nil {
		g.reads, g.once = newTransports(sdk)
		g.reportsConns = true
	}
	return &http.Client{
		Transport: g,
		// The SDK would follow 307 and 308 and so send a call again.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// exchange is what one operation learnt on its way: whether anything can have
// reached EC2, and EC2's name for the request.
type exchange struct {
	sent      atomic.Bool
	requestID string        // of the last attempt; empty: no answer named it
	timedOut  bool          // an attempt ran into CallTimeout
	date      time.Time     // when EC2 says that it answered; zero: it did not
	skew      time.Duration // how far that is ahead of our own clock
	caller    context.Context
}

type exchangeKey struct{}

// exchangeOf returns the exchange of ctx, or a fresh one that nobody reads.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{caller: ctx}
}

// call makes one SDK call. A failure comes back as a Fault. The exchange is never nil: it
// holds the request id of a success too.
func call[I, O any](ctx context.Context, c *Client, operation string,
	send func(context.Context, *I, ...func(*awsec2.Options)) (*O, error), in *I, options ...func(*awsec2.Options),
) (*O, *exchange, *inventory.Fault) {
	x := &exchange{caller: ctx}
	if mutating(operation) {
		// One attempt: EC2 has no client token here, so a second one could
		// do the work twice.
		options = append(options, func(o *awsec2.Options) { o.Retryer = aws.NopRetryer{} })
	}
	out, err := send(context.WithValue(ctx, exchangeKey{}, x), in, options...)
	if err != nil {
		return nil, x, c.fault(operation, x, err)
	}
	return out, x, nil
}

// under says in the User-Agent of a call which lease it is made under, so that EC2's own
// log of calls tells replicas apart.
func under(epoch uint64) func(*awsec2.Options) {
	return func(o *awsec2.Options) {
		if epoch > 0 {
			o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKeyValue("sluice-epoch", strconv.FormatUint(epoch, 10)))
		}
	}
}

// addAttempt puts attempt inside the SDK's retry loop.
func (c *Client) addAttempt(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("sluiceAttempt", c.attempt), "Retry", middleware.After)
}

// attempt waits for a token, then gives the attempt its deadline. It stands inside the
// SDK's retries, not around them: every request takes a token, so that retries keep to
// EC2's rate too, and waiting for one costs nothing of the answer's time.
func (c *Client) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	operation, x := awsmiddleware.GetOperationName(ctx), exchangeOf(ctx)
	x.requestID = "" // an earlier attempt's is no name for this one
	if err := c.rates.wait(ctx, operation); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	started := time.Now()
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	out, metadata, err := next.HandleFinalize(limited, in)
	if x.timedOut = err != nil && limited.Err() != nil && ctx.Err() == nil; x.timedOut {
		// The SDK would try a time-out again when it came late in the answer.
		// One silent endpoint must not hold up its target for so long.
		err = &smithy.CanceledError{Err: err}
	}
	code := ""
	if err != nil {
		f := c.fault(operation, x, err)
		if code = f.Code; code == "" {
			code = string(f.Class)
		}
	}
	c.onCall(ctx, Attempt{Operation: operation, Code: code, RequestID: c.keys.text(x.requestID), Began: started, Took: time.Since(started)})
	return out, metadata, err
}
