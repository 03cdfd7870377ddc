package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
)

// What costs is asking EC2: one list of gateways, and one of interfaces for each 200
// of them, at each run of the drift schedule, and nothing between two runs.
func TestAnIdleHourCostsOneReadOfAllEachRun(t *testing.T) {
	for _, gateways := range []int{10, 1000} {
		t.Run(fmt.Sprintf("%d gateways", gateways), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, fleet(gateways), fleetSpecs(gateways))
				s.config = func(c *reconcile.Config) {
					c.Calendar.Schedules = []calendar.Schedule{{Name: "drift", Cron: cron(t, "*/15 * * * *"), Correct: true}}
				}
				started := 0
				s.serve(time.Hour+5*time.Minute, func(*reconcile.Loop) {
					time.Sleep(5 * time.Minute)
					started = len(s.sim.Calls())
				})
				idle := s.sim.Calls()[started:]
				for _, c := range idle {
					if c.Action != "DescribeNatGateways" {
						t.Errorf("an idle hour had a call of %s", c.Action)
					}
				}
				if len(idle) != 4 {
					t.Errorf("an idle hour had %d calls", len(idle))
				}
				t.Logf("figure: EC2 calls an idle hour, one target of %d gateways, drift looked for every 15 minutes: %d", gateways, len(idle))
			})
		})
	}
}

// fleet is a world of so many gateways, each with one address beside its primary.
func fleet(gateways int) string {
	var w strings.Builder
	w.WriteString("apiVersion: sluice/v1\nkind: World\nsubnets: [{id: subnet-0123456789abcdef0, vpcId: vpc-0123456789abcdef0, cidr: 10.0.0.0/16}]\nnatGateways:\n")
	for i := range gateways {
		fmt.Fprintf(&w, "  - {id: nat-%017d, subnetId: subnet-0123456789abcdef0, primary: 10.0.%d.%d, secondary: [%s]}\n", i, 1+i/100, 10+2*(i%100), fleetAddress(i))
	}
	return w.String()
}

// fleetSpecs are specs that the fleet meets.
func fleetSpecs(gateways int) string {
	var specs strings.Builder
	for i := range gateways {
		fmt.Fprintf(&specs, "---\napiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: g%d}\nspec: {id: nat-%017d, secondary: {addresses: [%s]}}\n", i, i, fleetAddress(i))
	}
	return specs.String()
}

func fleetAddress(i int) string { return fmt.Sprintf("10.0.%d.%d", 1+i/100, 11+2*(i%100)) }
