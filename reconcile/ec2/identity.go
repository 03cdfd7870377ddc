package ec2

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// Identity is whom AWS takes the credentials of a target for.
type Identity struct {
	Partition string // aws, aws-cn, aws-us-gov, …
	Region    string // of the configuration: STS does not say one
	Account   string // 12 digits
	ARN       string // of the principal, as STS names it
}

// ErrElsewhere is the error of asking STS or IAM for a target whose EC2 endpoint is
// not AWS's own: its credentials must not be shown to AWS.
var ErrElsewhere = errors.New("the EC2 endpoint is not AWS's own, and nothing says where its STS is; set AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_STS to ask it")

// Identify asks STS who the credentials of cfg are (GetCallerIdentity), which needs no
// permission. The error is [ErrElsewhere], or names the setting that cannot work, or is
// what STS, or the way to it, said within cfg.CallTimeout.
func Identify(ctx context.Context, cfg Config) (Identity, error) {
	loaded, err := cfg.ready(ctx)
	if err != nil {
		return Identity{}, err
	}
	client := sts.NewFromConfig(loaded, func(o *sts.Options) { o.RetryMaxAttempts = 2 })
	if client.Options().BaseEndpoint == nil && !ofAWS(cfg.Endpoint) {
		return Identity{}, ErrElsewhere
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.CallTimeout)
	defer cancel()
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		return Identity{}, fmt.Errorf("STS: %s: %s", cut(api.ErrorCode()), cut(api.ErrorMessage()))
	case err != nil:
		var link *url.Error
		if errors.As(err, &link) { // without the SDK's wrappings
			err = fmt.Errorf("%s: %w", stripUser(link.URL), link.Err)
		}
		return Identity{}, fmt.Errorf("STS: %s", cut(err.Error()))
	}
	who, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil {
		return Identity{}, fmt.Errorf("STS names no principal that can be read: %q", cut(aws.ToString(out.Arn)))
	}
	return Identity{Partition: who.Partition, Region: loaded.Region, Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn)}, nil
}

// ready checks cfg and loads the SDK's environment.
func (c *Config) ready(ctx context.Context) (aws.Config, error) {
	if c.CallTimeout == 0 {
		c.CallTimeout = defaultCallTimeout
	}
	if err := c.check(); err != nil {
		return aws.Config{}, err
	}
	return c.load(ctx)
}

// ofAWS reports whether an endpoint is one of AWS's, as "" is.
func ofAWS(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err != nil {
		return endpoint == ""
	}
	host := u.Hostname()
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") || strings.HasSuffix(host, ".api.aws")
}

// Partition is the partition that a Region lies in, by its name.
func Partition(region string) string {
	for prefix, partition := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "us-isof-": "aws-iso-f", "eu-isoe-": "aws-iso-e", "eusc-": "aws-eusc"} {
		if strings.HasPrefix(region, prefix) {
			return partition
		}
	}
	return "aws"
}

// Region is the Region that cfg leads to: its own, or the SDK's environment's. The error
// says that there is none, or which setting cannot be used. Nothing is sent.
func Region(ctx context.Context, cfg Config) (string, error) {
	loaded, err := cfg.ready(ctx)
	return loaded.Region, err
}
