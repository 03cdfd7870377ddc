//go:build !linux

package child

// confine has no hard limit to set here: RLIMIT_DATA does not bound what Go maps on
// these systems, or does not exist. The collector's limit is all there is.
func confine(Limits) error { return nil }
