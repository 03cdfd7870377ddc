package page

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
)

// shared shows a status, and the logs of two targets with n records each, a second apart
// and in turns. With away none can be read.
func shared(t *testing.T, s reconcile.Status, n int, away error) http.Handler {
	t.Helper()
	var logs []feed.Log
	for i, target := range []string{"prod", "stage"} {
		store, err := history.Open(t.TempDir()+"/h.db", history.Holder{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		for k := range n {
			at := now.Add(time.Duration(2*k+i) * time.Second)
			if _, err := store.Append(t.Context(), history.Record{Time: at, Kind: history.KindDrift, Target: target, ResourceID: "nat-1"}); err != nil {
				t.Fatal(err)
			}
		}
		logs = append(logs, feed.Log{Name: target, Record: unreadable{store, away}})
	}
	mux := http.NewServeMux()
	f := feed.New(feed.Config{Status: func() reconcile.Status { return s }, Logs: func() []feed.Log { return logs }, Now: func() time.Time { return now }})
	for pattern, h := range New(Config{Feed: f}).Reading() {
		mux.Handle(pattern, h)
	}
	return mux
}

// unreadable is a log that cannot be read, for a reason; nil: it can.
type unreadable struct {
	*history.File
	why error
}

func (u unreadable) Before(ctx context.Context, before uint64) history.Records {
	if u.why == nil {
		return u.File.Before(ctx, before)
	}
	return func(yield func(history.Record, error) bool) { yield(history.Record{}, u.why) }
}

func (u unreadable) Head(ctx context.Context) (history.Head, error) {
	if u.why != nil {
		return history.Head{}, u.why
	}
	return u.File.Head(ctx)
}

func TestTheRecordOfAllTargetsIsOnePageAndEachEntryNamesItsLog(t *testing.T) {
	h := shared(t, fleetOf(1), 40, nil)
	_, body := get(t, h, "/history")
	if n := strings.Count(body, `<li id="e`); n != entriesShown || !strings.Contains(body, `<li id="estage.40"`) || !strings.Contains(body, `<bdi>prod</bdi> #40`) {
		t.Fatalf("%d entries:\n%.3000s", n, body)
	}
	if strings.Index(body, "estage.40") > strings.Index(body, "eprod.40") || strings.Index(body, "eprod.40") > strings.Index(body, "estage.39") {
		t.Error("they are not in the order of time")
	}
	older := regexp.MustCompile(`href="(/history\?before=[^"]+)">Older`).FindStringSubmatch(body)
	if older == nil {
		t.Fatal("no way to older entries")
	}
	_, body = get(t, h, strings.ReplaceAll(older[1], "&amp;", "&"))
	if n := strings.Count(body, `<li id="e`); n != 80-entriesShown || !strings.Contains(body, `<li id="eprod.1"`) || strings.Contains(body, ">Older<") {
		t.Errorf("the next page has %d entries", n)
	}
	if _, body = get(t, h, "/history?log=stage"); strings.Count(body, `<li id="e`) != 40 || strings.Contains(body, "eprod") || !strings.Contains(body, "<option selected>stage</option>") {
		t.Errorf("of one target:\n%.3000s", body)
	}
	if code, none := get(t, h, "/history?log=nobody"); code != http.StatusBadRequest || !strings.Contains(none, "the record has no such log: &#34;nobody&#34;") {
		t.Errorf("of none: %d:\n%.3000s", code, none)
	}
	if !strings.Contains(body, "Each target has a record of its own") || strings.Contains(body, "is being walked") {
		t.Error("it does not say who walks the chains")
	}
}

func TestARecordThatIsAwayIsSaidOnThePage(t *testing.T) {
	h := shared(t, fleetOf(1), 3, errors.New(`DynamoDB table "sluice": no answer to Query: <b>`))
	for path, want := range map[string]int{"/history": 200, "/resources/prod/nat-0": 200, "/explain/10.0.0.1": 500} {
		if code, body := get(t, h, path); code != want || !strings.Contains(body, `The record could not be read to the end: DynamoDB table &#34;sluice&#34;: no answer to Query: &lt;b&gt;`) || strings.Contains(body, "Search further") {
			t.Errorf("%s: %d:\n%.3000s", path, code, body)
		}
	}
}

func TestWhatAnotherReplicaWorksForLeadsToItsPage(t *testing.T) {
	s := fleetOf(1)
	s.Leases = []reconcile.Lease{
		{Target: "prod", Holder: "host-a", Here: true}, {Target: "stage", Holder: "host-b", URL: "https://b.example.com"},
		{Target: "lab", Holder: "host-c", URL: "javascript:alert(1)"}, {Target: "test"},
	}
	h := shared(t, s, 0, nil)
	for path, want := range map[string]string{
		"/resources/stage/nat-7": `is worked for by replica <bdi>host-b</bdi>; <a href="https://b.example.com/resources/stage/nat-7" rel="noreferrer">its page</a>`,
		"/resources/lab/nat-7":   `<a href="#ZgotmplZ/resources/lab/nat-7"`,
		"/resources/test/nat-7":  "No replica works for target <bdi>test</bdi> now.",
		"/resources/prod/nat-7":  "No spec names this resource",
		"/resources/none/nat-7":  "No spec names this resource",
	} {
		if code, body := get(t, h, path); code != http.StatusNotFound || !strings.Contains(body, want) {
			t.Errorf("%s: %d, without %s:\n%.3000s", path, code, want, body)
		}
	}
}

func TestAReplicaWithoutATargetStandsByAndIsNotBroken(t *testing.T) {
	s := reconcile.Status{Leases: []reconcile.Lease{{Target: "stage", Holder: "host-b", URL: "https://b.example.com"}}}
	h := shared(t, s, 0, nil)
	for _, path := range []string{"/", "/plan", "/rules"} {
		_, body := get(t, h, path)
		if !strings.Contains(body, "This replica stands by") || strings.Contains(body, "<dd>never") || strings.Contains(body, "made never") || strings.Contains(body, "No turn has ended") {
			t.Errorf("%s:\n%s", path, body)
		}
	}
}
