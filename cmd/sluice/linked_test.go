package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// EC2's client has seven hundred methods, 30 MB of them. One type that holds the client,
// where reflection can reach it, links them all.
func TestOnlyWhatIsUsedOfEC2IsLinked(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	linked := func(operation ...string) bool { // in parts, so that the name is not in this test
		return bytes.Contains(program, []byte("service/ec2.(*Client)."+strings.Join(operation, "")))
	}
	if !linked("Describe", "NatGateways") {
		t.Fatal("not even what is used is found: does the program's table of functions look otherwise now?")
	}
	for _, operation := range [][]string{{"Run", "Instances"}, {"Terminate", "Instances"}, {"Delete", "Vpc"}} {
		if linked(operation...) {
			t.Errorf("%s is linked", strings.Join(operation, ""))
		}
	}
}
