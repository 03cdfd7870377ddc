package page

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// serve shows a status and a record of n drifts, and of more.
func serve(t testing.TB, s reconcile.Status, n int, more ...history.Record) http.Handler {
	t.Helper()
	store, err := history.Open(t.TempDir()+"/h.db", history.Holder{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var list []history.Record
	for i := range n {
		list = append(list, history.Record{Time: now, Kind: history.KindDrift, Target: "prod", ResourceID: "nat-1", Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})}})
	}
	if list = append(list, more...); len(list) > 0 {
		if _, err := store.Append(t.Context(), list...); err != nil {
			t.Fatal(err)
		}
	}
	clock := func() time.Time { return now }
	mux := http.NewServeMux()
	for pattern, h := range New(Config{Feed: feed.New(feed.Config{Status: func() reconcile.Status { return s }, Record: store, Now: clock})}).Reading() {
		mux.Handle(pattern, h)
	}
	return mux
}

func get(t testing.TB, h http.Handler, path string) (int, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return rec.Code, rec.Body.String()
}

// fleetOf is n gateways in sync.
func fleetOf(n int) reconcile.Status {
	s := reconcile.Status{Turns: 1, LastTurn: now}
	inv := inventory.Inventory{Target: "prod"}
	for i := range n {
		id := fmt.Sprintf("nat-%d", i)
		s.Plan.Resources = append(s.Plan.Resources, plan.Resource{Target: "prod", Kind: inventory.KindNatGateway, ID: id, State: plan.InSync, Spec: plan.SpecRef{Name: fmt.Sprintf("egress-%d", i), File: "a.yaml", Line: i}})
		inv.NatGateways = append(inv.NatGateways, inventory.NatGateway{ID: id, Addresses: []inventory.Address{{IP: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Primary: true, Status: inventory.StatusSucceeded}}})
	}
	s.Plan.Seal()
	s.Inventories = []inventory.Inventory{inv}
	return s
}

func TestAPageOfALargeFleetIsBoundedAndLeadsToTheRest(t *testing.T) {
	h := serve(t, fleetOf(10_000), 0)
	_, first := get(t, h, "/")
	if n := strings.Count(first, "<tr>"); n != rows+1 || len(first) > 200<<10 {
		t.Errorf("%d rows, %d bytes", n, len(first))
	}
	if !strings.Contains(first, "1 to 100 of 10,000") || !strings.Contains(first, `href="/?offset=100"`) || strings.Contains(first, ">Back<") {
		t.Error("it does not lead to the rest")
	}
	_, last := get(t, h, "/?offset=9950&q=egress")
	if !strings.Contains(last, "9,951 to 10,000 of 10,000") || !strings.Contains(last, `href="/?offset=9850&amp;q=egress"`) || strings.Contains(last, ">Further<") {
		t.Error("the last page does not lead back")
	}
	if code, body := get(t, h, "/?q=egress-9999&offset=-7"); code != 200 || strings.Count(body, "<tr>") != 2 {
		t.Errorf("a search: %d", code)
	}
}

func TestTheRecordIsPagedAndFiltered(t *testing.T) {
	h := serve(t, fleetOf(1), 120)
	_, body := get(t, h, "/history?kind=drift")
	if n := strings.Count(body, `<li id="e`); n != entriesShown || !strings.Contains(body, `id="e120"`) {
		t.Fatalf("%d entries", n)
	}
	older := regexp.MustCompile(`href="(/history\?before=[^"]+)">Older`).FindStringSubmatch(body)
	if older == nil {
		t.Fatal("no way to older entries")
	}
	_, body = get(t, h, strings.ReplaceAll(older[1], "&amp;", "&"))
	if !strings.Contains(body, `id="e70"`) || strings.Contains(body, `id="e71"`) || !strings.Contains(body, `href="/history?kind=drift">Newest`) || strings.Contains(body, "data-watch") {
		t.Errorf("the next page:\n%.3000s", body)
	}
	if _, body = get(t, h, "/history?address=10.0.0.7"); strings.Count(body, `<li id="e`) != 1 || !strings.Contains(body, `value="10.0.0.7"`) {
		t.Errorf("by address: %d", strings.Count(body, `<li id="e`))
	}
	if code, body := get(t, h, "/history?"+url.Values{"since": {"yesterday"}}.Encode()); code != http.StatusBadRequest || !strings.Contains(body, "is no time such as") {
		t.Errorf("a wrong time: %d", code)
	}
}

func TestThePageSaysWhichReplicaHasWhichTarget(t *testing.T) {
	s := fleetOf(1)
	s.Plan.PlanHash = ""
	s.Leases = []reconcile.Lease{
		{Target: "prod", Holder: "host-a", URL: "http://a.example.com", Epoch: 7, Here: true, PlanHash: "sha256:abc", ActFrom: now},
		{Target: "stage", Holder: "host-b", URL: "http://b.example.com", Epoch: 3},
		{Target: "test", Error: "the log cannot be read: <b>"},
		{Target: "lab", Holder: "host-c", URL: "javascript:alert(1)"},
	}
	_, body := get(t, serve(t, s, 0), "/")
	for _, want := range []string{"<b>this one</b>, <bdi>host-a</bdi>", `<a href="http://b.example.com" rel="noreferrer"><bdi>host-b</bdi></a>`, `<td class="num" data-th="epoch">7</td>`,
		"<code>sha256:abc</code>", "acts from <time", "nobody", "the log cannot be read: &lt;b&gt;", `href="#ZgotmplZ"`} {
		if !strings.Contains(body, want) {
			t.Errorf("it does not say %s:\n%s", want, body[strings.Index(body, `class="rows leases"`):])
		}
	}
	if _, body = get(t, serve(t, s, 0), "/plan"); strings.Contains(body, "plan <code title=\"\"") || !strings.Contains(body, "the plans of this replica") {
		t.Errorf("the plan's page:\n%.2000s", body)
	}
	if _, body = get(t, serve(t, fleetOf(1), 0), "/"); strings.Contains(body, "leases") {
		t.Error("one process alone has leases")
	}
}

func TestEmptyPagesSayWhatIsMissing(t *testing.T) {
	h := serve(t, reconcile.Status{}, 0)
	for path, want := range map[string]string{
		"/": "No turn has ended yet", "/plan": "No turn has ended yet", "/history": "Nothing has been recorded yet", "/explain": "Who changed an address",
		"/explain/10.0.0.1": "The record says nothing of 10.0.0.1", "/schedule": "Nothing is due", "/rules": "no rule is in force", "/history?outcome=lost": "No entry fits",
	} {
		if code, body := get(t, h, path); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d, without %q", path, code, want)
		}
	}
	for path, want := range map[string]int{"/resources/prod/nat-1": 404, "/explain/nobody": 400, "/explain?address=nobody": 400} {
		if code, _ := get(t, h, path); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	if _, body := get(t, serve(t, fleetOf(3), 0), "/plan"); !strings.Contains(body, "Nothing to do: 3 resources are as the specs say.") {
		t.Error("a plan with nothing to do does not say so")
	}
}

func TestADrainIsCountedDownOnlyWhereItsEndIsKnown(t *testing.T) {
	s := fleetOf(1)
	at := netip.MustParseAddr("10.0.1.20")
	s.Inventories[0].NatGateways[0].Addresses = append(s.Inventories[0].NatGateways[0].Addresses, inventory.Address{IP: at, Status: inventory.StatusUnassigning})
	tr := reconcile.Transition{Target: "prod", ID: "nat-0", Address: at, Status: inventory.StatusUnassigning, Since: now.Add(-time.Minute)}
	for _, tt := range []struct {
		until time.Duration
		want  string
	}{
		{0, `since <time datetime="2026-11-22T02:59:00Z">`}, {125 * time.Second, `data-left="125">at most 2:05 left</time>`}, {-5 * time.Second, `data-left="-5">0:05 past its time</time>`},
	} {
		if tr.Until = (time.Time{}); tt.until != 0 {
			tr.Until = now.Add(tt.until)
		}
		s.Transitions = []reconcile.Transition{tr}
		h := serve(t, s, 0)
		for _, path := range []string{"/", "/resources/prod/nat-0"} {
			if _, body := get(t, h, path); !strings.Contains(body, tt.want) {
				t.Errorf("%s: it does not say %s", path, tt.want)
			}
		}
	}
}

func TestNumbersAreWrittenAsPeopleReadThem(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 440000: "440,000", 1234567: "1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}

// Nothing may come from elsewhere, and no template may say that text is safe.
func TestNothingComesFromElsewhere(t *testing.T) {
	remote := regexp.MustCompile(`(?i)https?://|src="//|href="//|@import|url\(|\son[a-z]+="|<style|\sstyle="`)
	for _, files := range []fs.FS{templateFiles, assetFiles} {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(files, path)
			text := strings.ReplaceAll(string(data), "http://www.w3.org/2000/svg", "")
			if found := remote.FindString(text); found != "" {
				t.Errorf("%s holds %q", path, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAssetsAreFoundByTheirDigestOnly(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /assets/{file}", Assets())
	for _, name := range []string{"style.css", "follow.js", "icon.svg"} {
		if code, body := get(t, mux, assetPath(name)); code != 200 || len(body) < 200 {
			t.Errorf("%s: %d", name, code)
		}
		if code, _ := get(t, mux, "/assets/"+name+"?old"); code != 404 {
			t.Errorf("%s of another version: %d", name, code)
		}
	}
	if code, _ := get(t, mux, "/assets/..%2fpage.go"); code != 404 {
		t.Errorf("what is no asset: %d", code)
	}
}

// BenchmarkFleet10000 makes the fleet's page of 10,000 resources.
func BenchmarkFleet10000(b *testing.B) {
	h := serve(b, fleetOf(10_000), 0)
	for b.Loop() {
		if code, _ := get(b, h, "/?q=egress-9"); code != 200 {
			b.Fatal(code)
		}
	}
}

func TestTheRecordCallsResourcesByTheNamesOfTheirSpecs(t *testing.T) {
	twice := fleetOf(2)
	twice.Plan.Resources[1].ID = "nat-0"
	outcome := history.Record{Time: now, Kind: history.KindOutcome, Target: "prod", ResourceID: "nat-0", Verb: "assign", Outcome: "accepted"}
	for _, c := range []struct {
		name   string
		status reconcile.Status
		record history.Record
		want   string
	}{
		{"an outcome, which has only the id", fleetOf(1), outcome, ">egress-0<"},
		{"what two specs name", twice, outcome, ">nat-0<"},
		{"what no spec names any more", fleetOf(0), outcome, ">nat-0<"},
		{"the name that was recorded goes first", fleetOf(1), history.Record{Time: now, Kind: history.KindIntent, Target: "prod", ResourceID: "nat-0", SpecName: "before"}, ">before<"},
	} {
		if _, body := get(t, serve(t, c.status, 0, c.record), "/history"); !strings.Contains(body, "<bdi"+c.want) {
			t.Errorf("%s: no %s in\n%s", c.name, c.want, body)
		}
	}
}

// Contested drift with its history: who undid which correction, and by which call.
func TestDriftShowsWhoMadeItAndContestedDriftItsRounds(t *testing.T) {
	addr := netip.MustParseAddr("10.0.0.9")
	who := inventory.Actor{Principal: "arn:aws:iam::123456789012:user/<b>mallory", Operation: "UnassignPrivateNatGatewayAddress",
		Time: now.Add(-time.Hour), SourceIP: "203.0.113.7", Console: true, EventID: "6f1c0d5e-0000"}
	s := fleetOf(1)
	s.Plan.Resources[0].Drift = &plan.Drift{Contested: true,
		Addresses: []plan.Stray{{Address: addr.String(), Change: plan.Removed, RightAt: now.Add(-2 * time.Hour), Since: now, Who: &who}},
		Rounds: []plan.Round{
			{Action: "assign " + addr.String(), Corrected: now.Add(-2 * time.Hour), Undone: now.Add(-time.Hour), Who: &who},
			{Action: "assign " + addr.String(), Corrected: now.Add(-time.Hour)},
		}}
	recorded := history.Actor(who)
	h := serve(t, s, 0, history.Record{Time: now, Kind: history.KindContested, Target: "prod", ResourceID: "nat-0", Addresses: []netip.Addr{addr},
		Drift:  []history.Stray{{Address: addr.String(), Change: "removed", Since: now, Who: &recorded}},
		Rounds: []history.Round{{Action: "assign " + addr.String(), Corrected: now.Add(-2 * time.Hour), Undone: now.Add(-time.Hour), Who: &recorded}}})
	for _, path := range []string{"/resources/prod/nat-0", "/history", "/explain?address=" + addr.String()} {
		_, body := get(t, h, path)
		text := regexp.MustCompile(`\s+`).ReplaceAllString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, ""), " ")
		for _, want := range []string{
			"removed 10.0.0.9 since 2026-11-22 03:00:00Z",
			"by arn:aws:iam::123456789012:user/&lt;b&gt;mallory in the console (UnassignPrivateNatGatewayAddress at 2026-11-22 02:00:00Z from 203.0.113.7, event 6f1c0d5e-0000)",
			"assign 10.0.0.9 was done 2026-11-22 01:00:00Z, undone by 2026-11-22 02:00:00Z by arn:",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%s", path, want, text)
			}
		}
	}
}
