package adopt

import (
	"fmt"
	"net/netip"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// names are Name tags as people, and their tools, leave them.
var names = []string{"egress-a", "Egress-A", "egress a", "", "007", "no", "1e3", "~", "con", "NUL.x", "../../etc/passwd", "-x-", "läuft", "a: b # c",
	"*", "2026-01-01", "eni-00000000000000001", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}

// drawWorld draws one or two targets, with everything in them that has to be left out.
func drawWorld(t *rapid.T) []inventory.Inventory {
	var list []inventory.Inventory
	for _, target := range []string{"default", "eu.1"}[:rapid.IntRange(1, 2).Draw(t, "targets")] {
		inv := inventory.Inventory{Target: target}
		next := netip.MustParseAddr("10.0.1.4")
		rows := func(limit int, statuses ...inventory.Status) []inventory.Address {
			var out []inventory.Address
			for i := range rapid.IntRange(0, limit).Draw(t, "addresses") {
				next = next.Next()
				out = append(out, inventory.Address{IP: next, Primary: i == 0 && rapid.IntRange(0, 7).Draw(t, "primary") > 0,
					Status: rapid.SampledFrom(append(statuses, statuses[0], statuses[0], statuses[0])).Draw(t, "status")})
			}
			if len(out) > 0 {
				out[0].Status = statuses[0]
			}
			return out
		}
		for i := range rapid.IntRange(0, 5).Draw(t, "gateways") {
			inv.NatGateways = append(inv.NatGateways, inventory.NatGateway{
				ID: fmt.Sprintf("nat-%017x", i), VpcID: "vpc-1", SubnetID: "subnet-1", Tags: drawTags(t),
				State:            rapid.SampledFrom([]string{"available", "available", "available", "pending", "deleting", "deleted"}).Draw(t, "state"),
				ConnectivityType: rapid.SampledFrom([]string{"private", "private", "public"}).Draw(t, "type"),
				AvailabilityMode: rapid.SampledFrom([]string{"zonal", "zonal", "regional"}).Draw(t, "mode"),
				Addresses:        rows(9, "succeeded", "assigning", "unassigning", "failed", "unreadable"),
			})
		}
		for i := range rapid.IntRange(0, 5).Draw(t, "interfaces") {
			n := inventory.NetworkInterface{ID: fmt.Sprintf("eni-%017x", i), VpcID: "vpc-1", SubnetID: "subnet-1", Tags: drawTags(t),
				Type:             rapid.SampledFrom([]string{"interface", "interface", "interface", "natGateway"}).Draw(t, "interface type"),
				RequesterManaged: rapid.IntRange(0, 4).Draw(t, "managed") == 0, Addresses: rows(70, "")}
			for j := range rapid.IntRange(0, 2).Draw(t, "prefixes") {
				n.Prefixes = append(n.Prefixes, netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.0/28", i+1, j)))
			}
			inv.NetworkInterfaces = append(inv.NetworkInterfaces, n)
		}
		inv.Sort()
		list = append(list, inv)
	}
	return list
}

func drawTags(t *rapid.T) map[string]string {
	tags := map[string]string{"Name": rapid.SampledFrom(names).Draw(t, "name")}
	if rapid.IntRange(0, 5).Draw(t, "of pods") == 0 {
		tags["node.k8s.amazonaws.com/instance_id"] = "i-1"
	}
	return tags
}

// drawSpecs draws specs that there are already: right, drifted, in the way, or bad.
func drawSpecs(t *rapid.T, world []inventory.Inventory) []spec.File {
	var files []spec.File
	for i, r := range Resources(world) {
		if rapid.IntRange(0, 3).Draw(t, "has a spec") > 0 {
			continue
		}
		s := Spec{Resource: r, Name: fmt.Sprintf("%s-%d", rapid.SampledFrom([]string{"old", "x", r.ID}).Draw(t, "spec name"), i)}
		s.Addresses = nil
		for range rapid.IntRange(0, 3).Draw(t, "wanted") {
			ip := netip.AddrFrom4([4]byte{10, 0, 1, byte(rapid.IntRange(5, 40).Draw(t, "wanted address"))})
			if _, twice := inventory.Find(s.Addresses, ip); !twice {
				s.Addresses = append(s.Addresses, inventory.Address{IP: ip})
			}
		}
		text := write(s)
		if rapid.IntRange(0, 5).Draw(t, "bad") == 0 {
			text = append(text, "  minServing: 99\n"...)
		}
		files = append(files, spec.File{Path: rapid.SampledFrom([]string{"nat-gateways/", "f/"}).Draw(t, "folder") + s.Name + ".yaml", Data: text})
	}
	return files
}
