//go:build !race

package main

// raceDetector says that the test, and so every program that it starts, has it.
const raceDetector = false
