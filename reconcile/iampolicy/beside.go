package iampolicy

import "slices"

// AllowTrail allows asking CloudTrail who made a call, in the Regions of targets.
// LookupEvents knows no resource.
func (p *Policy) AllowTrail(targets []Target) {
	var regions []string
	for _, t := range targets {
		regions = append(regions, t.Region)
	}
	slices.Sort(regions)
	if len(regions) > 0 {
		p.add(Statement{Sid: "Who", Action: []string{"cloudtrail:LookupEvents"}, Resource: []string{"*"},
			Condition: equals(map[string][]string{"aws:RequestedRegion": slices.Compact(regions)})})
	}
}

// AllowQueue allows reading a queue of events and deleting what was read.
func (p *Policy) AllowQueue(arn string) {
	p.add(Statement{Sid: "Hints", Action: []string{"sqs:DeleteMessage", "sqs:ReceiveMessage"}, Resource: []string{arn}})
}
