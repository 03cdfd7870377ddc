package bucket

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// The bounds of one request. S3 takes 5 GB at once.
const (
	timeout = 10 * time.Minute
	maxGet  = 1 << 30
)

// ErrExists means that there is an object of that key already.
var ErrExists = errors.New("there is an object of this name already, and nothing is overwritten")

// Bucket is a place in a bucket: it, and a prefix of keys.
type Bucket struct {
	place       Place
	region      string
	endpoint    *url.URL
	credentials aws.CredentialsProvider
	client      *http.Client
}

// Open finds out where a bucket is and how to log in there, from the AWS SDK's
// environment. It asks nothing of the bucket. The error names the bucket, and the setting
// that is missing or wrong.
func Open(ctx context.Context, place Place) (*Bucket, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	b := &Bucket{place: place, region: cfg.Region, credentials: cfg.Credentials, client: &http.Client{
		Timeout: timeout,
		// A redirect is to another Region, for which the signature would not count.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if b.region == "" {
		return nil, fmt.Errorf("%s: nothing says in which Region the bucket is; set AWS_REGION", place)
	}
	endpoint := os.Getenv("AWS_ENDPOINT_URL_S3")
	if endpoint == "" && cfg.BaseEndpoint != nil {
		endpoint = *cfg.BaseEndpoint
	}
	if endpoint == "" {
		endpoint = "https://s3." + b.region + "." + suffix(b.region)
	}
	if b.endpoint, err = url.Parse(strings.TrimSuffix(endpoint, "/")); err != nil || b.endpoint.Host == "" {
		return nil, fmt.Errorf("%s: the endpoint of S3 is no URL such as https://s3.example.com", place)
	}
	return b, nil
}

// suffix is the name under which a Region's partition is found.
func suffix(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// Put stores an object that is not there yet, and returns where. S3 compares it with
// the checksum that goes along. An error that is [ErrExists] leaves what is there.
func (b *Bucket) Put(ctx context.Context, name string, data []byte) (string, error) {
	where := b.place.Join(name)
	sum := sha256.Sum256(data)
	req, err := b.request(ctx, http.MethodPut, where, data)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/jsonl")
	req.Header.Set("If-None-Match", "*")
	req.Header.Set("X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(sum[:]))
	resp, err := b.do(ctx, req, hex.EncodeToString(sum[:]))
	if err != nil {
		return "", fmt.Errorf("%s was not written: %w", where, err)
	}
	return where.String(), resp.Body.Close()
}

// Where names an object of a name.
func (b *Bucket) Where(name string) string { return b.place.Join(name).String() }

// Get reads an object, of less than 1 GiB. The error names it and holds what the service
// said: nothing of what was read counts then. Whether there is no such object only the
// service's words say.
func (b *Bucket) Get(ctx context.Context, name string) ([]byte, error) {
	where := b.place.Join(name)
	req, err := b.request(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, err
	}
	empty := sha256.Sum256(nil)
	resp, err := b.do(ctx, req, hex.EncodeToString(empty[:]))
	if err != nil {
		return nil, fmt.Errorf("%s was not read: %w", where, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxGet))
	if err == nil && int64(len(data)) == maxGet {
		err = errors.New("it is larger than anything that was put there")
	}
	if err != nil {
		return nil, fmt.Errorf("%s was not read: %w", where, err)
	}
	return data, nil
}

// ErrHidden means that the service does not say whether an object is there.
var ErrHidden = errors.New("the service does not say what is there")

// Check asks for an object that is not there, and so learns whether the endpoint, the
// Region, the bucket and the credentials are good; not whether they may write, which
// only writing shows. [ErrHidden] is S3's answer to who may not list the bucket: it is
// the same whether reading is allowed or not.
func (b *Bucket) Check(ctx context.Context) error {
	_, err := b.Get(ctx, ".sluice-doctor-"+rand.Text())
	var said *refused
	switch {
	case errors.As(err, &said) && said.code == "NoSuchKey":
		return nil
	case errors.As(err, &said) && said.code == "AccessDenied":
		return fmt.Errorf("%w: %w", ErrHidden, err)
	case err == nil:
		return errors.New("the service answers with an object that nobody put there")
	}
	return err
}

func (b *Bucket) request(ctx context.Context, method string, where Place, body []byte) (*http.Request, error) {
	u := *b.endpoint
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + where.Bucket + "/" + where.Key
	u.RawPath = strings.TrimSuffix(b.endpoint.EscapedPath(), "/") + "/" + where.Bucket + "/" + escape(where.Key)
	return http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
}

// do signs and sends. Any answer but a success is an error.
func (b *Bucket) do(ctx context.Context, req *http.Request, payload string) (*http.Response, error) {
	credentials, err := b.credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("no credentials: %w", err)
	}
	req.Header.Set("X-Amz-Content-Sha256", payload)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }) // S3 wants it escaped once
	if err := signer.SignHTTP(ctx, credentials, req, payload, "s3", b.region, time.Now()); err != nil {
		return nil, err
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, refusal(resp, b.region)
}
