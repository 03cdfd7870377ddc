// Package inventory is the vocabulary that sluice shares with EC2, as plain
// values: the resources that EC2 reports, the calls that change their addresses,
// and what EC2 answers.
//
// It holds no behaviour beyond small questions about its own values, knows
// neither the AWS SDK nor sluice's specs, and is what reconcile/ec2 produces and
// reconcile/plan reads. Fields carry the names and meanings of the EC2 API; their
// JSON form is what policies see as input.resource.
package inventory
