package ec2sim

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// bigWorld holds n gateways in one subnet, and as many interfaces in another.
func bigWorld(n int) World {
	w := World{Throttling: new(false), Subnets: []Subnet{
		{ID: "subnet-00000001", VpcID: "vpc-00000001", CIDR: "10.1.0.0/16"},
		{ID: "subnet-00000002", VpcID: "vpc-00000001", CIDR: "10.2.0.0/16"}}}
	for i := range n {
		ip := fmt.Sprintf("%d.%d", 1+i/200, i%200)
		w.NatGateways = append(w.NatGateways, NatGateway{ID: fmt.Sprintf("nat-%017x", i*7919), SubnetID: "subnet-00000001",
			Primary: "10.1." + ip, Name: "n" + strconv.Itoa(i%3)})
		w.NetworkInterfaces = append(w.NetworkInterfaces, NetworkInterface{ID: fmt.Sprintf("eni-%017x", i*104729),
			SubnetID: "subnet-00000002", Primary: "10.2." + ip})
	}
	return w
}

func TestEveryItemIsOnExactlyOnePageWhateverItsSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "gateways")
		s := New(bigWorld(n), Options{})
		for _, list := range []struct {
			action, id string
			want       int
		}{
			{"DescribeNatGateways", "natGatewaySet/item/natGatewayId", n},
			{"DescribeNetworkInterfaces", "networkInterfaceSet/item/networkInterfaceId", 2 * n},
			{"DescribeSubnets", "subnetSet/item/subnetId", 2},
		} {
			size := rapid.IntRange(5, 130).Draw(t, "size of a page of "+list.action)
			var seen []string
			for token := ""; ; {
				pairs := []string{"MaxResults", strconv.Itoa(size)}
				if token != "" {
					pairs = append(pairs, "NextToken", token)
				}
				got := ask(s, list.action, pairs...)
				page := got.texts(list.id)
				if got.status != 200 || len(page) > size {
					t.Fatalf("%s: %d %s with %d items on a page of %d", list.action, got.status, got.code, len(page), size)
				}
				seen = append(seen, page...)
				next := got.texts("nextToken")
				if len(next) == 0 {
					break
				}
				if len(page) < size {
					t.Fatalf("%s: a page that is not the last has %d of %d items", list.action, len(page), size)
				}
				token = next[0]
			}
			slices.Sort(seen)
			if len(seen) != list.want || len(slices.Compact(seen)) != list.want {
				t.Fatalf("%s: %d items seen, want %d: %v", list.action, len(seen), list.want, seen)
			}
		}
	})
}

func TestAPageGoesOnWhereTheLastEndedThoughTheWorldChanges(t *testing.T) {
	s := New(bigWorld(12), Options{})
	first := mustOK(t, ask(s, "DescribeNatGateways", "MaxResults", "5"))
	s.Edit(func(w *World) { w.NatGateways = slices.Delete(w.NatGateways, 2, 3) })
	token := first.texts("nextToken")[0]
	second := mustOK(t, ask(s, "DescribeNatGateways", "MaxResults", "1000", "NextToken", token))
	if ids := second.texts("natGatewaySet/item/natGatewayId"); len(ids) != 7 || ids[0] != fmt.Sprintf("nat-%017x", 5*7919) {
		t.Errorf("the second page is %v", ids)
	}
	mustFail(t, ask(s, "DescribeSubnets", "NextToken", token), 400, "InvalidNextToken")
}

func TestFiltersSelect(t *testing.T) {
	w := oddWorld(t)
	w.NatGateways[0].Tags = map[string]string{"env": "prod", "a*b": "x"}
	const nats, enis, subnets = "DescribeNatGateways", "DescribeNetworkInterfaces", "DescribeSubnets"
	cases := []struct {
		name, action string
		filters      []string // name, value
		want         int
	}{
		{"by id", nats, []string{"nat-gateway-id", egressA}, 1},
		{"by two states", nats, []string{"state", "deleting", "state", "pending"}, 0},
		{"by state", nats, []string{"state", "deleting"}, 1},
		{"by subnet", nats, []string{"subnet-id", subnetA}, 4},
		{"by VPC, regional ones too", nats, []string{"vpc-id", "vpc-*"}, 6},
		{"by a tag with a wildcard", nats, []string{"tag:Name", "egress-?"}, 2},
		{"by a tag, the case matters", nats, []string{"tag:Name", "Egress-?"}, 0},
		{"by a tag's key", nats, []string{"tag-key", "env"}, 1},
		{"by a tag's key with a star that is meant", nats, []string{"tag-key", `a\*b`}, 1},
		{"by two filters at once", nats, []string{"tag-key", "Name", "tag:env", "prod"}, 1},
		{"interfaces by a secondary address", enis, []string{"addresses.private-ip-address", "10.0.2.30"}, 1},
		{"interfaces by a gateway's secondary address", enis, []string{"addresses.private-ip-address", "10.0.1.2?"}, 1},
		{"interfaces by the primary address", enis, []string{"private-ip-address", "10.0.2.30"}, 0},
		{"interfaces by type", enis, []string{"interface-type", "interface"}, 3},
		{"interfaces by status and VPC", enis, []string{"status", "in-use", "vpc-id", "vpc-0123456789abcdef0"}, 8},
		{"interfaces by zone", enis, []string{"availability-zone", "us-east-1a"}, 4},
		{"interfaces by description", enis, []string{"description", "database*"}, 1},
		{"interfaces that a service manages", enis, []string{"requester-managed", "true"}, 6},
		{"interfaces by tag", enis, []string{"tag:Name", "vip-db"}, 1},
		{"subnets by CIDR", subnets, []string{"cidr-block", "10.0.2.0/24"}, 1},
		{"subnets by zone", subnets, []string{"availability-zone", "*b"}, 1},
		{"subnets by what is free", subnets, []string{"available-ip-address-count", "242"}, 1},
		{"subnets by id and state", subnets, []string{"subnet-id", subnetA, "state", "available"}, 1},
		{"subnets by tag", subnets, []string{"tag:Name", "private-*"}, 2},
	}
	ids := map[string]string{nats: "natGatewaySet/item/natGatewayId", enis: "networkInterfaceSet/item/networkInterfaceId", subnets: "subnetSet/item/subnetId"}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var pairs []string
			for i := 0; i < len(c.filters); i += 2 {
				at := fmt.Sprintf("Filter.%d.", i/2+1)
				pairs = append(pairs, at+"Name", c.filters[i], at+"Value.1", c.filters[i+1])
			}
			got := mustOK(t, ask(New(w, Options{}), c.action, pairs...)).texts(ids[c.action])
			if len(got) != c.want {
				t.Errorf("got %d items, want %d: %v", len(got), c.want, got)
			}
		})
	}
	either := ask(New(w, Options{}), nats, "Filter.1.Name", "state", "Filter.1.Value.1", "deleting", "Filter.1.Value.3", "available")
	if n := len(either.texts(ids[nats])); n != 6 {
		t.Errorf("one of two values: got %d, want 6", n)
	}
}
