package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// TestAKilledConformanceRunIsCleanedByTheNext kills the command at moments of its whole life; then
// --clean leaves nothing that it has made, and what was there is as it was.
func TestAKilledConformanceRunIsCleanedByTheNext(t *testing.T) {
	const kills = 10
	rng := rand.New(rand.NewPCG(5, 5))
	left := 0
	for n := range kills {
		v := newVictim(t, 5, 0)
		before := len(v.gate.sim.World().NetworkInterfaces)
		// The first requests only look; a whole run has about a hundred.
		hit := v.gate.begin(moment{request: 3 + 4*n + rng.IntN(4), answered: n%2 == 0})
		cmd, output := v.conformance(t, "--yes")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-hit:
		case <-time.After(patience):
			t.Fatalf("it did not get so far, and said\n%s", output)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		v.gate.drained(t)
		if alive(v.gate.sim.World()) != 2 || len(v.gate.sim.World().NetworkInterfaces) != before {
			left++
		}
		v.gate.begin(moment{})
		clean, output := v.conformance(t, "--yes", "--clean")
		if err := clean.Run(); err != nil {
			t.Fatalf("%v, and it said\n%s", err, output)
		}
		w := v.gate.sim.World()
		if alive(w) != 2 || len(w.NetworkInterfaces) != before || len(w.NatGateways[0].Secondary) != 2 {
			t.Errorf("left after a kill at request %d: %+v\n%+v", 3+n, w.NatGateways, w.NetworkInterfaces)
		}
	}
	if left < kills/2 {
		t.Errorf("only %d of %d kills left something to clean", left, kills)
	}
}

// TestAConformanceRunAsAProcess: the file that it prints is one that the simulator loads.
func TestAConformanceRunAsAProcess(t *testing.T) {
	v := newVictim(t, 5, 0)
	v.gate.begin(moment{})
	cmd, output := v.conformance(t, "--yes")
	var stdout strings.Builder
	cmd.Stdout = &stdout
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v, and it said\n%s", err, output)
	}
	got, err := ec2sim.ParseBehaviour("answers.yaml", []byte(stdout.String()))
	if err != nil || got.Codes["unassign-primary"] != "InvalidParameterValue" || len(got.Codes) < 14 {
		t.Errorf("%v\n%s", err, stdout.String())
	}
	if alive(v.gate.sim.World()) != 2 {
		t.Error("a gateway is left")
	}
}

// conformance is the command on the victim's account.
func (v *victim) conformance(t *testing.T, more ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd, output := v.program(t.Context())
	cmd.Args = append([]string{cmd.Args[0], "conformance", "--vpc", "vpc-0123456789abcdef0"}, more...)
	return cmd, output
}

// alive counts gateways that are not deleted.
func alive(w ec2sim.World) (n int) {
	for _, g := range w.NatGateways {
		if g.State != "deleted" {
			n++
		}
	}
	return n
}

// A terminal that is closed, and a pipe whose reader is gone with Ctrl-C, end a run as Ctrl-C
// alone does: what it made is deleted.
func TestAConformanceRunThatNobodyReadsLeavesNothing(t *testing.T) {
	for name, sent := range map[string]os.Signal{"the terminal is closed": syscall.SIGHUP, "its reader is gone": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			v := newVictim(t, 5, 0)
			before := len(v.gate.sim.World().NetworkInterfaces)
			hit := v.gate.begin(moment{request: 20, answered: true})
			cmd, _ := v.conformance(t, "--yes")
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stderr = writer
			if err := errors.Join(cmd.Start(), writer.Close()); err != nil {
				t.Fatal(err)
			}
			<-hit
			if err := errors.Join(reader.Close(), cmd.Process.Signal(sent)); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Error("a run that was broken off ended well")
			}
			w := v.gate.sim.World()
			if alive(w) != 2 || len(w.NetworkInterfaces) != before {
				t.Errorf("left: %+v\n%+v", w.NatGateways, w.NetworkInterfaces)
			}
		})
	}
}
