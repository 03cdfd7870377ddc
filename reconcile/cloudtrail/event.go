package cloudtrail

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// The bounds of an event. CloudTrail's own are 256 KB for an event.
const (
	maxEvent = 512 << 10
	maxText  = 256 // of each text that is kept, in bytes
	maxNamed = 512 // addresses, prefixes, resources: each
)

// record is a CloudTrail record as far as it is read.
type record struct {
	EventTime       time.Time       `json:"eventTime"`
	EventSource     string          `json:"eventSource"`
	EventName       string          `json:"eventName"`
	SourceIPAddress string          `json:"sourceIPAddress"`
	UserAgent       string          `json:"userAgent"`
	ErrorCode       string          `json:"errorCode"`
	RequestID       string          `json:"requestID"`
	EventID         string          `json:"eventID"`
	Console         string          `json:"sessionCredentialFromConsole"`
	UserIdentity    identity        `json:"userIdentity"`
	Request         json.RawMessage `json:"requestParameters"`
	Response        json.RawMessage `json:"responseElements"`
}

// identity is userIdentity. Which fields there are depends on the type.
type identity struct {
	Type        string `json:"type"`
	ARN         string `json:"arn"`
	PrincipalID string `json:"principalId"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
	InvokedBy   string `json:"invokedBy"`
	OnBehalfOf  struct {
		UserID string `json:"userId"`
	} `json:"onBehalfOf"`
}

// principal is the best name that an identity has.
//
//	IAMUser, AssumedRole, Root, FederatedUser, Role   arn
//	IdentityCenterUser                                the user's id
//	AWSService                                        the service, such as vpce.amazonaws.com
//	AWSAccount, Unknown                               principalId, else the account
func (id identity) principal() string {
	switch {
	case id.ARN != "":
		return id.ARN
	case id.OnBehalfOf.UserID != "":
		return "IAM Identity Center user " + id.OnBehalfOf.UserID
	case id.InvokedBy != "":
		return id.InvokedBy
	case id.UserName != "":
		return id.UserName
	case id.PrincipalID != "":
		return id.PrincipalID
	case id.AccountID != "":
		return "account " + id.AccountID
	}
	return "somebody whom CloudTrail does not name"
}

// parse reads one record; false when it is none of a call that changes addresses.
func parse(text string) (inventory.TrailEvent, bool) {
	var r record
	if len(text) > maxEvent || json.Unmarshal([]byte(text), &r) != nil || r.EventSource != "ec2.amazonaws.com" ||
		!inventory.Gives(r.EventName) && !inventory.Takes(r.EventName) {
		return inventory.TrailEvent{}, false
	}
	e := inventory.TrailEvent{Failed: r.ErrorCode != "", Actor: inventory.Actor{
		Principal: clean(r.UserIdentity.principal(), maxText), Type: clean(r.UserIdentity.Type, 64),
		Operation: r.EventName, Time: r.EventTime.UTC(), SourceIP: clean(r.SourceIPAddress, 64), Console: r.Console == "true" || inConsole(r.UserAgent),
		Sluice: bySluice(r.UserAgent), EventID: clean(r.EventID, 64), RequestID: clean(r.RequestID, 64),
	}}
	var request, response any
	_ = json.Unmarshal(r.Request, &request) // absent and null are nothing to search
	_ = json.Unmarshal(r.Response, &response)
	for _, text := range texts(request, nil) {
		if strings.HasPrefix(text, "nat-") || strings.HasPrefix(text, "eni-") {
			e.Resources = append(e.Resources, clean(text, 64))
		}
	}
	e.Addresses, e.Prefixes = cidrs(texts(request, nil))
	if len(e.Addresses)+len(e.Prefixes) == 0 { // asked for by count; else an answer may list what was there before
		e.Addresses, e.Prefixes = cidrs(texts(response, nil))
	}
	return e, true
}

// cidrs takes addresses and prefixes out of texts.
func cidrs(texts []string) (addresses []netip.Addr, prefixes []netip.Prefix) {
	for _, text := range texts {
		if ip, err := netip.ParseAddr(text); err == nil {
			addresses = append(addresses, ip)
		} else if p, err := netip.ParsePrefix(text); err == nil {
			prefixes = append(prefixes, p)
		}
	}
	return addresses, prefixes
}

// texts appends the texts of a JSON value: older calls list {"item": [{"privateIpAddress":
// …}]}, newer ones {"PrivateIpAddress": {"content": …}} below a key of their own. More
// than an event of EC2 can hold is cut off.
func texts(v any, list []string) []string {
	switch v := v.(type) {
	case string:
		if len(list) < maxNamed {
			list = append(list, v)
		}
	case []any:
		for _, item := range v {
			list = texts(item, list)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			list = texts(v[key], list)
		}
	}
	return list
}

func inConsole(agent string) bool {
	return strings.HasPrefix(agent, "console.")
}

// bySluice finds the word that sluice's own client puts into its user agent.
func bySluice(agent string) bool { return slices.Contains(strings.Fields(agent), "sluice") }

// clean makes a text of somebody's one that can be kept: no control and no invisible
// characters, and not longer than max bytes.
func clean(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), max)], "?"))
	return s
}
