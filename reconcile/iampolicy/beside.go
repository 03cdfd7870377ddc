package iampolicy

import (
	"slices"
	"strings"
)

// AllowTrail allows asking CloudTrail who made a call, in the Regions of targets.
// LookupEvents knows no resource (Service Authorization Reference, AWS CloudTrail).
// Without a target nothing is added.
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

// AllowExport allows writing exports of the record below a prefix of a bucket, and
// reading them back. Listing and deleting are not allowed; that nothing is overwritten is
// up to the writer, since s3:PutObject allows both. An empty prefix is the whole bucket.
func (p *Policy) AllowExport(partition, bucket, prefix string) {
	key := strings.Trim(prefix, "/") + "/*"
	p.add(Statement{Sid: "Export", Action: []string{"s3:GetObject", "s3:PutObject"},
		Resource: []string{"arn:" + partition + ":s3:::" + bucket + "/" + literal(strings.TrimPrefix(key, "/"))}})
}

// TableActions are what the record and the leases of several replicas need of their table.
func TableActions() []string {
	return []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
}

// AllowTable allows what the record and the leases of several replicas need of their
// DynamoDB table.
func (p *Policy) AllowTable(arn string) {
	p.add(Statement{Sid: "Record", Action: TableActions(), Resource: []string{arn}})
}
