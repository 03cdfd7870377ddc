package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestTheLogSaysTimesWithTheirUnits(t *testing.T) {
	var err bytes.Buffer
	(&app{stderr: &err}).logger().Info("a lease was taken", "wait", 7992*time.Millisecond)
	if got := err.String(); !strings.Contains(got, `"wait":"7.992s"`) {
		t.Error(got)
	}
}
