package simulation

// plantedBug is a mistake that somebody could make, and that the checker must find.
type plantedBug struct {
	name    string
	file    string // in the module
	find    string // stands there once
	replace string
	means   string // for a user
	stmt    bool   // find and replace are statements; else expressions of one type, both of which may be evaluated
}

// plantedBugs is a list to be added to. What is not caught asks for a better checker or
// a wider world, never for a shorter list.
var plantedBugs = []plantedBug{
	// plan
	{"break-before-make", "reconcile/plan/waves.go", "s.add(adds[:a])\n\t\tr := max(0, min(len(removes), s.serving-s.item.doc.MinServing))\n\t\ts.remove(removes[:r])",
		"r := max(0, min(len(removes), s.serving))\n\t\ts.remove(removes[:r])\n\t\ts.add(adds[:a])\n\t\tadds, removes = adds[a:], removes[r:]\n\t\tif a == 0 && r == 0 {\n\t\t\tbreak\n\t\t}\n\t\tcontinue",
		"addresses are removed before others serve", true},
	{"floor-ignored", "reconcile/plan/waves.go", "s.serving-s.item.doc.MinServing", "s.serving", "minServing is not kept", false},
	{"transition-ignored", "reconcile/plan/settle.go", "!a.Status.Settled()", "false", "a busy gateway is planned as if it were at rest", false},
	{"intents-ignored", "reconcile/plan/settle.go", "!Visible(in, it.addresses, it.prefixes)", "false", "a call whose effect does not show yet is made again", false},
	{"visible-any", "reconcile/plan/settle.go", "(found && a.Status != inventory.StatusUnassigning) != there", "false", "an effect counts as seen though it is not there", false},
	{"primary-is-secondary", "reconcile/plan/want.go", "!a.Primary && a.Status.Serving() && a.IP.IsValid()", "a.Status.Serving() && a.IP.IsValid()", "the primary address counts as one that may go", false},
	{"claims-unchecked", "reconcile/plan/claims.go", "open.it != c.it", "false", "of two specs that claim one address, both act", false},
	{"outside-subnet", "reconcile/plan/want.go", "!subnet.CIDR.Contains(cidr.Addr()) || cidr.Bits() < subnet.CIDR.Bits()", "false", "an address outside of the subnet is asked for", false},
	{"reserved-chosen", "reconcile/plan/room.go", "for _, ip := range reserved(subnet.CIDR) {", "for _, ip := range reserved(subnet.CIDR)[:0] {", "a count chooses what AWS keeps", true},
	{"unowned-taken", "reconcile/plan/conflict.go", "both && it.doc.AllowReassignment && giver == nil", "false", "an address is said to be held, and nobody is told that no spec names the holder", false},
	{"deleted-gateway", "reconcile/plan/resolve.go", "g.State != \"available\"", "false", "a gateway that is no more is acted on", false},
	{"drift-hash", "reconcile/plan/seal.go", "[]Action `json:\"x\"`", "", "", true},
}
