// Package ec2 is sluice's only way to EC2: it observes, calls, classifies what
// EC2 answers, and keeps to EC2's request rates.
//
// It speaks to any endpoint of the EC2 query protocol. It is tolerant in what it
// reads (absent fields, unknown words, ignored filters) and strict in what it
// concludes: a read that failed, or an answer that makes no sense, becomes an
// [inventory.Unread] or an [inventory.Fault], never an absent resource.
//
// The way of a call, from the outside in:
//
//	Observe, Subnets, Reread, Do     words of package inventory
//	the AWS SDK's client             reads: at most 4 attempts; mutating calls: one
//	attempt                          token bucket, then a deadline, for each attempt
//	guard                            the last look at what leaves: mode, DryRun, no counts
//	net/http                         no redirects, HTTP/1.1, mutating calls on fresh connections
//
// The package imports the AWS SDK and package inventory, and nothing else of
// sluice. It knows neither specs nor plans.
package ec2
