package main

import (
	"fmt"
	"os"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
)

// killSpeed lets a drain of 30 seconds pass in 60 ms, for the simulator and for the
// program alike: both read one clock, so that times in the call log and in the record
// can be compared.
const killSpeed = 500

// fastClockEnv makes this test binary the program, with such a clock. Its value is
// when that began, in nanoseconds since 1970.
const fastClockEnv = "SLUICE_TEST_CLOCK"

// clockFrom is the clock that has run killSpeed times as fast since start.
func clockFrom(start time.Time) func() time.Time {
	return func() time.Time { return start.Add(killSpeed * time.Since(start)) }
}

// runFast is the real program but for its clock, and the pauses between two looks.
func runFast(start string) int {
	var nanoseconds int64
	if _, err := fmt.Sscan(start, &nanoseconds); err != nil {
		fmt.Fprintln(os.Stderr, fastClockEnv, err)
		return exitFailed
	}
	a := &app{
		stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: clockFrom(time.Unix(0, nanoseconds)),
		pace: reconcile.Pace{Min: 4 * time.Millisecond, Max: 16 * time.Millisecond}, faster: killSpeed / 5,
	}
	return a.run()
}
