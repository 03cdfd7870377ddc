//go:build !race

package gitsource

// raceMemory: see race_test.go.
const raceMemory = 1
