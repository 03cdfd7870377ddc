package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// call makes one attempt of one call, with a time of its own.
func call[I, O any](ctx context.Context, db *DB, operation string,
	send func(context.Context, *I, ...func(*sdk.Options)) (*O, error), in *I,
) (*O, error) {
	limited, cancel := context.WithTimeout(ctx, db.timeout)
	defer cancel()
	out, err := send(limited, in)
	if err != nil {
		return nil, db.refusal(operation, err)
	}
	return out, nil
}

// harmless makes a call that does the same however often it is made: once, and again
// where the answer did not come or is to be had later.
func harmless[I, O any](ctx context.Context, db *DB, operation string,
	send func(context.Context, *I, ...func(*sdk.Options)) (*O, error), in *I,
) (*O, error) {
	for n := 1; ; n++ {
		out, err := call(ctx, db, operation, send, in)
		if err == nil || refused(err) && !throttled(err) || n == attempts || ctx.Err() != nil {
			return out, err
		}
		pause(ctx, time.Duration(n)*breath)
	}
}

// refusal is a call that failed, in words for people.
type refusal struct {
	text string
	err  error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.err }

func (db *DB) refusal(operation string, err error) error {
	where := fmt.Sprintf("DynamoDB table %q", db.table)
	say := func(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...), err} }
	switch code(err) {
	case "":
		return say("%s: no answer to %s: %s", where, operation, clean(err.Error()))
	case "ResourceNotFoundException":
		return say("%s is not there, or not ready yet; to make it: %s", where, db.create())
	case "AccessDeniedException":
		return say("%s: not allowed to dynamodb:%s; sluice iam-policy prints what is needed (%s)", where, operation, message(err))
	case "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "MissingAuthenticationTokenException":
		return say("%s: AWS does not take the credentials (%s: %s); look at history.dynamodb's profile and role, or the environment", where, code(err), message(err))
	}
	if throttled(err) {
		return say("%s is throttled at %s (%s): with --billing-mode PAY_PER_REQUEST it grows with what is asked of it, and else its capacity has to be raised", where, operation, code(err))
	}
	return say("%s: %s failed: %s: %s", where, operation, clean(code(err)), message(err))
}

// code is DynamoDB's name of an error, or "" when it did not answer.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		if c := api.ErrorCode(); c != "UnknownError" { // the SDK's word for an answer that has none
			return c
		}
	}
	return ""
}

func message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return clean(api.ErrorMessage())
	}
	return ""
}

func throttled(err error) bool {
	switch code(err) {
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "Throttling":
		return true
	}
	return false
}

// conditional reports whether a write was refused for its condition.
func conditional(err error) bool {
	var failed *types.ConditionalCheckFailedException
	return errors.As(err, &failed)
}

// refused reports whether a call certainly had no effect, and never will have one.
func refused(err error) bool {
	var answer *smithyhttp.ResponseError
	return errors.As(err, &answer) && answer.HTTPStatusCode()/100 == 4 && code(err) != ""
}

// clean makes words of others fit for a line of ours.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), 512)], "?"))
}
