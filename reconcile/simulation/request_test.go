package simulation

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// request is a call of the process as it lies on the wire.
type request struct {
	action    string
	id        string // of the one resource that it names; "" none
	addresses []string
	prefixes  []string
	drain     int
	move      bool
	dryRun    bool
	epoch     uint64 // of the lease, by the User-Agent; 0: none is named
	form      url.Values
}

func parseRequest(form url.Values, agent string) request {
	r := request{action: form.Get("Action"), form: form, dryRun: form.Get("DryRun") == "true", move: form.Get("AllowReassignment") == "true"}
	for _, name := range []string{"NatGatewayId", "NatGatewayId.1", "NetworkInterfaceId", "NetworkInterfaceId.1"} {
		if id := form.Get(name); id != "" {
			r.id = id
		}
	}
	for key, values := range form {
		switch {
		case strings.HasPrefix(key, "PrivateIpAddress."):
			r.addresses = append(r.addresses, values...)
		case strings.HasPrefix(key, "Ipv4Prefix."):
			r.prefixes = append(r.prefixes, values...)
		}
	}
	for part := range strings.FieldsSeq(agent) {
		if n, ok := strings.CutPrefix(part, "sluice-epoch/"); ok {
			r.epoch, _ = strconv.ParseUint(n, 10, 64)
		}
	}
	slices.Sort(r.addresses)
	slices.Sort(r.prefixes)
	r.drain, _ = strconv.Atoi(form.Get("MaxDrainDurationSeconds"))
	return r
}

// mutating goes by the name alone, as EC2's documentation does.
func (r request) mutating() bool {
	return !strings.HasPrefix(r.action, "Describe") && !strings.HasPrefix(r.action, "Get")
}

func (r request) removes() bool { return strings.HasPrefix(r.action, "Unassign") }

// onGateway tells calls about NAT gateways, which have a DryRun, from the others.
func (r request) onGateway() bool { return strings.Contains(r.action, "NatGateway") }

// verb is the history's word for the call.
func (r request) verb() string {
	switch {
	case r.removes():
		return "unassign"
	case r.move:
		return "move"
	}
	return "assign"
}

func (r request) subjects() []string { return slices.Concat(r.addresses, r.prefixes) }

func (r request) String() string {
	text := r.action
	if r.id != "" {
		text += " " + r.id
	}
	if list := r.subjects(); len(list) > 0 {
		text += " " + strings.Join(list, ",")
	}
	if r.drain > 0 {
		text += fmt.Sprintf(" drain %ds", r.drain)
	}
	if r.move {
		text += " move"
	}
	if r.dryRun {
		text += " dry-run"
	}
	return text
}
