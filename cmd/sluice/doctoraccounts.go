package main

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
)

// accounts are whom STS takes each target's credentials for, by target. A check that came
// too late may still add to them.
type accounts struct {
	mu sync.Mutex
	of map[string]ec2.Identity
}

func (a *accounts) add(target string, who ec2.Identity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = map[string]ec2.Identity{}
	}
	a.of[target] = who
}

// twice finds targets that are one account and Region, however differently the
// configuration says so: two of them would plan for the same resources apart.
func (a *accounts) twice() []render.Check {
	a.mu.Lock()
	defer a.mu.Unlock()
	type place struct{ partition, account, region string }
	first := map[place]string{}
	var found []render.Check
	for _, target := range slices.Sorted(maps.Keys(a.of)) {
		who := a.of[target]
		at := place{who.Partition, who.Account, who.Region}
		other, taken := first[at]
		if !taken {
			first[at] = target
			continue
		}
		found = append(found, failed("account", target, fmt.Sprintf("targets %s and %s are both account %s, %s", other, target, who.Account, who.Region),
			"keep one of the two and name it in all specs, or give one the credentials or the Region that it is meant for: two targets of one account have a budget and a lease each")...)
	}
	return found
}
