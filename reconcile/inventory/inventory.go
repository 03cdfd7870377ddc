package inventory

import (
	"cmp"
	"slices"
)

// Inventory is what EC2 reports of one target at one instant. Lists are sorted
// (see [Inventory.Sort]) so that equal inventories are equal bytes.
type Inventory struct {
	Target            string             `json:"target"` // its name in the configuration
	NatGateways       []NatGateway       `json:"natGateways,omitempty"`
	NetworkInterfaces []NetworkInterface `json:"networkInterfaces,omitempty"`
	Subnets           []Subnet           `json:"subnets,omitempty"`

	// Unread lists the reads that failed. What could not be read is unknown,
	// never absent: nothing may be concluded from its not being listed.
	Unread []Unread `json:"unread,omitempty"`
}

// Read names one part of an inventory that is read by its own EC2 calls.
type Read string

// The parts of an inventory.
const (
	ReadNatGateways       Read = "NatGateways"       // DescribeNatGateways
	ReadNetworkInterfaces Read = "NetworkInterfaces" // DescribeNetworkInterfaces
	ReadSubnets           Read = "Subnets"           // DescribeSubnets, and who holds their addresses
	ReadReservations      Read = "Reservations"      // GetSubnetCidrReservations
)

// Unread is a part that could not be read, and why, in words for people. An
// empty Subject means the whole part; else it is the one subnet concerned.
type Unread struct {
	Part    Read   `json:"part"`
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason"`
}

// NatGateway finds a NAT gateway by its id.
func (inv *Inventory) NatGateway(id string) (NatGateway, bool) {
	i := slices.IndexFunc(inv.NatGateways, func(g NatGateway) bool { return g.ID == id })
	if i < 0 {
		return NatGateway{}, false
	}
	return inv.NatGateways[i], true
}

// NetworkInterface finds a network interface by its id.
func (inv *Inventory) NetworkInterface(id string) (NetworkInterface, bool) {
	i := slices.IndexFunc(inv.NetworkInterfaces, func(n NetworkInterface) bool { return n.ID == id })
	if i < 0 {
		return NetworkInterface{}, false
	}
	return inv.NetworkInterfaces[i], true
}

// Subnet finds a subnet by its id.
func (inv *Inventory) Subnet(id string) (Subnet, bool) {
	i := slices.IndexFunc(inv.Subnets, func(s Subnet) bool { return s.ID == id })
	if i < 0 {
		return Subnet{}, false
	}
	return inv.Subnets[i], true
}

// WhyUnread returns the reason why a part (of one subnet, when subject is not
// empty) could not be read, or "" when it was read.
func (inv *Inventory) WhyUnread(part Read, subject string) string {
	for _, u := range inv.Unread {
		if u.Part == part && (u.Subject == "" || u.Subject == subject) {
			return u.Reason
		}
	}
	return ""
}

// Sort puts every list into its one order: ids, then addresses. What stands inside of
// subnets is left as it is: whoever reads them sorts it.
func (inv *Inventory) Sort() {
	slices.SortFunc(inv.NatGateways, func(a, b NatGateway) int { return cmp.Compare(a.ID, b.ID) })
	for i := range inv.NatGateways {
		SortAddresses(inv.NatGateways[i].Addresses)
	}
	slices.SortFunc(inv.NetworkInterfaces, func(a, b NetworkInterface) int { return cmp.Compare(a.ID, b.ID) })
	for i := range inv.NetworkInterfaces {
		SortAddresses(inv.NetworkInterfaces[i].Addresses)
		SortPrefixes(inv.NetworkInterfaces[i].Prefixes)
	}
	slices.SortFunc(inv.Subnets, func(a, b Subnet) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(inv.Unread, func(a, b Unread) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Reason, b.Reason))
	})
}

// Query says which resources to observe. Gateways are always read whole: one paged
// call costs no more than one call for one of them.
type Query struct {
	NatGateways          bool                // all gateways of the target, in one paged call
	NetworkInterfaces    bool                // all interfaces of the target, in one paged call; ids and tags then add nothing
	NetworkInterfaceIDs  []string            // by id, in chunks; one that does not exist is not listed
	NetworkInterfaceTags []map[string]string // by tags, one call each; all of a map must be there; an empty one fails the read
}

// Empty reports whether the query asks for nothing.
func (q Query) Empty() bool {
	return !q.NatGateways && !q.NetworkInterfaces && len(q.NetworkInterfaceIDs) == 0 && len(q.NetworkInterfaceTags) == 0
}

// SubnetQuery says which subnets to look at, and for which of them to read the
// CIDR reservations too (needed only where sluice chooses an address).
type SubnetQuery struct {
	IDs          []string // subnet-…
	Reservations []string // some of IDs; each costs a call of its own
}
