package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// observed writes down what an observer is told, in few words.
func observed(s *stage) *[]string {
	list := &[]string{}
	s.config = func(cfg *reconcile.Config) {
		cfg.Observers = append(cfg.Observers, func(o reconcile.Outcome) {
			text := fmt.Sprintf("%s %s %d/%d/%d", o.Target, o.Commit.ID, o.Summary.Pending, o.Summary.Converging, o.Summary.InSync)
			for _, st := range o.Steps {
				text += " " + string(st.Outcome)
			}
			for _, p := range append(o.Problems, o.Failure, o.Trouble) {
				if p != "" {
					text += " " + p
				}
			}
			if n := len(*list); n == 0 || (*list)[n-1] != text {
				*list = append(*list, text)
			}
		})
	}
	return list
}

func TestObserversAreToldWhatEachTurnFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.21"))
		list := observed(s)
		s.converge()
		first := (*list)[0]
		if !strings.HasPrefix(first, "default ") || !strings.HasSuffix(first, " 1/0/0") {
			t.Errorf("before the call: %q", first)
		}
		if second := (*list)[1]; !strings.HasSuffix(second, " 1/0/0 accepted") {
			t.Errorf("after the call: %q", second)
		}
		if last := (*list)[len(*list)-1]; !strings.HasSuffix(last, " 0/0/1") {
			t.Errorf("in the end: %q", last)
		}
	})
}

func TestObserversAreToldWhyNothingWasDone(t *testing.T) {
	for name, tt := range map[string]struct {
		specs  string
		closed bool // the record
		says   string
	}{
		"no spec at all":                  {"", false, "no spec found"},
		"a spec that does not parse":      {gateway("10.0.1.20") + "typo: x\n", false, `specs/0.yaml:6:1: unknown field "typo"`},
		"a spec of a target not known":    {strings.Replace(gateway("10.0.1.20"), "spec: {", "spec: {target: elsewhere, ", 1), false, " 0/0/0"},
		"a record that cannot be written": {gateway("10.0.1.20"), true, "the history is closed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), tt.specs)
				list := observed(s)
				loop, end := s.open(reconcile.Apply)
				if tt.closed {
					end()
				} else {
					defer end()
				}
				_, _ = loop.Once(t.Context(), nil)
				if got := strings.Join(*list, "\n"); !strings.Contains(got, tt.says) {
					t.Errorf("told: %q", got)
				}
			})
		})
	}
}

func TestASavedPlanThatIsStaleSaysNothingOfTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		list := observed(s)
		loop, end := s.open(reconcile.Apply)
		defer end()
		if _, err := loop.Once(t.Context(), &plan.Plan{PlanHash: "sha256:other"}); err == nil || len(*list) != 0 {
			t.Errorf("%v, told %q", err, *list)
		}
	})
}

func TestTheDaemonTellsOfEachCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		list := observed(s)
		s.serve(10*time.Minute, func(*reconcile.Loop) {
			time.Sleep(time.Minute)
			s.specs.commit("")
			time.Sleep(time.Minute)
			s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
		})
		found := func(part string) bool {
			return slices.ContainsFunc(*list, func(text string) bool { return strings.Contains(text, part) })
		}
		for _, part := range []string{" 0/0/1", "no spec found", " 1/0/0"} {
			if !found(part) {
				t.Errorf("%q is missing in %q", part, *list)
			}
		}
	})
}
