package adopt

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func parse(files []spec.File) []spec.Document {
	if len(files) == 0 {
		return nil
	}
	return spec.Parse(files).Documents
}

// states plans, and returns each document's state by its file.
func states(world []inventory.Inventory, docs []spec.Document) map[string]plan.Resource {
	out := map[string]plan.Resource{}
	for _, r := range plan.Make(plan.Input{Documents: docs, Inventories: world}).Resources {
		out[r.Spec.File] = r
	}
	return out
}

// Strict round trip: what is imported is in sync, without an action, and whatever
// stood before stands as it did.
func TestImportingAndPlanningShowsNoChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		world := drawWorld(t)
		files := drawSpecs(t, world)
		in := Input{Inventories: world, Documents: parse(files), Bare: rapid.Bool().Draw(t, "bare"), FolderPerTarget: len(world) > 1}
		specs, left := Make(in)
		if len(specs)+len(left) != len(Resources(world)) {
			t.Fatalf("%d written and %d left out of %d", len(specs), len(left), len(Resources(world)))
		}
		before := states(world, in.Documents)
		all, seen := slices.Clone(files), map[string]bool{}
		for _, f := range files {
			seen[strings.ToLower(f.Path)] = true
		}
		for _, s := range specs {
			if lower := strings.ToLower(s.File); seen[lower] || strings.Contains(s.File, "..") {
				t.Fatalf("the file %s is no new one", s.File)
			} else {
				seen[lower] = true
			}
			all = append(all, spec.File{Path: s.File, Data: s.Text})
		}
		set := spec.Set{}
		if len(all) > 0 {
			set = spec.Parse(all)
		}
		after := states(world, set.Documents)
		for _, s := range specs {
			if r := after[s.File]; r.State != plan.InSync || len(r.Waves) > 0 || r.ID != s.ID || r.Spec.Name != s.Name {
				t.Fatalf("%s is %s: %s\n%s", s.File, r.State, r.Reason, s.Text)
			}
			if primary, _ := inventory.Primary(s.Addresses); strings.Contains(string(s.Text), "- "+primary.String()+"\n") {
				t.Fatalf("the primary is listed:\n%s", s.Text)
			}
		}
		for _, f := range files {
			if a, b := before[f.Path], after[f.Path]; a.State != b.State || a.Reason != b.Reason {
				t.Fatalf("%s was %s (%s), and is %s (%s)", f.Path, a.State, a.Reason, b.State, b.Reason)
			}
		}
	})
}

func TestWhatIsLeftOutSaysWhy(t *testing.T) {
	ip := netip.MustParseAddr
	primary := inventory.Address{IP: ip("10.0.1.10"), Primary: true, Status: "succeeded"}
	gateway := func(change func(*inventory.NatGateway)) []inventory.Inventory {
		g := inventory.NatGateway{ID: "nat-0a1b2c3d", VpcID: "vpc-1", SubnetID: "s", State: "available", ConnectivityType: "private", AvailabilityMode: "zonal",
			Addresses: []inventory.Address{primary, {IP: ip("10.0.1.20"), Status: "succeeded"}}}
		change(&g)
		return []inventory.Inventory{{Target: "default", NatGateways: []inventory.NatGateway{g}}}
	}
	card := func(change func(*inventory.NetworkInterface)) []inventory.Inventory {
		n := inventory.NetworkInterface{ID: "eni-0a1b2c3d", VpcID: "vpc-1", SubnetID: "s", Type: "interface",
			Addresses: []inventory.Address{{IP: ip("10.0.1.10"), Primary: true}, {IP: ip("10.0.1.20")}}}
		change(&n)
		return []inventory.Inventory{{Target: "default", NetworkInterfaces: []inventory.NetworkInterface{n}}}
	}
	for _, c := range []struct {
		name   string
		world  []inventory.Inventory
		why    Why
		reason string
	}{
		{"a gateway with a drain in progress", gateway(func(g *inventory.NatGateway) { g.Addresses[1].Status = "unassigning" }), Waiting, "10.0.1.20 is unassigning"},
		{"a gateway that is being created", gateway(func(g *inventory.NatGateway) { g.State = "pending" }), Waiting, "still being created"},
		{"a deleted gateway", gateway(func(g *inventory.NatGateway) { g.State = "deleted" }), Unfit, "deleted, not available"},
		{"a deleted gateway, of which EC2 tells no primary", gateway(func(g *inventory.NatGateway) { g.State, g.Addresses[0].Primary = "deleted", false }), Unfit, "deleted, not available"},
		{"a gateway that is being created, without a primary yet", gateway(func(g *inventory.NatGateway) { g.State, g.Addresses[0].Primary = "pending", false }), Waiting, "still being created"},
		{"a public gateway", gateway(func(g *inventory.NatGateway) { g.ConnectivityType = "public" }), Unfit, "public"},
		{"a regional gateway", gateway(func(g *inventory.NatGateway) { g.AvailabilityMode = "regional" }), Unfit, "regional"},
		{"a gateway whose primary is not known", gateway(func(g *inventory.NatGateway) { g.Addresses[0].Primary = false }), Waiting, "which of its addresses is the primary"},
		{"a gateway's own interface", card(func(n *inventory.NetworkInterface) { n.Type = "natGateway" }), Service, "belongs to a NAT gateway"},
		{"a load balancer's interface", card(func(n *inventory.NetworkInterface) { n.RequesterManaged, n.Description = true, "ELB app/x" }), Service, "ELB app/x"},
		{"an interface that an operator manages", card(func(n *inventory.NetworkInterface) { n.OperatorManaged = true }), Service, "managed by an AWS service"},
		{"an interface of pods", card(func(n *inventory.NetworkInterface) {
			n.Tags = map[string]string{"node.k8s.amazonaws.com/instance_id": "i-1"}
		}), Unfit, "VPC CNI"},
		{"an interface without anything to keep", card(func(n *inventory.NetworkInterface) { n.Addresses = n.Addresses[:1] }), Bare, "no secondary address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			specs, left := Make(Input{Inventories: c.world})
			if len(specs) > 0 || len(left) != 1 || left[0].Why != c.why || !strings.Contains(left[0].Reason, c.reason) {
				t.Errorf("written %v, left out %+v", specs, left)
			}
		})
	}
	for _, world := range [][]inventory.Inventory{gateway(func(*inventory.NatGateway) {}), card(func(*inventory.NetworkInterface) {})} {
		if specs, left := Make(Input{Inventories: world}); len(specs) != 1 || len(left) != 0 { // else the table shows nothing
			t.Errorf("a plain resource was left out: %+v", left)
		}
	}
}
