package reconcile

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// A fleet that one rule holds must not make a record that is too large to be written.
func TestWhatIsSaidOfAWholeFleetIsRecordedOnce(t *testing.T) {
	p := plan.Plan{}
	for range 20_000 {
		p.Resources = append(p.Resources, plan.Resource{State: plan.Held, Verdicts: []plan.Verdict{
			{Rule: "guard.removal_budget", Decision: "hold", Msg: "too many"}, {Rule: "guard.commit", Decision: "hold", Msg: "the commit is held"},
		}})
	}
	p.Resources[7].Verdicts[0].Msg = "something of its own"
	if got := decision(p); got.Decision != "hold" || len(got.Verdicts) != 3 || got.Verdicts[0].Msg != "too many" {
		t.Errorf("%s, %d verdicts", got.Decision, len(got.Verdicts))
	}
}

// memoryLog is a store that keeps nothing, and refuses what a real one would.
type memoryLog struct {
	history.Store
	sealed []history.Record
}

func (m *memoryLog) Append(_ context.Context, records ...history.Record) ([]history.Record, error) {
	var written []history.Record
	for _, r := range records {
		sealed, _, err := history.Seal(r, history.Head{Seq: uint64(len(m.sealed)), Hash: "x"})
		if err != nil {
			return nil, err
		}
		m.sealed = append(m.sealed, sealed)
		written = append(written, sealed)
	}
	return written, nil
}

// A commit within gitsource's bounds is recorded, whatever it holds, and however often it
// shows with other commits before it.
func TestNoCommitIsTooLargeForTheRecord(t *testing.T) {
	const long = 1 << 10 // of a name, see gitsource.Person
	people := func(from string) string {
		var b strings.Builder
		for i := range 600 {
			fmt.Fprintf(&b, "\nCo-authored-by: %s%d%s <%d@%s>", strings.Repeat("&", 200), i, from, i, from)
		}
		return b.String()
	}
	who := gitsource.Person{Name: strings.Repeat("&", long), Email: strings.Repeat("<", long)}
	c := gitsource.Commit{ID: strings.Repeat("a", 40), Author: who, Committer: who, Time: time.Now(), Message: strings.Repeat("\x01", 20<<10)}
	log := &memoryLog{}
	j := &journal{store: log, ledger: history.NewLedger(), now: time.Now, ages: newAges(time.Now())}
	for _, from := range []string{"", "one.example", "two.example", "two.example"} {
		d := &Desired{Commit: c}
		if from != "" {
			d.compared = &comparison{line: &gitsource.Line{Commits: []gitsource.Commit{{ID: from, Message: people(from)}}}}
		}
		if err := j.commit(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if len(log.sealed) != 2 || len(log.sealed[1].Authors) != mostAuthors { // the second fills the list
		t.Errorf("%d records, the last with %d authors", len(log.sealed), len(log.sealed[len(log.sealed)-1].Authors))
	}
	loop := &Loop{cfg: Config{Ledger: j.ledger}}
	if why := loop.authorsUnknown(&Desired{Commit: c}); !strings.Contains(why, "500 people or more") {
		t.Errorf("an approval counts, although the list of authors may lack one: %q", why)
	}
}
