package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"
	"golang.org/x/time/rate"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

const (
	perSecond   = 1 // of the two that AWS allows (AWS CloudTrail API Reference, LookupEvents)
	mostPages   = 2 // of fifty events each, the newest first
	callTimeout = 15 * time.Second
)

// Options say how to reach CloudTrail.
type Options struct {
	Endpoint  string            // http(s) URL; empty: AWS's, or AWS_ENDPOINT_URL
	Transport http.RoundTripper // in place of the network; nil: the SDK's
}

// Client asks one account and Region. It is safe for concurrent use.
type Client struct {
	api  *cloudtrail.Client
	rate *rate.Limiter
}

// New makes a client from what the SDK loaded for a target. It sends nothing.
func New(cfg aws.Config, opts Options) *Client {
	return &Client{rate: rate.NewLimiter(perSecond, 1), api: cloudtrail.NewFromConfig(cfg, func(o *cloudtrail.Options) {
		if opts.Endpoint != "" {
			o.BaseEndpoint = aws.String(opts.Endpoint)
		}
		if opts.Transport != nil {
			o.HTTPClient = &http.Client{Transport: opts.Transport}
		}
		o.RetryMaxAttempts = 0
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { // who asks asks again later
			o.MaxAttempts, o.RateLimiter = 1, ratelimit.None
		})
		o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKey("sluice"))
	})}
}

// Calls lists the calls that changed addresses, the newest first, as far as they stand
// in the two newest pages of the answer. Its error is an [inventory.Fault]; of
// ClassUnauthorized when cloudtrail:LookupEvents is missing, and of ClassLost when there
// was no answer, or no time left to ask. An answer in parts is none.
func (c *Client) Calls(ctx context.Context, q inventory.TrailQuery) ([]inventory.TrailEvent, error) {
	by := types.LookupAttribute{AttributeKey: types.LookupAttributeKeyResourceName, AttributeValue: aws.String(q.ResourceID)}
	if q.ResourceID == "" {
		by = types.LookupAttribute{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: aws.String(q.Operation)}
	}
	in := cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{by}, MaxResults: aws.Int32(50),
		StartTime: aws.Time(q.Since), EndTime: aws.Time(q.Until),
	}
	var list []inventory.TrailEvent
	for range mostPages {
		out, err := c.page(ctx, &in)
		if err != nil {
			return nil, fault(err)
		}
		for _, e := range out.Events {
			if event, ok := parse(aws.ToString(e.CloudTrailEvent)); ok {
				list = append(list, event)
			}
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	return list, nil
}

func (c *Client) page(ctx context.Context, in *cloudtrail.LookupEventsInput) (*cloudtrail.LookupEventsOutput, error) {
	if err := c.rate.Wait(ctx); err != nil {
		return nil, fmt.Errorf("one lookup a second leaves no room before the deadline: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.api.LookupEvents(ctx, in)
}

// fault says what a failed lookup means. Nothing was changed by it in any case.
func fault(err error) error {
	f := &inventory.Fault{Operation: "LookupEvents", Class: inventory.ClassLost, Message: clean(err.Error(), 512)}
	var api smithy.APIError
	if errors.As(err, &api) {
		f.Class, f.Code, f.Message = inventory.ClassRefused, clean(api.ErrorCode(), 128), clean(api.ErrorMessage(), 512)
		switch api.ErrorCode() {
		case "AccessDeniedException", "AccessDenied", "UnauthorizedOperation":
			f.Class = inventory.ClassUnauthorized
		case "ThrottlingException", "Throttling", "TooManyRequestsException":
			f.Class = inventory.ClassThrottled
		}
	}
	return f
}
