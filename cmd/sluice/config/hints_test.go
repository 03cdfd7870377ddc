package config

import "testing"

func TestAQueuesURLNamesItsARN(t *testing.T) {
	for url, want := range map[string]string{
		"https://sqs.us-east-1.amazonaws.com/123456789012/sluice":     "arn:aws:sqs:us-east-1:123456789012:sluice",
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/sluice": "arn:aws-cn:sqs:cn-north-1:123456789012:sluice",
		"https://sqs.us-gov-west-1.amazonaws.com/123456789012/sluice": "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:sluice",
		"http://127.0.0.1:9324/queue/sluice":                          "",
		"https://sqs.us-east-1.amazonaws.com/sluice":                  "",
	} {
		if got, _ := (SQS{QueueURL: url}).ARN(); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}
