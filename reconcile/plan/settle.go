package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// settle makes an item wait while EC2 has an address of it in transition, or
// does not show yet what an earlier call did.
func (it *item) settle(intents []Intent) {
	if it.state != "" {
		return
	}
	var moving []string
	for _, a := range it.addresses {
		if !a.Status.Settled() {
			moving = append(moving, fmt.Sprintf("%s is %s", formatAddr(a.IP), a.Status))
		}
	}
	if len(moving) > 0 {
		it.stop(Converging, "%s", strings.Join(moving, ", "))
		return
	}
	for _, in := range intents {
		if !Visible(in, it.addresses, it.prefixes) {
			it.stop(Converging, "the %s of %s was sent at %s; EC2 does not show its effect yet",
				in.Verb, formatList(in.Addresses, in.Prefixes), in.At.UTC().Format("15:04:05"))
			return
		}
	}
}

// Visible reports whether the effect of a call shows in what EC2 reports: every
// address there after an assign or a move, every address gone or on its way out
// after an unassign.
func Visible(in Intent, addresses []inventory.Address, prefixes []netip.Prefix) bool {
	there := in.Verb != inventory.VerbUnassign
	for _, ip := range in.Addresses {
		a, found := inventory.Find(addresses, ip)
		if (found && a.Status != inventory.StatusUnassigning) != there {
			return false
		}
	}
	for _, p := range in.Prefixes {
		if slices.Contains(prefixes, p) != there {
			return false
		}
	}
	return true
}

func formatAddr(ip netip.Addr) string {
	if !ip.IsValid() {
		return "an address that EC2 has not named yet"
	}
	return ip.String()
}

func formatList(addresses []netip.Addr, prefixes []netip.Prefix) string {
	var parts []string
	for _, a := range addresses {
		parts = append(parts, a.String())
	}
	for _, p := range prefixes {
		parts = append(parts, p.String())
	}
	return strings.Join(parts, ", ")
}
