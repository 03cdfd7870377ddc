package ec2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// Config says which account and Region to work in, and how. Only Target is
// required; what is empty comes from the AWS SDK's own environment (AWS_REGION,
// AWS_PROFILE, AWS_ENDPOINT_URL, the shared config file, …).
type Config struct {
	Target   string // the name of the target, for messages and inventories
	Region   string // such as us-east-1
	Profile  string // of the shared config file
	RoleARN  string // a role to assume with the credentials found; empty: none
	Endpoint string // http(s) URL of EC2; STS has AWS_ENDPOINT_URL_STS

	// Mode is observe, dry-run or apply; empty is observe. The client refuses
	// to send what its mode forbids.
	Mode string

	// Simulated says that Endpoint is a simulator: made-up credentials are used, and
	// nothing of the machine's AWS configuration is read.
	Simulated bool

	// Transport replaces the network for EC2, whole: nothing is sent twice by
	// it. Nil is HTTP/1.1 over TCP.
	Transport http.RoundTripper

	// CallTimeout bounds each attempt of a call, waiting for its turn in the
	// token bucket not included; 15 seconds when zero.
	CallTimeout time.Duration

	// OnCall, when set, is told of every attempt, with the context that the call was
	// made with. It may be called by several goroutines.
	OnCall func(ctx context.Context, a Attempt)
}

// Attempt is one request to EC2 and how it ended.
type Attempt struct {
	Operation string        // of the API, such as DescribeNatGateways
	Code      string        // EC2's error code, or the class of the failure when there was none; empty: success
	RequestID string        // EC2's; empty when there was no answer
	Began     time.Time     // when it had its token
	Took      time.Duration // until the answer was read, or the attempt given up
}

// The modes.
const (
	modeObserve = "observe"
	modeDryRun  = "dry-run"
	modeApply   = "apply"
)

const (
	defaultCallTimeout = 15 * time.Second

	// Temporary credentials are renewed this long before they end, so that
	// they do not end between a plan and its calls.
	expiryWindow = 5 * time.Minute
)

// check refuses settings that cannot work, before anything is read or sent. Its errors
// name the setting and repeat no password.
func (c Config) check() error {
	switch c.Mode {
	case "", modeObserve, modeDryRun, modeApply:
	default:
		return fmt.Errorf("mode %q is not known; use observe, dry-run or apply", cut(c.Mode))
	}
	if c.CallTimeout < 0 {
		return fmt.Errorf("call timeout %s is negative", c.CallTimeout)
	}
	if c.RoleARN != "" {
		if a, err := arn.Parse(c.RoleARN); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
			return fmt.Errorf("roleArn %q is no role; write it as arn:aws:iam::ACCOUNT:role/NAME", cut(c.RoleARN))
		}
	}
	return checkEndpoint(c.Endpoint)
}

// checkEndpoint accepts "" too. It never repeats an URL that holds a password.
func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return errors.New("the EC2 endpoint is not an URL; write it as https://HOST[:PORT]")
	}
	if u.User != nil {
		return errors.New("the EC2 endpoint holds a user name or password; remove it: EC2 requests are signed instead")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("the EC2 endpoint %q is not usable; write it as https://HOST[:PORT]", cut(endpoint))
	}
	return nil
}

func checkRegion(region string) error {
	if region == "" {
		return errors.New("no AWS Region; set AWS_REGION, or region for the target, or region in the AWS profile")
	}
	odd := strings.Trim(region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
	if odd != "" || len(region) > 63 {
		return fmt.Errorf("%q is no AWS Region; write one such as us-east-1", cut(region))
	}
	return nil
}

// load reads the SDK's environment, with c's settings over it. It touches no
// network: credentials are fetched when the first call needs them.
func (c Config) load(ctx context.Context) (aws.Config, error) {
	if c.Simulated {
		made := credentials.NewStaticCredentialsProvider("simulated", "simulated", "")
		return aws.Config{Region: c.Region, Credentials: made, HTTPClient: awshttp.NewBuildableClient()}, checkRegion(c.Region)
	}
	options := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // the SDK would write to standard error
		// For STS, SSO and the metadata service: EC2 has a client of its own. They are asked
		// once an hour, and nobody could close a connection that the SDK keeps for them.
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(c.CallTimeout).
			WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true })),
		config.WithCredentialsCacheOptions(renewEarly),
	}
	if c.Region != "" {
		options = append(options, config.WithRegion(c.Region))
	}
	if c.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.Profile))
	}
	// Loaded twice, because the metadata client wants the settings that the
	// first load finds. It must not fall back to IMDSv1.
	base, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("the AWS configuration cannot be used: %s; check AWS_PROFILE, AWS_CONFIG_FILE and the profile of the target", cut(err.Error()))
	}
	options = append(options, config.WithEC2RoleCredentialOptions(func(o *ec2rolecreds.Options) {
		o.Client = imds.NewFromConfig(base, func(o *imds.Options) { o.EnableFallback = aws.FalseTernary })
	}))
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("the AWS configuration cannot be used: %s", cut(err.Error()))
	}
	loaded.Credentials = quiet{loaded.Credentials}
	if c.RoleARN != "" {
		role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(loaded), c.RoleARN,
			func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "sluice" })
		loaded.Credentials = quiet{aws.NewCredentialsCache(role, renewEarly)}
	}
	return loaded, checkRegion(loaded.Region)
}

func renewEarly(o *aws.CredentialsCacheOptions) {
	o.ExpiryWindow = expiryWindow
	o.ExpiryWindowJitterFrac = 0.5 // replicas do not all renew at once
}
