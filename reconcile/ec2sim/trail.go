package ec2sim

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// CloudTrail says whether the simulator answers LookupEvents too, on the same
// endpoint, from the calls that it was sent.
type CloudTrail struct {
	Enabled bool     `json:"enabled,omitempty"` // else LookupEvents is an unknown operation
	Lag     Duration `json:"lag,omitempty"`     // simulated time from a call to the event that tells of it; AWS's is 5m or so
}

const (
	trailTarget = "CloudTrail_20131101.LookupEvents" // some clients put the model's name in front
	trailLimit  = 2                                  // lookups a second, for all in the account and Region together
	trailPage   = 50
	trailJSON   = "application/x-amz-json-1.1"
)

// lookup is the request of LookupEvents. Times are seconds since 1970.
type lookup struct {
	LookupAttributes []struct{ AttributeKey, AttributeValue string }
	StartTime        float64
	EndTime          float64
	MaxResults       int
	NextToken        string
}

// lookupEvents answers CloudTrail's LookupEvents, AWS JSON 1.1. It reports false for
// any other request.
func (s *Server) lookupEvents(r *http.Request, body []byte) (response, bool) {
	target := r.Header.Get("X-Amz-Target")
	if target != trailTarget && !strings.HasSuffix(target, "."+trailTarget) {
		return response{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	id, signed := principal(r.Header.Get("Authorization"), nil)
	var q lookup
	switch {
	case !s.world.CloudTrail.Enabled:
		return s.trailError("UnknownOperationException", "the world file does not enable cloudTrail"), true
	case !signed || id == "":
		return s.trailError("MissingAuthenticationTokenException", "Missing Authentication Token"), true
	case !s.take(limit{"LookupEvents", trailLimit, trailLimit}):
		return s.trailError("ThrottlingException", "Rate exceeded"), true
	case s.world.denies(id, "LookupEvents"):
		return s.trailError("AccessDeniedException", "User: "+s.userARN(id)+" is not authorized to perform: cloudtrail:LookupEvents"), true
	case json.Unmarshal(body, &q) != nil:
		return s.trailError("SerializationException", "the request is no JSON object of LookupEvents"), true
	case len(q.LookupAttributes) > 1:
		return s.trailError("InvalidLookupAttributesException", "You can use only one lookup attribute"), true
	case q.MaxResults < 0 || q.MaxResults > trailPage:
		return s.trailError("InvalidMaxResultsException", "MaxResults must be from 1 to 50"), true
	}
	return s.trailAnswer(q), true
}

// trailAnswer lists the events that can be seen by now, the newest first.
func (s *Server) trailAnswer(q lookup) response {
	size := q.MaxResults
	if size == 0 {
		size = trailPage
	}
	events, next := []map[string]any{}, ""
	past := q.NextToken == ""
	for _, c := range slices.Backward(s.calls) {
		at := float64(c.Time.UnixNano()) / 1e9
		visible := float64(s.asOf.Sub(c.Time))*s.speed >= float64(s.world.CloudTrail.Lag)
		if !visible || !logged(c) || q.StartTime > 0 && at < q.StartTime || q.EndTime > 0 && at > q.EndTime || !q.asksFor(c) {
			continue
		}
		if !past { // the token is the event that the last page ended with
			past = eventID(c) == q.NextToken
			continue
		}
		if len(events) == size {
			next = events[size-1]["EventId"].(string)
			break
		}
		events = append(events, s.trailEvent(c))
	}
	answer := map[string]any{"Events": events}
	if next != "" {
		answer["NextToken"] = next
	}
	return s.trailResponse(http.StatusOK, answer)
}

// asksFor reports whether an event has what is looked for.
func (q lookup) asksFor(c Call) bool {
	for _, a := range q.LookupAttributes {
		switch a.AttributeKey {
		case "ResourceName":
			return slices.Contains(resourcesOf(c), a.AttributeValue)
		case "EventName":
			return c.Action == a.AttributeValue
		case "Username":
			return c.Principal == a.AttributeValue
		default:
			return false
		}
	}
	return true
}

// logged reports whether CloudTrail tells of a call: of those that change something,
// the refused ones too. One that was not answered for may never have arrived.
func logged(c Call) bool {
	return (strings.HasPrefix(c.Action, "Assign") || strings.HasPrefix(c.Action, "Unassign")) && (c.Effect || !c.Lost)
}

func resourcesOf(c Call) []string {
	return slices.Concat(c.Parameters["NatGatewayId"], c.Parameters["NetworkInterfaceId"])
}

// trailEvent is one entry of the answer. Its CloudTrailEvent is JSON in a string.
func (s *Server) trailEvent(c Call) map[string]any {
	record := map[string]any{
		"eventVersion": "1.10", "eventTime": c.Time.UTC().Format(time.RFC3339), "eventSource": "ec2.amazonaws.com", "eventName": c.Action,
		"awsRegion": s.world.Region, "sourceIPAddress": c.SourceIP, "userAgent": c.UserAgent, "requestID": c.RequestID, "eventID": eventID(c),
		"readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": s.world.Account, "eventCategory": "Management",
		"userIdentity": map[string]any{
			"type": "IAMUser", "principalId": c.Principal, "arn": s.userARN(c.Principal), "accountId": s.world.Account,
			"accessKeyId": c.Principal, "userName": c.Principal,
		},
		"requestParameters": trailParameters(c), "responseElements": map[string]any{"requestId": c.RequestID, "_return": true},
	}
	if c.Code != "" {
		record["errorCode"], record["responseElements"] = "Client."+c.Code, nil
	}
	text, _ := json.Marshal(record) // plain values
	var resources []map[string]string
	for _, id := range resourcesOf(c) {
		resources = append(resources, map[string]string{"ResourceName": id})
	}
	return map[string]any{
		"EventId": eventID(c), "EventName": c.Action, "EventSource": "ec2.amazonaws.com", "EventTime": float64(c.Time.UnixMilli()) / 1000,
		"ReadOnly": "false", "AccessKeyId": c.Principal, "Username": c.Principal, "Resources": resources, "CloudTrailEvent": string(text),
	}
}

// trailParameters are the parameters as CloudTrail shows them: EC2's older calls and
// its newer ones differ.
func trailParameters(c Call) map[string]any {
	p := params{c.Parameters}
	if id := p.one("NatGatewayId"); id != "" {
		request := map[string]any{"NatGatewayId": id}
		var list []map[string]any
		for i, ip := range p.list("PrivateIpAddress") {
			list = append(list, map[string]any{"tag": i + 1, "content": ip})
		}
		if len(list) == 1 {
			request["PrivateIpAddress"] = list[0]
		} else if len(list) > 1 {
			request["PrivateIpAddress"] = list
		}
		return map[string]any{c.Action + "Request": request}
	}
	request := map[string]any{"networkInterfaceId": p.one("NetworkInterfaceId")}
	if p.flag("AllowReassignment") {
		request["allowReassignment"] = true
	}
	for name, field := range map[string][2]string{"PrivateIpAddress": {"privateIpAddressesSet", "privateIpAddress"}, "Ipv4Prefix": {"ipv4PrefixesSet", "ipv4Prefix"}} {
		var items []map[string]any
		for _, v := range p.list(name) {
			items = append(items, map[string]any{field[1]: v})
		}
		if len(items) > 0 {
			request[field[0]] = map[string]any{"item": items}
		}
	}
	return request
}

// eventID is CloudTrail's own id of a call.
func eventID(c Call) string { return fmt.Sprintf("c0ffee00-0000-4000-8000-%012x", c.Seq) }

func (s *Server) userARN(accessKeyID string) string {
	return "arn:aws:iam::" + s.world.Account + ":user/" + accessKeyID
}

func (s *Server) trailError(kind, message string) response {
	return s.trailResponse(http.StatusBadRequest, map[string]any{"__type": kind, "message": message})
}

func (s *Server) trailResponse(status int, v any) response {
	body, _ := json.Marshal(v) // plain values
	return response{status: status, contentType: trailJSON, body: body, requestID: s.requestID()}
}

// sourceIP is the address that a request came from; without a socket, a
// documentation one.
func sourceIP(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return "192.0.2.1"
}
