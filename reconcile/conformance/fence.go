package conformance

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// TagKey marks what a run has made; the tag's value is the run's id.
const TagKey = "sluice:conformance"

// nobody is an id of EC2's form that no gateway has: to be asked what is said of one that is not there.
const nobody = "nat-00000000000000000"

// creations, changes and reads are all that ever leaves. Each change names one resource, by the parameter here.
var (
	reads     = []string{"DescribeNatGateways", "DescribeNetworkInterfaces", "DescribeSubnets", "GetSubnetCidrReservations"}
	creations = []string{"CreateNatGateway", "CreateNetworkInterface"}
	changes   = map[string]string{
		"AssignPrivateNatGatewayAddress": "NatGatewayId", "UnassignPrivateNatGatewayAddress": "NatGatewayId", "DeleteNatGateway": "NatGatewayId",
		"AssignPrivateIpAddresses": "NetworkInterfaceId", "UnassignPrivateIpAddresses": "NetworkInterfaceId", "DeleteNetworkInterface": "NetworkInterfaceId",
	}
)

// fence is the last look at what leaves the process. Unlike the guard of reconcile/ec2 it lets creations
// out, and changes only of what this run has made.
type fence struct {
	run  string // of creations; empty: there are none
	next http.RoundTripper

	mu   sync.Mutex
	mine map[string]bool // ids
}

// own notes what was seen to carry the run's tag, or was made by it.
func (f *fence) own(ids ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		f.mine[id] = true
	}
}

// refusal is a request that the fence did not let out.
type refusal struct{ reason string }

func (r *refusal) Error() string { return "not sent: " + r.reason }

// RoundTrip sends a request that passes, as it was examined, and gives an answer on if it is
// one of EC2's.
func (f *fence) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPost || req.URL.RawQuery != "" || req.Body == nil {
		return nil, &refusal{"only POST requests with all parameters in the form are sent"}
	}
	const maxForm = 1 << 20
	body, err := io.ReadAll(io.LimitReader(req.Body, maxForm+1))
	_ = req.Body.Close() // it is in memory
	if err != nil || len(body) > maxForm {
		return nil, &refusal{"the request cannot be read"}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &refusal{"the form of the request cannot be parsed"}
	}
	if reason := f.forbids(form); reason != "" {
		return nil, &refusal{reason}
	}
	out := req.Clone(req.Context())
	out.Body, out.ContentLength, out.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	resp, err := f.next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	return answered(resp, form.Get("Action"))
}

// forbids returns why a request may not leave, or "".
func (f *fence) forbids(form url.Values) string {
	if len(form["Action"]) != 1 {
		return "the request names no action, or several"
	}
	action := form.Get("Action")
	for _, read := range reads {
		if action == read {
			return ""
		}
	}
	for _, creation := range creations {
		if action != creation {
			continue
		}
		if f.run == "" || form.Get("TagSpecification.1.Tag.1.Key") != TagKey || form.Get("TagSpecification.1.Tag.1.Value") != f.run {
			return action + " without this run's tag"
		}
		return ""
	}
	parameter, known := changes[action]
	if !known {
		return fmt.Sprintf("%.60q is none of the calls of a conformance run", action)
	}
	for key := range form {
		if strings.HasSuffix(strings.ToLower(key), "count") {
			return action + " with a count; only explicit addresses are sent"
		}
	}
	id := form.Get(parameter)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(form[parameter]) != 1 || !f.mine[id] && !(id == nobody && action == "AssignPrivateNatGatewayAddress") {
		return fmt.Sprintf("%s of %.40q, which this run has not made", action, id)
	}
	return ""
}
