package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-6ca89210/sluice/reconcile/bucket/standin"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/eventqueue/sqsstand"
)

// stage is what a script has set up.
type stage struct {
	sim *ec2sim.Server

	queue *sqsstand.Queue
	api   string // of the daemon that was awaited last

	host *statusHost
	ears *ears
	s3   *standin.S3
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

func startSim(ts *testscript.TestScript, args []string) {
	speed := 1.0
	if len(args) == 3 && args[1] == "--speed" {
		n, err := strconv.ParseFloat(args[2], 64)
		ts.Check(err)
		speed, args = n, args[:1]
	}
	if len(args) != 1 {
		ts.Fatalf("usage: sim WORLD [--speed N]")
	}
	world, err := ec2sim.ParseWorld(args[0], []byte(ts.ReadFile(args[0])))
	ts.Check(err)
	sim := ec2sim.New(world, ec2sim.Options{Speed: speed})
	server := httptest.NewServer(sim)
	ts.Defer(server.Close)
	stageOf(ts).sim = sim
	ts.Setenv("AWS_ENDPOINT_URL", server.URL)
	ts.Setenv("SIM", server.Listener.Addr().String())
}

func runningSim(ts *testscript.TestScript) *ec2sim.Server {
	sim := stageOf(ts).sim
	if sim == nil {
		ts.Fatalf("no simulator: use sim first")
	}
	return sim
}

func printCalls(ts *testscript.TestScript, _ []string) {
	fmt.Fprint(ts.Stdout(), callLines(runningSim(ts)))
}

// callLines writes the calls that could change something: the operation, its
// parameters as they were on the wire, and what was answered.
func callLines(sim *ec2sim.Server) string {
	var b strings.Builder
	for _, c := range sim.Calls() {
		if strings.HasPrefix(c.Action, "Describe") || strings.HasPrefix(c.Action, "Get") {
			continue
		}
		b.WriteString(c.Action)
		for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
			if name != "Action" && name != "Version" {
				fmt.Fprintf(&b, " %s=%s", name, strings.Join(c.Parameters[name], ","))
			}
		}
		if c.Code != "" {
			b.WriteString(" -> " + c.Code)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// rival changes a gateway behind sluice's back.
func rival(ts *testscript.TestScript, args []string) {
	if len(args) != 3 || args[0] != "add" && args[0] != "remove" {
		ts.Fatalf("usage: rival add|remove GATEWAY ADDRESS")
	}
	runningSim(ts).Edit(func(w *ec2sim.World) {
		i := slices.IndexFunc(w.NatGateways, func(g ec2sim.NatGateway) bool { return g.ID == args[1] })
		if i < 0 {
			ts.Fatalf("the world has no gateway %s", args[1])
		}
		list := &w.NatGateways[i].Secondary
		if args[0] == "add" {
			*list = append(*list, args[2])
		} else {
			*list = slices.DeleteFunc(*list, func(a string) bool { return a == args[2] })
		}
	})
}

func fault(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: fault JSON")
	}
	var f ec2sim.Fault
	ts.Check(json.Unmarshal([]byte(args[0]), &f))
	ts.Check(runningSim(ts).Inject(f))
}
