package iampolicy

import (
	"fmt"
	"slices"
)

// Conformance writes the policy of a conformance run: creations only with the tag, changes only of what has it.
// One question is about the interface of the run's own gateway, which EC2 makes without the tag; it gets no answer
// under this policy.
func Conformance(tag string, targets []Target) Policy {
	p := Policy{Version: "2012-10-17", Statement: []Statement{}}
	var regions, gateways, interfaces, places []string
	for _, t := range targets {
		arn := func(kind string) string {
			return fmt.Sprintf("arn:%s:ec2:%s:%s:%s/*", t.Partition, t.Region, t.Account, kind)
		}
		regions = append(regions, t.Region)
		gateways, interfaces = append(gateways, arn("natgateway")), append(interfaces, arn("network-interface"))
		places = append(places, arn("subnet"), arn("security-group"))
	}
	requested := map[string]map[string][]string{"StringLike": {"aws:RequestTag/" + tag: {"*"}}}
	carried := map[string]map[string][]string{"StringLike": {"aws:ResourceTag/" + tag: {"*"}}}
	p.add(Statement{Sid: "Read", Action: named(""), Resource: []string{"*"}, Condition: equals(map[string][]string{"ec2:Region": slices.Compact(slices.Sorted(slices.Values(regions)))})})
	p.add(Statement{Sid: "Create", Action: []string{"ec2:CreateNatGateway", "ec2:CreateNetworkInterface"}, Resource: slices.Concat(gateways, interfaces), Condition: requested})
	p.add(Statement{Sid: "CreateThere", Action: []string{"ec2:CreateNatGateway", "ec2:CreateNetworkInterface"}, Resource: places})
	p.add(Statement{Sid: "Tag", Action: []string{"ec2:CreateTags"}, Resource: slices.Concat(gateways, interfaces),
		Condition: equals(map[string][]string{"ec2:CreateAction": {"CreateNatGateway", "CreateNetworkInterface"}})})
	p.add(Statement{Sid: "Gateway", Action: append(named("NatGateway"), "ec2:DeleteNatGateway"), Resource: gateways, Condition: carried})
	p.add(Statement{Sid: "Interface", Action: append(named("NetworkInterface"), "ec2:DeleteNetworkInterface"), Resource: interfaces, Condition: carried})
	return p
}
