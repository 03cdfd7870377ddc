package ec2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Credentials finds AWS credentials as New does, for another service than EC2: the
// Region, the profile and the role of cfg count. The function that it returns gives
// keys that are good for minutes more; they are renewed when they must be.
//
// The error is of settings that cannot work: it names the one to change, and nothing
// was sent. The function's error says that nobody gave credentials, and what to set;
// the next call asks again.
func Credentials(ctx context.Context, cfg Config) (func(context.Context) (id, secret, token string, err error), error) {
	if cfg.CallTimeout == 0 {
		cfg.CallTimeout = defaultCallTimeout
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	loaded, err := cfg.load(ctx)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (id, secret, token string, err error) {
		keys, err := loaded.Credentials.Retrieve(ctx)
		if err != nil {
			return "", "", "", fmt.Errorf("no usable AWS credentials (%s); set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run where there is a role", cut(err.Error()))
		}
		return keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken, nil
	}, nil
}

// Settings is the SDK's configuration as New finds it, for clients of other services
// in the same account and Region: the Region, the profile and the role of cfg count,
// its endpoint and its transport are EC2's alone. Its HTTP client keeps no connection.
// Nothing is sent. An error names the target and the setting to change.
func Settings(ctx context.Context, cfg Config) (aws.Config, error) {
	if cfg.CallTimeout == 0 {
		cfg.CallTimeout = defaultCallTimeout
	}
	if err := cfg.check(); err != nil {
		return aws.Config{}, fmt.Errorf("target %q: %w", cfg.Target, err)
	}
	loaded, err := cfg.load(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("target %q: %w", cfg.Target, err)
	}
	return loaded, nil
}
