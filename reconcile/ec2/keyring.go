package ec2

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"
)

// keyring gives credentials, and knows which it gave: an endpoint or a proxy may repeat in
// its answer what it was sent, and no line of ours must. Its errors are known from failures
// of the call itself: an AccessDenied of STS is not one of EC2.
type keyring struct {
	provider aws.CredentialsProvider

	mu    sync.Mutex
	given []string // secrets, the newest last
}

// remembered is how many secrets are known: keys that were renewed may still be in an
// answer to a call that was signed with the ones before.
const remembered = 8

type credentialsError struct{ error }

func (e *credentialsError) Unwrap() error { return e.error }

// Retrieve implements [aws.CredentialsProvider].
func (k *keyring) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := k.provider.Retrieve(ctx)
	if err != nil {
		return creds, &credentialsError{err}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, secret := range []string{creds.SecretAccessKey, creds.SessionToken} {
		if secret != "" && !slices.Contains(k.given, secret) {
			k.given = append(k.given, secret)
		}
	}
	k.given = k.given[max(0, len(k.given)-remembered):]
	return creds, nil
}

// signature is what an Authorization header proves the key with (AWS Signature Version 4).
var signature = regexp.MustCompile(`Signature=[0-9A-Za-z]+`)

// text makes a printable line of what others say, without secrets.
func (k *keyring) text(of string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, secret := range k.given {
		of = strings.ReplaceAll(of, secret, "***")
	}
	return cut(signature.ReplaceAllString(of, "Signature=***"))
}

// quiet is a provider whose errors repeat nothing of what should have held the keys, as
// the SDK's do when they cannot read it: what a credential_process printed, or an answer of
// STS. Keys that are empty are an error too.
type quiet struct{ aws.CredentialsProvider }

func (q quiet) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := q.CredentialsProvider.Retrieve(ctx)
	var process *processcreds.ProviderError
	var unread *smithy.DeserializationError
	var syntax *xml.SyntaxError // of an answer that is a refusal
	switch {
	case errors.As(err, &process):
		inner := error(process)
		for next := inner; next != nil; next = errors.Unwrap(next) {
			inner = next
		}
		return creds, fmt.Errorf("the profile's credential_process gave none: %w", inner)
	case errors.As(err, &unread), errors.As(err, &syntax):
		return creds, errors.New("the answer that should hold them cannot be read")
	case err == nil && !creds.HasKeys():
		return creds, errors.New("what was given has no keys")
	}
	return creds, err
}
