// Package spec reads sluice/v1 specs: YAML documents that each say which
// addresses one AWS resource holds.
//
// [Parse] takes the files of one commit and returns every document, good or bad,
// with every problem at once. A bad document stays in the list, so that its
// resource is reported as an error instead of being taken for one that nobody
// wants. Nothing at all to read is an error too, never an empty wish.
//
// Only files named *.yaml, *.yml and *.json are read. A snapshot has no files below
// a name that begins with a dot, unless it is asked for by this name: those belong
// to other tools (see gitsource).
//
// What has a shape is checked by the JSON Schema in spec.schema.json (which
// editors can use); what has a meaning (addresses, ranges, durations, two specs
// for one resource) is checked here. What needs EC2 (does the gateway exist, is
// the address in its subnet) is reconcile/plan's.
//
// The package makes no call and reads no file itself.
package spec
