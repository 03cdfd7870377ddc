package ec2sim

import "net/netip"

// place is where something new goes, and the addresses that it gets there.
type place struct {
	subnet    string
	primary   string
	secondary []string
	blocks    []string
}

// room is what something new asks for.
type room struct {
	primary   string   // "": EC2 chooses it
	secondary []string // by name
	count     int      // and so many that EC2 chooses
	blocks    []string // prefixes by name
	blockNum  int      // or so many that EC2 chooses
}

// place finds room in the subnet of the request. What is named is held first, so that
// nothing of it is chosen.
func (c *exchange) place(r room) (place, *failure) {
	at := place{subnet: c.p.one("SubnetId"), primary: r.primary, secondary: r.secondary}
	sp, ok := c.world.space(at.subnet)
	if !ok {
		return at, fail(codeSubnetMissing, "The subnet ID '%s' does not exist", at.subnet)
	}
	if problem := sp.takeBlocks(r.blocks); problem != nil {
		return at, problem
	}
	named := r.secondary
	if r.primary != "" {
		named = append([]string{r.primary}, named...)
	}
	for _, ip := range named {
		if problem := sp.take(ip); problem != nil {
			return at, problem
		}
	}
	wanted := r.count
	if r.primary == "" {
		wanted++
	}
	chosen, problem := sp.choose(wanted)
	if problem != nil {
		return at, problem
	}
	for _, ip := range chosen {
		sp.held[netip.MustParseAddr(ip)] = requested
	}
	if r.primary == "" {
		at.primary, chosen = chosen[0], chosen[1:]
	}
	at.secondary = append(at.secondary, chosen...)
	at.blocks, problem = sp.chooseBlocks(r.blockNum)
	at.blocks = append(at.blocks, r.blocks...)
	return at, problem
}

// requested stands for whoever asks for an address in the request at hand.
var requested = nic{NetworkInterface: NetworkInterface{ID: "the same request"}}

// take holds an address for something new, or says why it cannot have it. addressCheck
// has seen it.
func (sp *space) take(ip string) *failure {
	addr := netip.MustParseAddr(ip)
	if reason := sp.refuse(addr); reason != "" {
		return fail(codeInvalidValue, "%s", reason)
	}
	n, held := sp.held[addr]
	switch {
	case held && n.ID == requested.ID:
		return fail(codeInvalidValue, "Address %s is given twice", ip)
	case held:
		return fail(codeInvalidValue, "Address %s is already assigned to %s", ip, n.ID)
	}
	sp.held[addr] = requested
	return nil
}

// addressSpecs reads NAME.1.PrivateIpAddress and NAME.1.Primary. primary is the address
// that the request names as the primary one elsewhere, or "".
func (p params) addressSpecs(name, primary string) (string, []string, *failure) {
	var secondary []string
	for _, n := range p.numbers(name) {
		ip := p.one(n + ".PrivateIpAddress")
		switch {
		case ip == "":
			return "", nil, fail(codeMissingParameter, "The request must contain the parameter %s.PrivateIpAddress", n)
		case !p.flag(n + ".Primary"):
			secondary = append(secondary, ip)
		case primary != "" && primary != ip:
			return "", nil, fail(codeInvalidCombination, "Both %s and %s are given as the primary address", primary, ip)
		default:
			primary = ip
		}
	}
	return primary, secondary, nil
}

// createNatTogether: a count of secondary addresses or their names.
func createNatTogether(p params) *failure {
	return either(p, "SecondaryPrivateIpAddress", "SecondaryPrivateIpAddressCount")
}

// createInterfaceTogether: addresses, a count of them, prefixes or a count of them. The
// primary address may be named beside each, as PrivateIpAddress.
func createInterfaceTogether(p params) *failure {
	ways := []string{"PrivateIpAddresses", "SecondaryPrivateIpAddressCount", "Ipv4Prefix", "Ipv4PrefixCount"}
	for i, a := range ways {
		for _, b := range ways[i+1:] {
			if problem := either(p, a, b); problem != nil {
				return problem
			}
		}
	}
	return nil
}
