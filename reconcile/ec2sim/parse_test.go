package ec2sim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTheQuickstartWorldIsWhatItsCommentsSay(t *testing.T) {
	w := quickstart(t)
	if len(w.Subnets) != 2 || len(w.NatGateways) != 2 || len(w.NetworkInterfaces) != 1 {
		t.Fatalf("got %+v", w)
	}
	g := w.NatGateways[0]
	if g.ID != egressA || g.Name != "egress-a" || g.Primary != "10.0.1.10" || g.State != "available" || g.ConnectivityType != "private" ||
		g.VpcID != "vpc-0123456789abcdef0" || strings.Join(g.Secondary, " ") != "10.0.1.20 10.0.1.21" {
		t.Errorf("got %+v", g)
	}
	if w.assigning() != Duration(3*time.Second) || w.Limits != (Limits{8, 30}) {
		t.Errorf("got %+v %+v", w.Timing, w.Limits)
	}
}

// head is a world of one subnet, up to the end of line 5.
const head = `apiVersion: sluice/v1
kind: World
subnets:
  - {id: subnet-00000001, vpcId: vpc-00000001, cidr: 10.0.1.0/24, reservations: [{cidr: 10.0.1.64/28, type: prefix}]}
  - {id: subnet-00000002, vpcId: vpc-00000001, cidr: 10.0.2.0/24}
`

func TestEveryProblemOfAWorldFileNamesItsLine(t *testing.T) {
	gw := func(fields string) string {
		return head + "natGateways:\n  - {id: nat-00000001, subnetId: subnet-00000001, " + fields + "}\n"
	}
	eni := func(fields string) string {
		return head + "networkInterfaces:\n  - {id: eni-00000001, subnetId: subnet-00000002, primary: 10.0.2.10, " + fields + "}\n"
	}
	cases := []struct{ name, file, want string }{
		{"no document", "# nothing\n", "w.yaml: has 0 documents"},
		{"two documents", head + "---\n" + head, "w.yaml: has 2 documents"},
		{"a file that is no YAML", "a: [", "w.yaml:1:"},
		{"another kind", "apiVersion: sluice/v1\nkind: NatGateway\n", "w.yaml:2:7: kind: must be World"},
		{"another version", "apiVersion: sluice/v2\nkind: World\n", "w.yaml:1:13: apiVersion: must be sluice/v1"},
		{"a list instead of a mapping", "- 1\n", "w.yaml:1:1: must be a mapping, not a list"},
		{"an unknown field", gw("primary: 10.0.1.10, secondry: []"), "w.yaml:7:81: natGateways[0].secondry: unknown field"},
		{"a field in the wrong case", "apiVersion: sluice/v1\nkind: World\nSubnets: []\n", "w.yaml:3:10: Subnets: unknown field"},
		{"a field twice", head + "subnets: []\n", "w.yaml:6:1:"},
		{"a number for a text", head + "region: 5\n", "w.yaml:6:9: region: must be text"},
		{"a text for a number", head + "limits: {addressesPerNatGateway: many}\n", "w.yaml:6:34: limits.addressesPerNatGateway: must be a whole number"},
		{"nothing where something must be", head + "region:\n", "region: must be text"},
		{"a negative limit", head + "limits: {addressesPerNatGateway: -1}\n", "limits.addressesPerNatGateway: must be 1 or more"},
		{"a duration without a unit", head + "timing: {assign: 3}\n", "w.yaml:6:18: timing.assign: must be a duration"},
		{"a duration that is none", head + "timing: {assign: 3 sec}\n", "timing.assign: \"3 sec\" is no duration"},
		{"an account that is none", head + "account: \"12\"\n", "w.yaml:6:10: account: must be twelve digits"},
		{"a Region that is none", head + "region: virginia\n", "w.yaml:6:9: region: must be a Region"},
		{"a subnet twice", head + "  - {id: subnet-00000002, vpcId: vpc-00000002, cidr: 10.0.3.0/24}\n", "w.yaml:6:10: subnets[2].id: subnet-00000002 is already at subnets[1].id"},
		{"subnets that overlap", head + "  - {id: subnet-00000003, vpcId: vpc-00000001, cidr: 10.0.0.0/16}\n", "subnets[2].cidr: 10.0.0.0/16 overlaps subnets[0]"},
		{"a network with host bits", head + "  - {id: subnet-00000003, vpcId: vpc-00000001, cidr: 10.0.3.1/24}\n", "subnets[2].cidr: must be an IPv4 network"},
		{"a network too large", head + "  - {id: subnet-00000003, vpcId: vpc-00000001, cidr: 10.0.0.0/8}\n", "subnets[2].cidr: must be an IPv4 network of /16 to /28"},
		{"a reservation outside", strings.Replace(head, "10.0.1.64/28", "10.0.3.64/28", 1), "subnets[0].reservations[0].cidr: must be a network within 10.0.1.0/24"},
		{"a reservation of no type", strings.Replace(head, "type: prefix", "type: secret", 1), "subnets[0].reservations[0].type: must be one of prefix, explicit"},
		{"a gateway id that is none", strings.Replace(gw("primary: 10.0.1.10"), "nat-00000001", "nat-1", 1), "natGateways[0].id: must be nat- and 8 or 17"},
		{"a gateway in no subnet", strings.Replace(gw("primary: 10.0.1.10"), "subnetId: subnet-00000001", "subnetId: subnet-00000009", 1), `w.yaml:7:34: natGateways[0].subnetId: there is no subnet "subnet-00000009"`},
		{"a gateway without a primary", gw("name: x"), `natGateways[0].primary: "" is no IPv4 address`},
		{"an address that is none", gw("primary: 10.0.1.10, secondary: [10.0.1.20, 10.0.1.300]"), `natGateways[0].secondary[1]: "10.0.1.300" is no IPv4 address`},
		{"an address outside its subnet", gw("primary: 10.0.2.10"), "natGateways[0].primary: Address 10.0.2.10 does not fall within"},
		{"an address that EC2 keeps", gw("primary: 10.0.1.3"), "natGateways[0].primary: Address 10.0.1.3 is in the subnet's reserved address range"},
		{"an address reserved for prefixes", gw("primary: 10.0.1.65"), "natGateways[0].primary: Address 10.0.1.65 is in a subnet CIDR reservation"},
		{"an address twice", gw("primary: 10.0.1.10, secondary: [10.0.1.10]"), "natGateways[0].secondary[0]: 10.0.1.10 is already an address of nat-00000001"},
		{"nine addresses", gw("primary: 10.0.1.10, secondary: [10.0.1.11, 10.0.1.12, 10.0.1.13, 10.0.1.14, 10.0.1.15, 10.0.1.16, 10.0.1.17, 10.0.1.18]"), "natGateways[0].secondary: with the primary these are 9 addresses"},
		{"a state that is none", gw("primary: 10.0.1.10, state: happy"), "natGateways[0].state: must be one of pending"},
		{"a VPC that is not the subnet's", gw("primary: 10.0.1.10, vpcId: vpc-00000009"), "natGateways[0].vpcId: is \"vpc-00000009\", but"},
		{"a regional gateway in a subnet", gw("primary: 10.0.1.10, availabilityMode: regional, vpcId: vpc-00000001"), "natGateways[0].subnetId: a regional gateway has no subnet"},
		{"two names", gw("primary: 10.0.1.10, name: a, tags: {Name: b}"), `natGateways[0].name: is "a", but the tag Name is "b"`},
		{"a transition of another address", gw("primary: 10.0.1.10, transitions: [{ip: 10.0.1.20, status: assigning}]"), "natGateways[0].transitions[0].ip: must name an address of secondary"},
		{"a transition of no status", gw("primary: 10.0.1.10, secondary: [10.0.1.20], transitions: [{ip: 10.0.1.20, status: leaving}]"), "natGateways[0].transitions[0].status: must be one of"},
		{"a prefix that is no /28", eni("prefixes: [10.0.2.64/27]"), "networkInterfaces[0].prefixes[0]: 10.0.2.64/27 is not a /28"},
		{"a prefix that is no network", eni("prefixes: [10.0.2.64]"), "networkInterfaces[0].prefixes[0]: must be an IPv4 /28"},
		{"a prefix over an address", eni("prefixes: [10.0.2.0/28]"), "networkInterfaces[0].prefixes[0]: 10.0.2.0/28 holds the subnet's reserved address"},
		{"an interface status that is none", eni("status: up"), "networkInterfaces[0].status: must be one of available"},
		{"a failing address that is none", head + "failing: [all]\n", `failing[0]: "all" is no IPv4 address`},
		{"a denial of nothing", head + "denied: [{accessKeyId: \"*\"}]\n", "denied[0].actions: must name at least one"},
		{"a denial of nobody", head + "denied: [{actions: [DescribeSubnets]}]\n", "denied[0].accessKeyId: must be an access key id"},
		{"a denied action that is none", head + "denied: [{accessKeyId: \"*\", actions: [Describe]}]\n", `denied[0].actions[0]: the simulator has no action "Describe"`},
		{"a fault that is none", head + "faults:\n  - {kind: earthquake}\n", `w.yaml:7:12: faults[0].kind: "earthquake" is no fault`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseWorld("w.yaml", []byte(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "w.yaml:") {
				t.Errorf("the file is not named: %v", err)
			}
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := ParseWorld("w.yaml", []byte(head+"region: x\nfailing: [a, b]\n"))
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; err == nil || n != 3 {
		t.Errorf("want 3 problems, got %d: %v", n, err)
	}
}

func TestAWorldInTheMiddleOfADrainCanBeSavedAndLoaded(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	s := New(quickstart(t), Options{Now: clock})
	mustOK(t, ask(s, "UnassignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.20"))
	now = now.Add(100 * time.Second)
	saved, err := json.Marshal(s.World())
	if err != nil {
		t.Fatal(err)
	}
	w, err := ParseWorld("saved.json", saved)
	if err != nil {
		t.Fatal(err)
	}
	if left := w.NatGateways[0].Transitions[0].Remaining; left != Duration(250*time.Second) {
		t.Errorf("%s are left, want 250s", time.Duration(left))
	}
	s = New(w, Options{Now: clock})
	now = now.Add(-time.Hour) // a clock that goes back stands still
	if rows := gateway(s, egressA); !strings.Contains(rows, "10.0.1.20=unassigning") {
		t.Errorf("got %s", rows)
	}
	now = now.Add(250 * time.Second)
	if rows := gateway(s, egressA); strings.Contains(rows, "10.0.1.20") {
		t.Errorf("got %s", rows)
	}
}

func FuzzParseWorld(f *testing.F) {
	f.Add([]byte(head + "natGateways: [{id: nat-00000001, subnetId: subnet-00000001, primary: 10.0.1.10}]\n"))
	f.Add([]byte(head + "faults: [{kind: slow, delay: 3s, times: 0, probability: 0.5}]\nthrottling: false\n"))
	f.Add([]byte("apiVersion: sluice/v1\nkind: World\nlimits: null\nsubnets: {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := ParseWorld("w.yaml", data)
		if err != nil {
			return
		}
		// What is accepted can be served.
		w.Anonymous, w.Faults, w.Denied = true, nil, nil
		s := New(w, Options{})
		for _, action := range []string{"DescribeNatGateways", "DescribeNetworkInterfaces", "DescribeSubnets"} {
			mustOK(t, ask(s, action))
		}
	})
}
