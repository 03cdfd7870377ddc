package eventqueue

import (
	"errors"
	"strings"
	"testing"
	"unicode"
)

// FuzzMessage: a message is a hint only if it names a call of EC2's that changes addresses.
func FuzzMessage(f *testing.F) {
	f.Add(`{"detail-type": "AWS API Call via CloudTrail", "detail": {"eventSource": "ec2.amazonaws.com", "eventName": "AssignPrivateIpAddresses"}}`)
	f.Add(`{"detail-type": "EC2 Instance State-change Notification"}`)
	f.Add(`{"detail-type": 1}`)
	f.Add(`[[[[`)
	f.Fuzz(func(t *testing.T, body string) {
		if outcome := judge(body); outcome == outcomeHint && !strings.Contains(strings.ToLower(body), "assign") && !strings.Contains(body, `\u`) {
			t.Errorf("%q is a hint", body)
		}
		if text := clean(errors.New(body)); len(text) > 1024 || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%q", text)
		}
	})
}
