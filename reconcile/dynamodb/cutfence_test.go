package dynamodb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

func TestAHolderThatLostItsLeaseCutsNothing(t *testing.T) {
	s := server(t)
	db := open(t, s, nil)
	old, _, end := holder(t, db, "a", "prod")
	daily(t, old, 0, 4)
	end()
	young, _, _ := holder(t, db, "b", "prod")
	before := s.sortKeys(t, "log#prod")
	arch := newMemory()
	for range 2 {
		if cuts, err := old.CutBefore(ctx, day(2), day(9), arch); !errors.Is(err, dynamodb.ErrFenced) || !errors.Is(err, history.ErrNotWritten) || cuts != nil {
			t.Fatalf("%+v, %v", cuts, err)
		}
	}
	if got := s.sortKeys(t, "log#prod"); !slices.Equal(got, before) {
		t.Errorf("%q is left of %q", got, before)
	}
	if cp, err := db.Log("prod").Checkpoint(ctx); cp != nil || err != nil {
		t.Errorf("there is a checkpoint that no record tells of: %+v, %v", cp, err)
	}
	if _, err := young.CutBefore(ctx, day(3), day(9), arch); err != nil {
		t.Fatal(err)
	}
	if n, m := len(s.sortKeys(t, "cut#prod")), len(s.sortKeys(t, "state#prod")); n != 1 || m != 1 {
		t.Errorf("%d checkpoints and %d states are left", n, m)
	}
	arch.wantWhole(t, young, 11)
	if _, err := db.Log("prod").CutBefore(ctx, day(3), day(9), arch); err == nil {
		t.Error("a reader cuts")
	}
}

// What keeps an old holder out is what stands in the place of its next record: that may
// not be cut off, however old it is.
func TestAReplicaThatSleptThroughACutIsStillFenced(t *testing.T) {
	db := open(t, server(t), nil)
	slept, _, end := holder(t, db, "a", "prod")
	daily(t, slept, 0, 2)
	end()
	_, early, end := holder(t, db, "b", "prod") // has its lease, and takes the log again below
	end()
	arch := newMemory()
	for _, id := range []string{"c", "d"} {
		log, _, end := holder(t, db, id, "prod")
		daily(t, log, 2, 3)
		if _, err := log.CutBefore(ctx, day(100), day(100), arch); err != nil {
			t.Fatal(err)
		}
		end()
	}
	for range 2 {
		if _, err := slept.Append(ctx, records("late")...); !errors.Is(err, dynamodb.ErrFenced) {
			t.Errorf("it appends where something was cut off: %v", err)
		}
	}
	if _, err := db.Writer(ctx, "prod", early); !errors.Is(err, dynamodb.ErrFenced) {
		t.Errorf("an old lease gets the log: %v", err)
	}
	arch.wantWhole(t, db.Log("prod"), 15)
}

// A replica falls asleep between its look at the log's end and its taking, and the last
// holder before it writes on; when it wakes up, all that was there has been cut off.
func TestATakingThatSleptThroughACutIsNone(t *testing.T) {
	net, s := &network{}, server(t)
	db := open(t, s, nil)
	zombie, _, end := holder(t, db, "a", "prod")
	end()
	sleeper := open(t, s, net)
	h, stop := hold(t, sleeper, "b", "prod")
	stop()
	arch := newMemory()
	net.next(nil, func(req *http.Request) (*http.Response, error) {
		daily(t, zombie, 0, 3)
		log, _, end := holder(t, db, "c", "prod")
		defer end()
		daily(t, log, 3, 1)
		if _, err := log.CutBefore(ctx, day(100), day(100), arch); err != nil {
			t.Error(err)
		}
		return http.DefaultTransport.RoundTrip(req)
	})
	if _, err := sleeper.Writer(ctx, "prod", h); !errors.Is(err, dynamodb.ErrFenced) {
		t.Errorf("it has the log: %v", err)
	}
	arch.wantWhole(t, db.Log("prod"), 10)
}

// noise is a text of n bytes that does not compress below five bits a letter.
func noise(random *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte("abcdefghijklmnopqrstuvwxyz012345"[random.IntN(32)])
	}
	return b.String()
}

// paged has a log of several pages: 1 (taken), and an item a day of 300 KB.
func paged(t *testing.T, s place) (*dynamodb.Log, *memory) {
	t.Helper()
	log, _, _ := holder(t, open(t, s, nil), "a", "prod")
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 10 {
		var list []history.Record
		for range 30 {
			list = append(list, history.Record{Kind: history.KindDecision, Time: day(n), Message: noise(random, 16_000)})
		}
		if _, err := log.Append(ctx, list...); err != nil {
			t.Fatal(err)
		}
	}
	return log, newMemory()
}

func TestAReaderThatACutOvertakesBeginsAnewAndFindsNoDamage(t *testing.T) {
	s := server(t)
	for name, c := range map[string]struct {
		read  func(*dynamodb.Log) error
		pages int // until the cut
	}{
		"the chain is verified": {func(l *dynamodb.Log) error { _, err := history.Verify(ctx, l); return err }, 5},
		"the ledger is folded":  {func(l *dynamodb.Log) error { return history.Fold(ctx, l, history.NewLedger()) }, 3},
		"the records are read": {func(l *dynamodb.Log) error {
			var cut *history.CutError
			if list, err := seqs(l.Records(ctx, 0)); !errors.As(err, &cut) || len(list) == 0 || cut.Seq != list[len(list)-1]+1 {
				return errors.Join(errors.New("they do not end with a CutError"), err)
			}
			return nil
		}, 2},
		"they are read backwards": {func(l *dynamodb.Log) error {
			list, err := seqs(l.Before(ctx, 0))
			if err == nil && (list[0] != 301 || list[len(list)-1] < 2) {
				err = errors.New("they do not begin with the last")
			}
			return err
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.fresh(t, name)
			log, arch := paged(t, s)
			net := &network{}
			reader := open(t, s, net).Log("prod")
			var plan []func(*http.Request) (*http.Response, error)
			for range c.pages {
				plan = append(plan, nil)
			}
			cut := false
			net.next(append(plan, func(req *http.Request) (*http.Response, error) {
				if _, err := log.CutBefore(context.Background(), day(9), day(10), arch); err != nil {
					t.Error(err)
				}
				cut = true
				return http.DefaultTransport.RoundTrip(req)
			})...)
			if err := c.read(reader); err != nil || !cut {
				t.Errorf("cut %t: %v", cut, err)
			}
			if !strings.Contains(net.made(), "Query") {
				t.Error(net.made())
			}
		})
	}
}

// counter counts the answers of a table, and the items in them.
type counter struct{ answers, items int }

func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(data))
	var page struct{ Count int }
	_ = json.Unmarshal(data, &page)
	c.answers, c.items = c.answers+1, c.items+page.Count
	return resp, err
}

// reading is what it takes to read a log for its ledger, as who takes it over does.
func reading(t *testing.T, s place) (c counter) {
	t.Helper()
	log := open(t, s, &c).Log("prod")
	c = counter{}
	if err := history.Fold(ctx, log, history.NewLedger()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBehindACutATakeoverReadsWhatIsLeft(t *testing.T) {
	s := server(t)
	log, _, _ := holder(t, open(t, s, nil), "a", "prod")
	daily(t, log, 0, 300)
	before := reading(t, s)
	if _, err := log.CutBefore(ctx, day(290), day(300), newMemory()); err != nil {
		t.Fatal(err)
	}
	after := reading(t, s)
	t.Logf("a takeover reads %+v before the cut, %+v after it", before, after)
	if before.items != 301 || after.items > 11+6 || after.answers > 7 { // six that find the checkpoint
		t.Errorf("%+v before and %+v after", before, after)
	}
}
