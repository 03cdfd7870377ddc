package spec

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// maxEntries is the schema's maxItems of addresses and of prefixes. Longer lists are
// refused there, and not looked into here: comparing each entry with each would let
// a small file take long. It must never be less than what the schema lets through:
// a list that is neither refused nor read would ask for nothing.
const maxEntries = 255

// addresses reads spec.secondary.addresses. What is wrong is left out.
func (r *reader) addresses(texts []string) []netip.Addr {
	if len(texts) > maxEntries {
		return nil
	}
	var list []netip.Addr
	lines := map[netip.Addr]int{}
	for i, text := range texts {
		path := []string{"spec", "secondary", "addresses", strconv.Itoa(i)}
		ip, why := parseAddress(text)
		if why != "" {
			r.problem(path, "address %s %s", quote(text), why)
			continue
		}
		line, _ := r.yaml.Position(path...)
		if first, twice := lines[ip]; twice {
			r.problem(path, "address %s is named twice, first on line %d; remove one of the two", ip, first)
			continue
		}
		lines[ip] = line
		list = append(list, ip)
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

// parseAddress reads an address that EC2 could assign, or says why it is none.
func parseAddress(text string) (ip netip.Addr, why string) {
	if text == "" {
		return ip, "is empty; write an IPv4 address such as 10.0.1.20"
	}
	if strings.Contains(text, "/") {
		return ip, "is a range; write a single address without the part from /"
	}
	ip, err := netip.ParseAddr(text)
	switch {
	case err != nil && isZeroPadded(text):
		return ip, "has a number with a leading zero, which some programs read as octal; write it without"
	case err != nil:
		return ip, "is not an IPv4 address such as 10.0.1.20"
	}
	return ip, unusable(ip)
}

// unusable says why no subnet can hold ip, or "".
func unusable(ip netip.Addr) string {
	switch {
	case !ip.Is4():
		return "is IPv6; sluice manages IPv4 addresses only"
	case ip.IsUnspecified():
		return "is the unspecified address, which no resource can hold"
	case ip.IsLoopback():
		return "is a loopback address, which no resource can hold"
	case ip.IsMulticast():
		return "is a multicast address, which no resource can hold"
	case ip.IsLinkLocalUnicast():
		return "is a link-local address, which AWS keeps for itself"
	case ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "is the broadcast address, which no resource can hold"
	}
	return ""
}

// isZeroPadded finds numbers such as 01 in what else would be an IPv4 address.
func isZeroPadded(text string) bool {
	parts := strings.Split(text, ".")
	padded := false
	for i, part := range parts {
		if n, err := strconv.ParseUint(part, 10, 16); err != nil || n > 255 {
			return false
		}
		if len(part) > 1 && part[0] == '0' {
			padded = true
			parts[i] = "0"
		}
	}
	return padded && len(parts) == 4
}

// ranges reads a list of CIDRs at path that must not overlap. What is wrong is
// left out.
func (r *reader) ranges(texts []string, check func(netip.Prefix) string, path ...string) []netip.Prefix {
	if len(texts) > maxEntries {
		return nil
	}
	var list []netip.Prefix
	for i, text := range texts {
		at := append(slices.Clone(path), strconv.Itoa(i))
		p, why := parseRange(text)
		if why == "" {
			why = check(p)
		}
		if why != "" {
			r.problem(at, "range %s %s", quote(text), why)
			continue
		}
		if j := slices.IndexFunc(list, p.Overlaps); j >= 0 {
			r.problem(at, "range %s overlaps %s in the same list; remove one of the two", p, list[j])
			continue
		}
		list = append(list, p)
	}
	inventory.SortPrefixes(list)
	return list
}

func parseRange(text string) (p netip.Prefix, why string) {
	if !strings.Contains(text, "/") {
		return p, "has no length; write a range such as 10.0.1.16/28"
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		host, _, _ := strings.Cut(text, "/")
		if isZeroPadded(host) {
			return p, "has a number with a leading zero, which some programs read as octal; write it without"
		}
		return p, "is not an IPv4 range such as 10.0.1.16/28"
	}
	if why := unusable(p.Addr()); why != "" && p.Addr().Is6() {
		return p, why
	}
	if p != p.Masked() {
		return p, fmt.Sprintf("does not begin where a /%d begins; write %s", p.Bits(), p.Masked())
	}
	return p, ""
}

// checkPool refuses ranges that no subnet has inside: AWS's largest subnet is a
// /16.
func checkPool(p netip.Prefix) string {
	if p.Bits() < 16 {
		return "is larger than any subnet; write the part of the subnet that count may choose from (/16 to /32), or leave pool out for the whole subnet"
	}
	return ""
}

// checkPrefix knows EC2's only size of an IPv4 prefix.
func checkPrefix(p netip.Prefix) string {
	if p.Bits() != 28 {
		return fmt.Sprintf("is a /%d; an IPv4 prefix of a network interface is always a /28", p.Bits())
	}
	return ""
}
