package view

import "github.com/seed-6ca89210/sluice/reconcile/inventory"

// ConnectionsPerAddress is how many connections a NAT gateway carries at once through
// one of its addresses, to one destination: address, port and protocol. It is AWS's
// number.
const ConnectionsPerAddress = 55000

// defaultLimit is AWS's quota of private addresses on one NAT gateway.
const defaultLimit = 8

// Capacity is what a NAT gateway holds, and what it could.
type Capacity struct {
	Limit   int `json:"limit"`   // addresses it can hold, the primary included
	Held    int `json:"held"`    // in whatever state
	Serving int `json:"serving"` // that take new connections
	Free    int `json:"free"`    // there is room for so many more

	Connections     int `json:"connections"`     // at once, to one destination, through what serves
	FullConnections int `json:"fullConnections"` // the same, with every address that there is room for
}

func capacity(addresses []inventory.Address, limit int) *Capacity {
	if limit <= 0 {
		limit = defaultLimit
	}
	c := &Capacity{Limit: limit, Held: len(addresses), Free: max(0, limit-len(addresses))}
	for _, a := range addresses {
		if a.Status.Serving() {
			c.Serving++
		}
	}
	c.Connections, c.FullConnections = c.Serving*ConnectionsPerAddress, limit*ConnectionsPerAddress
	return c
}
