package ec2sim

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var (
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
)

// header checks that the file is of this kind at all.
func (k *checker) header(w World) {
	if w.APIVersion != "sluice/v1" {
		k.bad(path{"apiVersion"}, "must be sluice/v1, not %q", w.APIVersion)
	}
	if w.Kind != "World" {
		k.bad(path{"kind"}, "must be World, not %q", w.Kind)
	}
}

// world checks that the world could exist in EC2.
func (k *checker) world(w *World) {
	if !accountForm.MatchString(w.Account) {
		k.bad(path{"account"}, "must be twelve digits in quotes, not %q", w.Account)
	}
	if !regionForm.MatchString(w.Region) {
		k.bad(path{"region"}, "must be a Region like us-east-1, not %q", w.Region)
	}
	if n := w.Limits.AddressesPerNatGateway; n < 1 {
		k.bad(path{"limits", "addressesPerNatGateway"}, "must be 1 or more, not %d", n)
	}
	if n := w.Limits.AddressesPerNetworkInterface; n < 1 {
		k.bad(path{"limits", "addressesPerNetworkInterface"}, "must be 1 or more, not %d", n)
	}
	spaces := k.subnets(w)
	ids := map[string]path{}
	for i := range w.NatGateways {
		k.natGateway(path{}.at("natGateways", i), w, &w.NatGateways[i], spaces, ids)
	}
	for i := range w.NetworkInterfaces {
		k.networkInterface(path{}.at("networkInterfaces", i), w, &w.NetworkInterfaces[i], spaces, ids)
	}
	k.behaviour(path{"behaviour"}, w.Behaviour)
	for i, ip := range w.Failing {
		k.address(path{}.at("failing", i), ip)
	}
	for i, d := range w.Denied {
		k.denied(path{}.at("denied", i), d)
	}
	for i := range w.Faults {
		if err := w.Faults[i].validate(); err != nil {
			for problem := range strings.SplitSeq(err.Error(), "\n") {
				field, _, _ := strings.Cut(problem, ":")
				k.problems = append(k.problems, k.doc.Problemf(path{}.at("faults", i, field), "faults[%d].%s", i, problem))
			}
		}
	}
}

// id checks the form of an id, and that nothing else has it.
func (k *checker) id(at path, prefix, id string, seen map[string]path) {
	if !wellFormedID(prefix, id) {
		k.bad(at, "must be %s and 8 or 17 hexadecimal digits, not %q", prefix, id)
		return
	}
	if before, ok := seen[id]; ok {
		k.bad(at, "%s is already at %s", id, before)
		return
	}
	if seen != nil {
		seen[id] = at
	}
}

// oneOf checks a value of an enumeration.
func (k *checker) oneOf(at path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		k.bad(at, "must be one of %s, not %q", strings.Join(allowed, ", "), value)
	}
}

// address parses an IPv4 address.
func (k *checker) address(at path, text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		k.bad(at, "%q is no IPv4 address", text)
		return a, false
	}
	return a, true
}

// subnets returns the empty spaces of the subnets that make sense.
func (k *checker) subnets(w *World) map[string]*space {
	spaces, ids := map[string]*space{}, map[string]path{}
	// Without interfaces: the checks put the addresses in one by one.
	bare := World{Subnets: w.Subnets}
	for i, s := range w.Subnets {
		at := path{}.at("subnets", i)
		k.id(at.at("id"), "subnet-", s.ID, ids)
		k.id(at.at("vpcId"), "vpc-", s.VpcID, nil)
		cidr, err := netip.ParsePrefix(s.CIDR)
		if err != nil || !cidr.Addr().Is4() || cidr != cidr.Masked() || cidr.Bits() < 16 || cidr.Bits() > 28 {
			k.bad(at.at("cidr"), "must be an IPv4 network of /16 to /28 like 10.0.1.0/24, not %q", s.CIDR)
			continue
		}
		for j, other := range w.Subnets[:i] {
			if p, err := netip.ParsePrefix(other.CIDR); err == nil && other.VpcID == s.VpcID && p.Overlaps(cidr) {
				k.bad(at.at("cidr"), "%s overlaps subnets[%d], %s, in the same VPC", cidr, j, p)
			}
		}
		for j, r := range s.Reservations {
			k.oneOf(at.at("reservations", j, "type"), r.Type, "prefix", "explicit")
			p, err := netip.ParsePrefix(r.CIDR)
			if err != nil || p != p.Masked() || p.Bits() < cidr.Bits() || !cidr.Contains(p.Addr()) {
				k.bad(at.at("reservations", j, "cidr"), "must be a network within %s, not %q", cidr, r.CIDR)
			}
		}
		if sp, ok := bare.space(s.ID); ok {
			spaces[s.ID] = sp
		}
	}
	return spaces
}

// hold puts an address into its subnet, where nobody else may hold it.
func (k *checker) hold(at path, ip string, sp *space, owner string) {
	a, ok := k.address(at, ip)
	if !ok || sp == nil {
		return
	}
	if reason := sp.refuse(a); reason != "" {
		k.bad(at, "%s", reason)
		return
	}
	if n, held := sp.held[a]; held {
		k.bad(at, "%s is already an address of %s", ip, n.ID)
		return
	}
	sp.held[a] = nic{NetworkInterface: NetworkInterface{ID: owner}}
}

// holdBlock puts a prefix into its subnet.
func (k *checker) holdBlock(at path, text string, sp *space, owner string) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() {
		k.bad(at, "must be an IPv4 /28 like 10.0.2.64/28, not %q", text)
		return
	}
	if sp == nil {
		return
	}
	if reason := sp.refuseBlock(p); reason != "" {
		k.bad(at, "%s", reason)
		return
	}
	sp.blocks[p] = nic{NetworkInterface: NetworkInterface{ID: owner}}
}

// denied checks one denial. A misspelt action would deny nothing, silently.
func (k *checker) denied(at path, d Denied) {
	if d.AccessKeyID == "" {
		k.bad(at.at("accessKeyId"), `must be an access key id, or "*" for everybody`)
	}
	if len(d.Actions) == 0 {
		k.bad(at.at("actions"), "must name at least one action")
	}
	for i, name := range d.Actions {
		if _, ok := actions()[name]; !ok && name != "LookupEvents" && !strings.ContainsAny(name, "*?") {
			k.bad(at.at("actions", i), "the simulator has no action %q", name)
		}
	}
}
