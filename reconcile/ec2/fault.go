package ec2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// fault says what a failed call means. A call of which nothing can have been
// sent is never in doubt; a call that may have been sent is, unless EC2 said
// what became of it.
func (c *Client) fault(operation string, x *exchange, err error) *inventory.Fault {
	f := &inventory.Fault{Operation: operation}
	refused := (*refusal)(nil) // by the guard, where there was a connection already
	if !x.sent.Load() || errors.As(err, &refused) {
		c.describeUnsent(f, x, err)
		return f
	}
	status := 0
	f.RequestID = x.requestID
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		status = resp.HTTPStatusCode()
		if resp.RequestID != "" {
			f.RequestID = resp.RequestID
		}
	}
	f.RequestID = c.keys.text(f.RequestID)
	var api smithy.APIError
	switch coded := errors.As(err, &api); {
	case coded && bareCode(api.ErrorCode()) != codeUnknown:
		f.Class, f.Code = classOfCode(api.ErrorCode()), c.keys.text(bareCode(api.ErrorCode()))
		f.Message = c.keys.text(api.ErrorMessage()) + advice(f)
	case coded: // an answer, but nothing in it that EC2 says
		f.Class = classOfStatus(status)
		f.Message = fmt.Sprintf("HTTP status %d without an EC2 error code", status) + statusAdvice(status) + advice(f)
	default:
		f.Class = inventory.ClassLost
		f.Message = c.textOf(x, err) + advice(f)
	}
	return f
}

// describeUnsent fills in f for a call of which nothing left this process.
func (c *Client) describeUnsent(f *inventory.Fault, x *exchange, err error) {
	f.Class = inventory.ClassNotSent
	var refused *refusal
	var creds *credentialsError
	switch {
	case errors.As(err, &refused):
		f.Message = "not sent: " + refused.reason
	case x.caller.Err() != nil:
		f.Message = fmt.Sprintf("not sent: the work was stopped first (%v)", context.Cause(x.caller))
	case errors.As(err, &creds):
		f.Class = inventory.ClassCredentials
		var api smithy.APIError
		if errors.As(err, &api) { // of STS or SSO
			f.Code = c.keys.text(bareCode(api.ErrorCode()))
		}
		f.Message = fmt.Sprintf("no usable AWS credentials (%s); set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "+
			"or profile or roleArn of target %q, or run where AWS provides a role", c.textOf(x, creds.error), c.target)
	case errors.Is(err, errNoRoom): // nothing is wrong with the way to EC2
		f.Message = fmt.Sprintf("not sent: %v; to be tried again later", errNoRoom)
	default:
		f.Message = fmt.Sprintf("not sent: %s; check the endpoint, the network and the proxy settings", c.textOf(x, err))
	}
}

// textOf is the core of an error, without the SDK's wrappings.
func (c *Client) textOf(x *exchange, err error) string {
	if x.timedOut {
		return fmt.Sprintf("no answer within %s", c.timeout)
	}
	if x.caller.Err() != nil {
		return fmt.Sprintf("the work was stopped before the answer came (%v)", context.Cause(x.caller))
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return c.keys.text(api.ErrorCode() + ": " + api.ErrorMessage())
	}
	var link *url.Error
	if errors.As(err, &link) {
		return c.keys.text(fmt.Sprintf("%s: %v", stripUser(link.URL), link.Err))
	}
	var bad *smithy.DeserializationError
	if errors.As(err, &bad) && bad.Err != nil {
		return c.keys.text("the answer cannot be read: " + bad.Err.Error())
	}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.HTTPStatusCode() != 0 { // an error answer that is no XML
		return c.keys.text(fmt.Sprintf("the answer with HTTP status %d cannot be read: %v", resp.HTTPStatusCode(), resp.Err))
	}
	var wrapped *smithy.OperationError
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return c.keys.text(err.Error())
}

// stripUser takes the user information out of an URL, whatever it looks like.
func stripUser(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "the endpoint"
	}
	u.User = nil
	return u.String()
}

// advice says what to do about a fault whose class came from an answer, or from
// the lack of one.
func advice(f *inventory.Fault) string {
	switch f.Class {
	case inventory.ClassUnauthorized:
		return fmt.Sprintf("; allow ec2:%s for this principal, in its IAM policy and whatever bounds it", f.Operation)
	case inventory.ClassCredentials:
		return "; renew the AWS credentials, and check the clock and the Region"
	case inventory.ClassThrottled:
		return "; to be tried again later"
	case inventory.ClassBusy:
		return "; another change of the resource is in progress, wait for it"
	case inventory.ClassNotFound:
		return "; check the id, the account and the Region"
	case inventory.ClassLost:
		if mutating(f.Operation) {
			return "; whether it took effect shows when EC2 is looked at again"
		}
		return "; to be read again later"
	}
	switch f.Code {
	case "InvalidAction", "UnknownOperationException", "NotImplemented":
		return fmt.Sprintf("; this endpoint does not offer %s", f.Operation)
	}
	return ""
}

func statusAdvice(status int) string {
	switch {
	case status >= 300 && status < 400:
		return "; the endpoint redirects, and calls are not sent twice: set the endpoint to where it points"
	case status == http.StatusProxyAuthRequired:
		return "; check the proxy settings"
	case status == http.StatusNotImplemented:
		return "; this endpoint does not offer the call"
	}
	return "; it may come from a proxy: check the endpoint"
}

// cut makes one printable line of at most 200 characters: error texts come from
// outside, and an encoded authorization message is thousands long.
func cut(text string) string {
	const limit = 200
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > limit {
			return b.String() + "…"
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}
