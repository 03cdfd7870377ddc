package eventqueue

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// What a message was.
const (
	outcomeHint  = "hint"  // it tells of a call that changes addresses
	outcomeOther = "other" // it tells of something else
	outcomeBad   = "bad"   // it is no event
)

// maxBody is longer than any event of EventBridge, in bytes.
const maxBody = 1 << 20

// event is as much of EventBridge's event as is read.
type event struct {
	DetailType string `json:"detail-type"`
	Detail     struct {
		EventSource string `json:"eventSource"`
		EventName   string `json:"eventName"`
	} `json:"detail"`
}

// judge says what a message's body is.
func judge(body string) string {
	var e event
	switch {
	case len(body) > maxBody || json.Unmarshal([]byte(body), &e) != nil || e.DetailType == "":
		return outcomeBad
	case e.DetailType == "AWS API Call via CloudTrail" && e.Detail.EventSource == "ec2.amazonaws.com" &&
		(inventory.Gives(e.Detail.EventName) || inventory.Takes(e.Detail.EventName)):
		return outcomeHint
	}
	return outcomeOther
}

// clean makes a server's words ones that can be logged.
func clean(err error) string {
	text := err.Error()
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text[:min(len(text), 512)], "?"))
}
