//go:build race

package gitsource

// raceMemory is by how much the race detector makes a process that reads larger.
const raceMemory = 4
