package history

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// texts draws strings as hostile commits have them: any bytes.
var texts = rapid.Custom(func(t *rapid.T) string {
	if rapid.Bool().Draw(t, "plain") {
		return rapid.StringMatching(`[a-z0-9]{0,12}`).Draw(t, "text")
	}
	return string(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes"))
})

var drawnAddrs = rapid.Custom(func(t *rapid.T) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, 0, rapid.Byte().Draw(t, "host")})
})

// drawnRecords draws records that a caller may append.
var drawnRecords = rapid.Custom(func(t *rapid.T) Record {
	zone := time.FixedZone("x", 60*rapid.IntRange(-840, 840).Draw(t, "zone"))
	r := Record{
		Time:     start.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "time"))).In(zone),
		Kind:     rapid.SampledFrom([]Kind{KindCommit, KindDecision, KindIntent, KindOutcome, KindSettled}).Draw(t, "kind"),
		Commit:   texts.Draw(t, "commit"),
		Message:  texts.Draw(t, "message"),
		Target:   texts.Draw(t, "target"),
		SpecLine: rapid.IntRange(0, 99).Draw(t, "line"),
		Intent:   rapid.Uint64().Draw(t, "intent"),
		Verdicts: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Verdict {
			return Verdict{Rule: texts.Draw(t, "rule"), Decision: "deny", Msg: texts.Draw(t, "msg")}
		}), 0, 2).Draw(t, "verdicts"),
		Addresses: rapid.SliceOfN(drawnAddrs, 0, 3).Draw(t, "addresses"),
	}
	if rapid.Bool().Draw(t, "commit time") {
		r.CommitTime = start.In(zone)
	}
	if rapid.Bool().Draw(t, "prefix") {
		r.Prefixes = []netip.Prefix{netip.PrefixFrom(drawnAddrs.Draw(t, "net"), rapid.IntRange(0, 32).Draw(t, "bits"))}
	}
	return r
})

func TestWhatIsSealedIsReadAgainExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sealed, data, err := seal(drawnRecords.Draw(t, "record"), 7, "prev")
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(data) {
			t.Fatalf("stored bytes are no UTF-8: %q", data)
		}
		read, err := decode(data)
		if err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if !reflect.DeepEqual(read, sealed) {
			t.Fatalf("sealed %+v\nread   %+v", sealed, read)
		}
		if want, _ := hash(read); want != read.Hash || read.Prev != "prev" || read.Seq != 7 {
			t.Fatalf("not in the chain: %+v", read)
		}
	})
}

func TestEveryFieldOfARecordSurvives(t *testing.T) {
	var r Record
	fill(reflect.ValueOf(&r).Elem())
	sealed, data, err := seal(r, r.Seq, r.Prev)
	if err != nil {
		t.Fatal(err)
	}
	r.Hash = sealed.Hash
	if !reflect.DeepEqual(r, sealed) {
		t.Errorf("wrote %+v\nread  %+v", r, sealed)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil || len(fields) != reflect.TypeFor[Record]().NumField() {
		t.Errorf("%d JSON fields for %d: %s", len(fields), reflect.TypeFor[Record]().NumField(), data)
	}
}

// fill gives every field of a record a value of its own.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Interface().(type) {
		case time.Time:
			f.Set(reflect.ValueOf(start.Add(time.Duration(i))))
		case []netip.Addr:
			f.Set(reflect.ValueOf([]netip.Addr{netip.MustParseAddr("10.0.0.1")}))
		case []netip.Prefix:
			f.Set(reflect.ValueOf([]netip.Prefix{netip.MustParsePrefix("10.0.0.16/28")}))
		case json.RawMessage:
			f.Set(reflect.ValueOf(json.RawMessage(`{"version":1}`)))
		case map[string]string:
			f.Set(reflect.ValueOf(map[string]string{"nat-1": "digest"}))
		case []string:
			f.Set(reflect.ValueOf([]string{"a@example.com"}))
		case []Stray:
			f.Set(reflect.ValueOf([]Stray{{Address: "10.0.0.1", Change: "added", Since: start, Who: &Actor{Principal: "arn", Time: start}}}))
		case []Round:
			f.Set(reflect.ValueOf([]Round{{Action: "assign 10.0.0.1", Corrected: start, Undone: start}}))
		case *Cut:
			f.Set(reflect.ValueOf(&Cut{From: 1, To: 2, Hash: "h", Exported: "e", Checkpoint: "c"}))
		case []Verdict:
			f.Set(reflect.ValueOf([]Verdict{{Rule: "a.b", Decision: "warn", Msg: "m"}}))
		default:
			switch f.Kind() {
			case reflect.Bool:
				f.SetBool(true)
			case reflect.String:
				f.SetString(v.Type().Field(i).Name)
			case reflect.Int:
				f.SetInt(int64(i))
			case reflect.Uint64:
				f.SetUint(uint64(i + 1))
			}
		}
	}
}

func TestSealBoundsARecord(t *testing.T) {
	long := strings.Repeat("é", maxMessage)
	sealed, _, err := seal(Record{Time: start, Kind: KindCommit, Message: "x" + long}, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(sealed.Message); n > maxMessage+4 || n < maxMessage-4 || strings.ContainsRune(sealed.Message, utf8.RuneError) {
		t.Errorf("message of %d bytes ends in %q", n, sealed.Message[n-8:])
	}
	bad := map[string]Record{
		"no kind":          {Time: start},
		"no time":          {Kind: KindCommit},
		"an absurd time":   {Kind: KindCommit, Time: start.AddDate(9000, 0, 0)},
		"an absurd author": {Kind: KindCommit, Time: start, Author: strings.Repeat("x", maxRecord)},
	}
	for name, r := range bad {
		if _, _, err := seal(r, 1, ""); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestActionKeyDoesNotDependOnTheOrder(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	p := netip.MustParsePrefix("10.0.0.16/28")
	x := Record{Verb: "assign", Addresses: []netip.Addr{b, a}, Prefixes: []netip.Prefix{p}}
	y := Record{Verb: "assign", Addresses: []netip.Addr{a, b}, Prefixes: []netip.Prefix{p}}
	if x.ActionKey() != y.ActionKey() || x.ActionKey() != "assign 10.0.0.1,10.0.0.16/28,10.0.0.2" {
		t.Errorf("%q and %q", x.ActionKey(), y.ActionKey())
	}
	y.Verb = "unassign"
	if x.ActionKey() == y.ActionKey() {
		t.Error("the verb makes no difference")
	}
}

func FuzzDecode(f *testing.F) {
	_, data, err := seal(Record{Time: start, Kind: KindIntent, Verb: "assign", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1")}}, 3, "ab")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"seq":1,"SEQ":2,"time":"2026-05-01T12:00:00Z","kind":"commit"}`))
	f.Add([]byte(`{"seq":1,"time":"2026-05-01T12:00:00Z","kind":"commit","message":"\ufffd"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decode(data)
		if err != nil {
			return
		}
		if again, err := json.Marshal(r); err != nil || string(again) != string(data) {
			t.Errorf("two spellings of one record: %s and %s (%v)", data, again, err)
		}
	})
}
