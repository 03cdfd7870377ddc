// Package examples holds the example files that the documentation, the demo and
// the tests share, so that none of them can go stale alone.
package examples

import "embed"

// Quickstart is the folder quickstart: world.yaml for the simulator, specs, and
// policies.
//
//go:embed quickstart
var Quickstart embed.FS
