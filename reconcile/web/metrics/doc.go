// Package metrics is what Prometheus is told. What happens is counted as it happens:
// EC2 calls, turns, what became of commits and of news about them. How things stand is
// read from the loop's status when somebody asks.
//
// The list of metrics is a promise, written down in examples/observability/README.md,
// and a test holds it to that. No label is an address, a resource, a spec or a commit:
// labels are targets and rules, which are configured, and words of which there are few.
package metrics
