// Package library holds the rules that sluice ships: Rego modules, their tests
// and the defaults of their parameters, embedded in the binary. They are always
// in force beside a user's own. The package holds data only and imports nothing.
package library

import "embed"

// Files holds *.rego, *_test.rego and data.yaml, all at the root.
//
//go:embed *.rego data.yaml
var Files embed.FS
