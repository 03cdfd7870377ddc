package iampolicy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Policy is an IAM policy document; its JSON is what IAM takes (IAM User Guide, "IAM
// JSON policy elements reference").
type Policy struct {
	Version   string      // of IAM's language: 2012-10-17
	Statement []Statement // of [For] and [Conformance] never nil: no statement is a list too
}

// Statement allows actions on resources. All conditions must hold.
type Statement struct {
	Sid       string                         // letters and digits, of its own in the policy
	Effect    string                         // Allow: there is no Deny
	Action    []string                       // such as ec2:DescribeSubnets
	Resource  []string                       // ARNs, or *
	Condition map[string]map[string][]string `json:",omitempty"` // by operator and key; of several values one fits
}

// Target is one account and Region, and what sluice is to change there.
type Target struct {
	Partition string     // aws, aws-cn, …
	Region    string     // such as us-east-1
	Account   string     // 12 digits, or * where it is not known
	Resources []Resource // whose addresses may be changed; none: it only reads there
}

// Resource is a resource by its id, or all that carry some tags.
type Resource struct {
	Kind inventory.Kind
	ID   string            // nat-… or eni-…; empty: by Tags
	Tags map[string]string // when ID is empty; some
}

// action is an EC2 action, and what IAM bounds it by.
type action struct {
	name string
	kind inventory.Kind // whose ARN; empty: only the Region can be named
}

// actions are all that reconcile/ec2 calls; a test compares the two.
var actions = []action{
	{"DescribeNatGateways", ""},
	{"DescribeNetworkInterfaces", ""},
	{"DescribeSubnets", ""},
	{"GetSubnetCidrReservations", ""},
	{"AssignPrivateNatGatewayAddress", inventory.KindNatGateway},
	{"UnassignPrivateNatGatewayAddress", inventory.KindNatGateway},
	{"AssignPrivateIpAddresses", inventory.KindNetworkInterface},
	{"UnassignPrivateIpAddresses", inventory.KindNetworkInterface},
}

// arnType is how ARNs name a kind.
var arnType = map[inventory.Kind]string{inventory.KindNatGateway: "natgateway", inventory.KindNetworkInterface: "network-interface"}

// For writes the policy for targets, which should be of one account. The mode says
// what is needed: observe reads; dry-run also asks with DryRun, which EC2 has for NAT
// gateways alone and authorises like the call itself; apply calls.
func For(mode string, targets []Target) Policy {
	p := Policy{Version: "2012-10-17", Statement: []Statement{}}
	var regions []string
	for _, t := range targets {
		regions = append(regions, t.Region)
	}
	slices.Sort(regions)
	if len(regions) > 0 {
		p.add(Statement{Sid: "Read", Action: named(""), Resource: []string{"*"}, Condition: equals(map[string][]string{"ec2:Region": slices.Compact(regions)})})
	}
	for _, kind := range []inventory.Kind{inventory.KindNatGateway, inventory.KindNetworkInterface} {
		if mode == "observe" || mode == "dry-run" && kind == inventory.KindNetworkInterface {
			continue
		}
		p.changes(kind, targets)
	}
	return p
}

// changes allows the calls on resources of one kind: those with ids in one statement,
// each set of tags in one of its own.
func (p *Policy) changes(kind inventory.Kind, targets []Target) {
	var ids []string
	byTags := map[string]Statement{}
	for _, t := range targets {
		for _, r := range t.Resources {
			arn := fmt.Sprintf("arn:%s:ec2:%s:%s:%s/%s", t.Partition, t.Region, t.Account, arnType[kind], cmp.Or(r.ID, "*"))
			switch {
			case r.Kind != kind:
			case r.ID != "":
				ids = append(ids, arn)
			case len(r.Tags) > 0:
				conditions := map[string][]string{}
				for key, value := range r.Tags {
					conditions["aws:ResourceTag/"+key] = []string{literal(value)}
				}
				key := fmt.Sprintf("%s %q", arn, conditions) // maps print in the order of their keys
				byTags[key] = Statement{Sid: string(kind) + "ByTag", Action: named(kind), Resource: []string{arn}, Condition: equals(conditions)}
			}
		}
	}
	slices.Sort(ids)
	if len(ids) > 0 {
		p.add(Statement{Sid: string(kind), Action: named(kind), Resource: slices.Compact(ids)})
	}
	for _, key := range slices.Sorted(maps.Keys(byTags)) {
		p.add(byTags[key])
	}
}

// add numbers a statement's Sid where it is not the first of its name: IAM refuses a
// policy in which two are the same.
func (p *Policy) add(s Statement) {
	same := 0
	for _, other := range p.Statement {
		if strings.TrimRight(other.Sid, "0123456789") == s.Sid {
			same++
		}
	}
	if same > 0 {
		s.Sid = fmt.Sprint(s.Sid, same+1)
	}
	s.Effect = "Allow"
	p.Statement = append(p.Statement, s)
}

func named(kind inventory.Kind) []string {
	var list []string
	for _, a := range actions {
		if a.kind == kind {
			list = append(list, "ec2:"+a.name)
		}
	}
	return list
}

func equals(conditions map[string][]string) map[string]map[string][]string {
	return map[string]map[string][]string{"StringEquals": conditions}
}

// literal keeps IAM from reading a variable into a tag's value.
func literal(value string) string { return strings.ReplaceAll(value, "$", "${$}") }
