package config

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Hints say what else than a schedule makes the daemon look at EC2.
type Hints struct {
	SQS         *SQS          // nil: none
	MinInterval time.Duration // between two turns that hints ask for; 10s when nothing is said
}

// SQS is a queue of EventBridge's events. Empty fields come from the AWS SDK's own
// environment.
type SQS struct {
	QueueURL string // without a login
	Region   string // of the queue's URL, where that names one
	Profile  string // of the shared config file
	RoleARN  string // a role to assume with the credentials found
	Endpoint string // http(s) URL of SQS
}

// rawHints are hints as they are written.
type rawHints struct {
	SQS *struct {
		QueueURL string `json:"queueUrl"`
		Region   string `json:"region"`
		Profile  string `json:"profile"`
		RoleARN  string `json:"roleArn"`
		Endpoint string `json:"endpoint"`
	} `json:"sqs"`
	MinInterval string `json:"minInterval"`
}

func (l *loader) hints(r rawHints) Hints {
	h := Default().Hints
	if r.MinInterval != "" {
		h.MinInterval = l.duration(r.MinInterval, minInterval, maxInterval, []string{"hints", "minInterval"})
	}
	if r.SQS == nil {
		return h
	}
	q := r.SQS
	l.checkEndpoint(q.Endpoint, "hints", "sqs", "endpoint")
	u, err := url.Parse(q.QueueURL)
	switch path := []string{"hints", "sqs", "queueUrl"}; {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(u.Path) < 2:
		l.problem(path, "queueUrl must be the URL of a queue, such as https://sqs.us-east-1.amazonaws.com/123456789012/sluice")
		return h
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		l.problem(path, "queueUrl must hold no user, no ? and no #; AWS credentials come from the SDK's environment or a profile")
	}
	h.SQS = &SQS{QueueURL: q.QueueURL, Region: cmp.Or(q.Region, queueRegion(u.Hostname())), Profile: q.Profile, RoleARN: q.RoleARN, Endpoint: q.Endpoint}
	return h
}

// ARN names the queue for IAM, with its account; "" when the URL is not one of AWS's.
func (q SQS) ARN() (arn, account string) {
	u, err := url.Parse(q.QueueURL)
	if err != nil {
		return "", ""
	}
	region, path := queueRegion(u.Hostname()), strings.Split(strings.Trim(u.Path, "/"), "/")
	if region == "" || len(path) != 2 {
		return "", ""
	}
	partition := "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return strings.Join([]string{"arn", partition, "sqs", region, path[0], path[1]}, ":"), path[0]
}

// queueHost is the host of a queue's URL, in every partition.
var queueHost = regexp.MustCompile(`^sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$`)

// queueRegion is the Region that a queue's host names, or "".
func queueRegion(host string) string {
	if m := queueHost.FindStringSubmatch(host); m != nil {
		return m[1]
	}
	return ""
}
