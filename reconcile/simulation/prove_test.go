package simulation

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	prove    = flag.Bool("sim.planted", false, "plant each bug, and show what finds it")
	proveOne = flag.String("sim.bug", "", "of the planted bugs only these, with commas between")
	most     = flag.Int("sim.most", 60, "how many seeds a planted bug may survive")
)

// provers is how many bugs are looked for at a time.
const provers = 2

// caught is how a planted bug was found.
type caught struct {
	bug       plantedBug
	invariant string // "" when it was not
	seed      uint64
	also      string
	took      time.Duration
	output    string
}

// TestThePlantedBugsAreCaught proves the checker: one binary holds all bugs, and each
// is switched on in turn.
func TestThePlantedBugsAreCaught(t *testing.T) {
	if !*prove {
		t.Skip("takes minutes: make planted")
	}
	dir := t.TempDir()
	at, err := overlay(dir, plantedBugs)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "planted.test")
	build := exec.Command("go", "test", "-c", "-overlay", at, "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	results := make([]caught, len(plantedBugs))
	var wg sync.WaitGroup
	slots := make(chan struct{}, provers)
	for i, bug := range plantedBugs {
		if *proveOne != "" && !slices.Contains(strings.Split(*proveOne, ","), bug.name) {
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = hunt(t.Context(), binary, bug)
			r := results[i]
			fmt.Printf("%-20s invariant %-2s %-12s by seed %-10d %5s  %s\n", bug.name, r.invariant, and(r.also), r.seed, r.took.Round(time.Second), bug.means)
		})
	}
	wg.Wait()
	tell(t, results)
}

var verdict = regexp.MustCompile(`seed (\d+), step \d+: invariant (\d+) does not hold: .* \(and \[([\d ]*)\]\)`)

// hunt runs seeds with one bug until an invariant does not hold.
func hunt(ctx context.Context, binary string, bug plantedBug) caught {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	began := time.Now()
	run := exec.CommandContext(ctx, binary, "-test.run", "TestSimulate$", "-sim.stop", "-test.timeout", "0", "-sim.seeds", fmt.Sprint(*most), "-sim.try", fmt.Sprint(knownTo(bug.name)))
	run.Env = append(os.Environ(), plantedVariable+"="+bug.name)
	out, err := run.CombinedOutput()
	c := caught{bug: bug, took: time.Since(began), output: string(out)}
	if m := verdict.FindStringSubmatch(string(out)); m != nil && err != nil {
		c.invariant, c.also, c.seed = m[2], m[3], number(m[1])
	}
	return c
}

// tell prints the figures.
func tell(t *testing.T, results []caught) {
	for _, want := range regressions {
		i := slices.IndexFunc(results, func(c caught) bool { return c.bug.name == want.planted })
		if i >= 0 && results[i].invariant != "" && results[i].seed != want.seed {
			t.Errorf("seed %d does not find %s any more, and seed %d does: note that one in regressions", want.seed, want.planted, results[i].seed)
		}
	}
	planted, found := 0, 0
	by := map[string]int{}
	for _, r := range results {
		switch {
		case r.bug.name == "":
			continue
		case r.invariant != "":
			found++
			by[r.invariant]++
		default:
			t.Errorf("%s (%s) was not caught in %d seeds: mend the checker, or widen the world; it ended with\n%s", r.bug.name, r.bug.means, *most, tail(r.output))
		}
		planted++
	}
	var list []string
	for _, inv := range invariants {
		if n := by[fmt.Sprint(inv.number)]; n > 0 {
			list = append(list, fmt.Sprintf("%d by invariant %d", n, inv.number))
		}
	}
	fmt.Printf("planted %d, caught %d: %s\n", planted, found, strings.Join(list, ", "))
	fmt.Printf("figure: bugs planted, and caught by the simulation: %d, %d\n", planted, found)
}

// and names the others that did not hold at the same step.
func and(also string) string {
	if also == "" {
		return ""
	}
	return "(and " + also + ")"
}

func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64) // of digits
	return n
}

func tail(text string) string { return text[max(0, len(text)-1500):] }
