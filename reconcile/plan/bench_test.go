package plan

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// fleet is n gateways, twenty to a subnet, each with a spec made by want.
func fleet(n int, want func(i int, held []netip.Addr, free netip.Addr) *spec.Secondary) Input {
	inv := inventory.Inventory{Target: "default"}
	in := Input{Commit: "c", PolicyDigest: "p", Mode: "dry-run"}
	for i := range n {
		net := netip.AddrFrom4([4]byte{10, byte(i / 20 / 256), byte(i / 20 % 256), 0})
		subnet := fmt.Sprintf("sub-%05d", i/20)
		if i%20 == 0 {
			inv.Subnets = append(inv.Subnets, inventory.Subnet{ID: subnet, VpcID: "vpc-1", CIDR: netip.PrefixFrom(net, 24)})
		}
		id := fmt.Sprintf("nat-%05d", i)
		first := nth(net, 10+i%20*10)
		held := []netip.Addr{nth(first, 1), nth(first, 2), nth(first, 3)}
		rows := []inventory.Address{{IP: first, Primary: true, Status: inventory.StatusSucceeded, NetworkInterfaceID: "eni-" + id}}
		for _, ip := range held {
			rows = append(rows, inventory.Address{IP: ip, Status: inventory.StatusSucceeded, NetworkInterfaceID: "eni-" + id})
		}
		inv.NatGateways = append(inv.NatGateways, inventory.NatGateway{ID: id, VpcID: "vpc-1", SubnetID: subnet, State: "available",
			ConnectivityType: "private", Tags: map[string]string{"Name": id}, Addresses: rows})
		s := &inv.Subnets[len(inv.Subnets)-1]
		s.Holders = append(s.Holders, inventory.Holder{NetworkInterfaceID: "eni-" + id, Type: "natGateway", Addresses: rows})
		in.Documents = append(in.Documents, spec.Document{Kind: inventory.KindNatGateway, Name: id, File: id + ".yaml", Line: 1, Target: "default",
			ID: id, MinServing: 1, MaxDrainSeconds: 350, Secondary: want(i, held, nth(first, 5))})
	}
	in.Inventories = []inventory.Inventory{inv}
	return in
}

// BenchmarkMake plans fleets: nothing to do, a swap each, a count that grows
// each, all found by tags, and addresses handed on in one long ring.
func BenchmarkMake(b *testing.B) {
	kinds := []struct {
		name string
		in   func(n int) Input
	}{
		{"in-sync", func(n int) Input {
			return fleet(n, func(_ int, held []netip.Addr, _ netip.Addr) *spec.Secondary { return &spec.Secondary{Addresses: held} })
		}},
		{"swap", func(n int) Input {
			return fleet(n, func(_ int, held []netip.Addr, free netip.Addr) *spec.Secondary {
				return &spec.Secondary{Addresses: []netip.Addr{held[0], held[1], free}}
			})
		}},
		{"count", func(n int) Input {
			five := 5
			return fleet(n, func(int, []netip.Addr, netip.Addr) *spec.Secondary { return &spec.Secondary{Count: &five} })
		}},
		{"selector", func(n int) Input {
			in := fleet(n, func(_ int, held []netip.Addr, _ netip.Addr) *spec.Secondary { return &spec.Secondary{Addresses: held} })
			for i := range in.Documents {
				d := &in.Documents[i]
				d.SelectorTags, d.ID = map[string]string{"Name": d.ID}, ""
			}
			return in
		}},
		{"ring", func(n int) Input {
			in := fleet(n, func(_ int, held []netip.Addr, _ netip.Addr) *spec.Secondary {
				return &spec.Secondary{Addresses: []netip.Addr{held[0], held[1]}}
			})
			for i := range in.Documents { // within a subnet each takes what its neighbour gives up
				rows := in.Inventories[0].NatGateways[i/20*20+(i+1)%20].Addresses
				s := in.Documents[i].Secondary
				s.Addresses = append(s.Addresses, rows[3].IP)
			}
			return in
		}},
	}
	for _, k := range kinds {
		for _, n := range []int{1000, 10000} {
			in := k.in(n)
			b.Run(fmt.Sprintf("%s/%d", k.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if p := Make(in); p.Summary.Error+p.Summary.Blocked > 0 {
						b.Fatal(p.Summary)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/resource")
			})
		}
	}
}
