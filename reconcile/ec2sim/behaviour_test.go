package ec2sim

import (
	"testing"
	"time"
)

// As `sluice sim --behaviour` does it: the world is read first, then the answers.
func TestTimesThatAWSWasMeasuredAtTakeThePlaceOfTheSimulators(t *testing.T) {
	const world = "apiVersion: sluice/v1\nkind: World\nsubnets: [{id: subnet-0a1b2c3d4e5f60001, vpcId: vpc-0123456789abcdef0, cidr: 10.0.1.0/24}]\n"
	const answers = "apiVersion: sluice/v1\nkind: Behaviour\nbehaviour: {create: 40s, assign: 7s}\n"
	for name, tt := range map[string]struct {
		world, answers string
		create, assign time.Duration
	}{
		"nobody has asked":         {world, "", 10 * time.Second, 3 * time.Second},
		"AWS was asked":            {world, answers, 40 * time.Second, 7 * time.Second},
		"the world says otherwise": {world + "timing: {create: 2s, assign: 1s}\n", answers, 2 * time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := ParseWorld("world.yaml", []byte(tt.world))
			if err == nil && tt.answers != "" {
				w.Behaviour, err = ParseBehaviour("answers.yaml", []byte(tt.answers))
			}
			if err != nil {
				t.Fatal(err)
			}
			now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			s := New(w, Options{Now: func() time.Time { return now }})
			id := mustOK(t, ask(s, "CreateNatGateway", "SubnetId", "subnet-0a1b2c3d4e5f60001", "ConnectivityType", "private")).texts("natGateway/natGatewayId")[0]
			state := func() string {
				return mustOK(t, ask(s, "DescribeNatGateways", "NatGatewayId.1", id)).texts("natGatewaySet/item/state")[0]
			}
			now = now.Add(tt.create - time.Second)
			if got := state(); got != "pending" {
				t.Errorf("a second before its time the gateway is %s", got)
			}
			now = now.Add(time.Second)
			if got := state(); got != "available" {
				t.Errorf("the gateway is %s", got)
			}
			mustOK(t, ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", id, "PrivateIpAddress.1", "10.0.1.50"))
			now = now.Add(tt.assign - time.Second)
			if list := s.World().NatGateways[0].Transitions; tt.assign > time.Second && len(list) != 1 {
				t.Errorf("a second before its time: %+v", list)
			}
			now = now.Add(time.Second)
			if list := s.World().NatGateways[0].Transitions; len(list) != 0 {
				t.Errorf("still on its way: %+v", list)
			}
		})
	}
}
