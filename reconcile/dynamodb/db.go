package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Config says which table. Table and Settings are required.
type Config struct {
	Table     string
	Settings  aws.Config        // Region and credentials, as the SDK loaded them
	Endpoint  string            // http(s) URL; empty: AWS's, or AWS_ENDPOINT_URL
	Timeout   time.Duration     // of one call; 5 s when zero. It must be well below a lease
	Transport http.RoundTripper // in place of the network; nil: HTTP/1.1 over TCP
	Now       func() time.Time  // when a log is taken over; time.Now when nil
}

const defaultTimeout = 5 * time.Second

// The attributes that are keys, and the partitions that are one each.
const (
	pk, sk         = "pk", "sk"
	leasePartition = "lease"
	peerPartition  = "replica"
	logPartition   = "log#" // and the target, as in the next two
	cutPartition   = "cut#"
	statePartition = "state#"
)

// DB is one table. It is safe for concurrent use.
type DB struct {
	api     *sdk.Client
	table   string
	region  string
	service string // the endpoint, where it is not AWS's
	timeout time.Duration
	now     func() time.Time
}

// Open looks whether the table is there and has the keys that it needs. Its errors say
// what to do, for a table that is missing as a command.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Table == "" {
		return nil, errors.New("history.dynamodb needs the name of a table")
	}
	db := &DB{table: cfg.Table, region: cfg.Settings.Region, service: cfg.Endpoint, timeout: cfg.Timeout, now: cfg.Now}
	if db.now == nil {
		db.now = time.Now
	}
	if db.timeout <= 0 {
		db.timeout = defaultTimeout
	}
	db.api = sdk.NewFromConfig(cfg.Settings, func(o *sdk.Options) {
		if cfg.Endpoint != "" {
			o.BaseEndpoint = aws.String(cfg.Endpoint)
		}
		o.HTTPClient = httpClient(cfg)
		o.RetryMaxAttempts = 0
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { // who knows what a call does tries again
			o.MaxAttempts, o.RateLimiter = 1, ratelimit.None
		})
		o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKey("sluice"))
	})
	if err := db.check(ctx); err != nil {
		return nil, err
	}
	return db, nil
}

// httpClient sends each request once: HTTP/2 would send some again.
func httpClient(cfg Config) *http.Client {
	transport := cfg.Transport
	if transport == nil {
		buildable, ok := cfg.Settings.HTTPClient.(*awshttp.BuildableClient)
		if !ok {
			buildable = awshttp.NewBuildableClient()
		}
		once := buildable.GetTransport()
		once.Protocols = new(http.Protocols)
		once.Protocols.SetHTTP1(true)
		once.ForceAttemptHTTP2 = false
		once.DisableKeepAlives = false // the table outlives every configuration
		transport = once
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// check asks for a lease by both keys, which needs no permission that is not needed
// anyway: a table with other keys refuses the question.
func (db *DB) check(ctx context.Context) error {
	_, err := call(ctx, db, "Query", db.api.Query, &sdk.QueryInput{
		TableName: &db.table, ConsistentRead: aws.Bool(true), Limit: aws.Int32(1),
		KeyConditionExpression:    aws.String("pk = :pk AND sk > :sk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(leasePartition), ":sk": text(" ")},
	})
	if code(err) == "ValidationException" {
		return fmt.Errorf("DynamoDB table %q has other keys than sluice needs, which are pk and sk, both strings: give sluice a table of its own: %s", db.table, db.create())
	}
	return err
}

// create is the command that makes the table.
func (db *DB) create() string {
	words := []string{
		"aws dynamodb create-table", "--table-name " + db.table,
		"--attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S",
		"--key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE",
		"--billing-mode PAY_PER_REQUEST",
	}
	if db.region != "" {
		words = append(words, "--region "+db.region)
	}
	if db.service != "" {
		words = append(words, "--endpoint-url "+db.service)
	}
	return strings.Join(words, " ")
}

// Targets lists the targets that ever had a lease, and with it a log.
func (db *DB) Targets(ctx context.Context) ([]string, error) {
	var list []string
	items, err := db.Leases().Leases(ctx)
	for _, item := range items {
		list = append(list, item.Target)
	}
	return list, err
}
