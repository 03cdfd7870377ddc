package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
	"pgregory.net/rapid"
)

const gateway = `apiVersion: sluice/v1
kind: NatGateway
metadata:
  name: egress-a
  labels: {env: prod, owner: network}
spec:
  id: nat-0ee3edd182361f662
  secondary:
    addresses: [10.0.1.21, 10.0.1.20]
  drain: {maxDuration: 5m}
  minServing: 2
`

const networkInterface = `apiVersion: sluice/v1
kind: NetworkInterface
metadata: {name: vip-db}
spec:
  target: prod-use1
  selector: {tags: {Name: vip-db}}
  secondary: {count: 2, pool: [10.0.2.32/28, 10.0.2.16/28]}
  prefixes: {cidrs: [10.0.2.64/28]}
  allowReassignment: true
`

func addrs(texts ...string) (list []netip.Addr) {
	for _, s := range texts {
		list = append(list, netip.MustParseAddr(s))
	}
	return list
}

func cidrs(texts ...string) (list []netip.Prefix) {
	for _, s := range texts {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

func pointer(n int) *int { return &n }

func TestParseReadsBothKinds(t *testing.T) {
	set := Parse([]File{{"b/vip.yaml", []byte(networkInterface)}, {"a.yml", []byte("# gateways\n---\n" + gateway)}})
	if len(set.Problems) > 0 || set.Err() != nil {
		t.Fatalf("problems %v, error %v", set.Problems, set.Err())
	}
	for i := range set.Documents {
		set.Documents[i].JSON = nil // see TestJSONIsTheDocumentAsWritten
	}
	want := []Document{{
		Kind: inventory.KindNatGateway, Name: "egress-a", Labels: map[string]string{"env": "prod", "owner": "network"},
		File: "a.yml", Line: 3, Target: "default", ID: "nat-0ee3edd182361f662",
		Secondary: &Secondary{Addresses: addrs("10.0.1.20", "10.0.1.21")}, MaxDrainSeconds: 300, MinServing: 2,
	}, {
		Kind: inventory.KindNetworkInterface, Name: "vip-db", File: "b/vip.yaml", Line: 1,
		Target: "prod-use1", SelectorTags: map[string]string{"Name": "vip-db"},
		Secondary:       &Secondary{Count: pointer(2), Pool: cidrs("10.0.2.16/28", "10.0.2.32/28")},
		Prefixes:        &Prefixes{CIDRs: cidrs("10.0.2.64/28")},
		MaxDrainSeconds: 350, AllowReassignment: true,
	}}
	for i := range set.Documents {
		set.Documents[i].yaml = strictyaml.Document{}
	}
	if !reflect.DeepEqual(set.Documents, want) {
		t.Errorf("got  %+v\nwant %+v", set.Documents, want)
	}
}

func TestWhatARuleSpeaksOfIsFoundInTheFile(t *testing.T) {
	set := Parse([]File{{"a.yaml", []byte("# comment\n---\n" + gateway + "---\n" + networkInterface)}, {"b.yaml", []byte("kind: NatGateway\n")}})
	for pointer, want := range map[string][2]int{
		"/spec/secondary/addresses/1": {11, 28}, "/metadata/labels/cost": {7, 3}, "/spec/drain": {12, 3}, "": {3, 1}, "rubbish": {3, 1},
	} {
		if line, column := set.Documents[0].Locate(pointer); line != want[0] || column != want[1] {
			t.Errorf("%q is at %d:%d, want %d:%d", pointer, line, column, want[0], want[1])
		}
	}
	second := set.Documents[1]
	if line, _ := second.Locate("/kind"); line != second.Line+1 {
		t.Errorf("in the second document, which begins on line %d: %d", second.Line, line)
	}
	if line, column := set.Documents[2].Locate("/kind"); line != 1 || column != 1 {
		t.Errorf("in a bad document: %d:%d", line, column)
	}
}

func TestJSONIsTheDocumentAsWritten(t *testing.T) {
	set := Parse([]File{{"a.yaml", []byte("apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: a}\nspec: {id: nat-0ee3edd182361f662, secondary: {count: 2.0}}\n")}})
	const want = `{"apiVersion":"sluice/v1","kind":"NatGateway","metadata":{"name":"a"},"spec":{"id":"nat-0ee3edd182361f662","secondary":{"count":2}}}`
	if got := string(set.Documents[0].JSON); got != want {
		t.Errorf("got %s", got)
	}
}

func TestDefaultsHoldWhereASpecIsSilent(t *testing.T) {
	set := Parse([]File{{"a.json", []byte(`{"apiVersion": "sluice/v1", "kind": "NatGateway", "metadata": {"name": "a"},
		"spec": {"id": "nat-0ee3edd182361f662", "secondary": {"addresses": []}}}`)}})
	d := set.Documents[0]
	if len(d.Problems) > 0 || d.Target != "default" || d.MaxDrainSeconds != 350 || d.MinServing != 1 {
		t.Errorf("got %+v", d)
	}
	if d.Secondary == nil || len(d.Secondary.Addresses) != 0 || d.Secondary.Count != nil {
		t.Errorf("an empty list must mean no addresses, got %+v", d.Secondary)
	}
}

func TestNothingToReadIsAnError(t *testing.T) {
	for name, files := range map[string][]File{
		"no file":         nil,
		"only comments":   {{"a.yaml", []byte("# nothing yet\n---\n")}},
		"no spec file":    {{"README.md", []byte(gateway)}, {"a.yaml.orig", []byte(gateway)}},
		"other tools":     {{"ci.toml", []byte("on: push\n")}, {"x/.yaml.swp", []byte(gateway)}},
		"an empty folder": {},
	} {
		set := Parse(files)
		if !errors.Is(set.Err(), ErrEmpty) || len(set.Documents) != 0 || len(set.Problems) != 1 {
			t.Errorf("%s: got %v, %v", name, set.Err(), set)
		}
	}
}

func TestABadFileSpoilsOnlyItself(t *testing.T) {
	set := Parse([]File{{"a.yaml", []byte(gateway)}, {"b.yaml", []byte("x: [\n")}, {"c.yaml", []byte(networkInterface)}})
	if len(set.Documents) != 3 || set.Err() != nil {
		t.Fatalf("got %+v", set)
	}
	bad := set.Documents[1]
	if len(bad.Problems) != 1 || bad.File != "b.yaml" || bad.Line != 1 || bad.Kind != "" {
		t.Errorf("got %+v", bad)
	}
	if len(set.Documents[0].Problems)+len(set.Documents[2].Problems) != 0 || len(set.Problems) != 1 {
		t.Errorf("problems %v", set.Problems)
	}
}

func TestABadDocumentStillClaimsItsResource(t *testing.T) {
	bad := strings.Replace(gateway, "minServing", "minservings", 1)
	bad = strings.Replace(bad, "egress-a", "egress-b", 1)
	set := Parse([]File{{"a.yaml", []byte(gateway)}, {"sub/b.yaml", []byte(bad)}})
	if !strings.Contains(set.Documents[0].Problems[0].Message, "sub/b.yaml:1") {
		t.Errorf("the good document's problems: %v", set.Documents[0].Problems)
	}
	if n := len(set.Documents[1].Problems); n != 2 {
		t.Errorf("the bad document has %d problems: %v", n, set.Documents[1].Problems)
	}
}

func TestClaimsOfOtherTargetsDoNotClash(t *testing.T) {
	other := strings.Replace(gateway, "egress-a", "egress-b", 1)
	other = strings.Replace(other, "spec:\n", "spec:\n  target: other\n", 1)
	if set := Parse([]File{{"a.yaml", []byte(gateway)}, {"b.yaml", []byte(other)}}); len(set.Problems) > 0 {
		t.Errorf("problems %v", set.Problems)
	}
}

func TestManyClaimsAreNotAllListed(t *testing.T) {
	set := Parse([]File{{"a.yaml", []byte(strings.Repeat(gateway+"---\n", 500))}})
	if len(set.Documents) != 500 || len(set.Problems) != 1000 {
		t.Fatalf("%d documents, %d problems", len(set.Documents), len(set.Problems))
	}
	if m := set.Problems[0].Message; !strings.Contains(m, "and 496 more") {
		t.Errorf("got %q", m)
	}
}

func TestTheSchemaOfAllKindsAcceptsWhatParseAccepts(t *testing.T) {
	whole := strictyaml.MustCompile(Schema(), "")
	for _, text := range []string{gateway, networkInterface} {
		docs, _ := strictyaml.Parse("a.yaml", []byte(text))
		if problems := docs[0].Validate(whole); len(problems) > 0 {
			t.Errorf("%v", problems)
		}
	}
	docs, _ := strictyaml.Parse("a.yaml", []byte(strings.Replace(gateway, "nat-", "eni-", 1)))
	if problems := docs[0].Validate(whole); len(problems) == 0 {
		t.Error("accepted a gateway with the id of an interface")
	}
}

func TestHostileFilesEndSoon(t *testing.T) {
	fill := func(head, unit string) []byte {
		return []byte(head + strings.Repeat(unit, (strictyaml.MaxBytes-len(head))/len(unit)))
	}
	var fields strings.Builder
	for i := 0; fields.Len() < strictyaml.MaxBytes-1000; i++ {
		fmt.Fprintf(&fields, "  f%d: 1\n", i)
	}
	open := strings.TrimSuffix(gateway, "  minServing: 2\n")
	for name, data := range map[string][]byte{
		"small documents":   []byte(strings.Repeat("---\na: 1\n", 2400)),
		"unknown fields":    []byte(gateway + fields.String()),
		"bad addresses":     fill(strings.Replace(open, "[10.0.1.21, 10.0.1.20]", "", 1)+"  pool:\n", "  - 10.0.01.0/24\n"),
		"overlapping pools": fill(open+"  selector:\n    tags: {a: b}\n  pool:\n", "  - 10.0.1.0/24\n"),
		"one name":          []byte(strings.Repeat("---\nmetadata: {name: a}\nspec: {id: nat-1}\n", 2400)),
	} {
		start := time.Now()
		set := Parse([]File{{"a.yaml", data}})
		t.Logf("%s: %v, %d problems", name, time.Since(start), len(set.Problems))
		if len(set.Problems) == 0 || time.Since(start) > time.Minute {
			t.Errorf("%s: %d problems after %v", name, len(set.Problems), time.Since(start))
		}
	}
}

// drawSpec draws a good document, its YAML form as plain values beside it.
func drawSpec(t *rapid.T, i int) (Document, map[string]any) {
	nat := rapid.Bool().Draw(t, "nat")
	text := rapid.StringMatching(`[a-zA-Z0-9:/ .yesno-]{0,8}`)
	d := Document{
		Kind: inventory.KindNetworkInterface, Name: fmt.Sprintf("%s%d", rapid.StringMatching(`[a-z0-9][-a-z.]{0,9}`).Draw(t, "name"), i),
		Labels: rapid.MapOfN(text, text, 1, 3).Draw(t, "labels"),
		Target: rapid.SampledFrom([]string{"default", "prod-use1"}).Draw(t, "target"), MaxDrainSeconds: 350,
	}
	body := map[string]any{"target": d.Target}
	prefix := "eni-"
	if nat {
		d.Kind, prefix = inventory.KindNatGateway, "nat-"
		d.MaxDrainSeconds, d.MinServing = rapid.IntRange(1, 4000).Draw(t, "drain"), 1
		body["drain"] = map[string]any{"maxDuration": fmt.Sprintf("%ds", d.MaxDrainSeconds)}
	}
	if rapid.Bool().Draw(t, "by id") {
		d.ID = prefix + fmt.Sprintf("%08x", i) + rapid.StringMatching(`[0-9a-f]{0,9}`).Draw(t, "id")
		body["id"] = d.ID
	} else {
		d.SelectorTags = rapid.MapOfN(rapid.StringMatching(`[A-Za-z0-9:]{1,9}`), text, 1, 3).Draw(t, "tags")
		body["selector"] = map[string]any{"tags": d.SelectorTags}
	}
	if rapid.Bool().Draw(t, "suspended") {
		d.Suspend = &Suspend{Until: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "until"), 0).UTC(), Reason: "r " + text.Draw(t, "reason"), Owner: "o"}
		body["suspend"] = map[string]any{"until": d.Suspend.Until.Format(time.RFC3339), "reason": d.Suspend.Reason, "owner": "o"}
	}
	d.Secondary = &Secondary{}
	if rapid.Bool().Draw(t, "count") {
		d.Secondary.Count = pointer(rapid.IntRange(0, 31).Draw(t, "n"))
		body["secondary"] = map[string]any{"count": *d.Secondary.Count}
	} else {
		texts := []string{}
		for _, n := range rapid.SliceOfNDistinct(rapid.Byte(), 0, 31, rapid.ID).Draw(t, "addresses") {
			ip := netip.AddrFrom4([4]byte{10, 0, 1, n})
			d.Secondary.Addresses = append(d.Secondary.Addresses, ip)
			texts = append(texts, ip.String())
		}
		slices.SortFunc(d.Secondary.Addresses, netip.Addr.Compare)
		body["secondary"] = map[string]any{"addresses": texts}
	}
	if nat && rapid.Bool().Draw(t, "serving") {
		total := 1 + len(d.Secondary.Addresses)
		if d.Secondary.Count != nil {
			total = 1 + *d.Secondary.Count
		}
		d.MinServing = rapid.IntRange(1, total).Draw(t, "minServing")
		body["minServing"] = d.MinServing
	}
	return d, map[string]any{
		"apiVersion": "sluice/v1", "kind": string(d.Kind),
		"metadata": map[string]any{"name": d.Name, "labels": d.Labels}, "spec": body,
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var file strings.Builder
		var want []Document
		for i := range rapid.IntRange(1, 4).Draw(t, "documents") {
			d, values := drawSpec(t, i)
			text, err := json.Marshal(values) // JSON is YAML, and leaves no doubt about what is text
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&file, "---\n%s\n", text)
			want = append(want, d)
		}
		set := Parse([]File{{"a.yaml", []byte(file.String())}})
		if len(set.Problems) > 0 {
			t.Fatalf("problems %v in\n%s", set.Problems, file.String())
		}
		for i, got := range set.Documents {
			got.JSON, got.Line, got.File, got.yaml = nil, 0, "", strictyaml.Document{}
			if !reflect.DeepEqual(got, want[i]) {
				t.Fatalf("got %+v\nwant %+v\n%s", got, want[i], file.String())
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(gateway))
	f.Add([]byte(networkInterface + "---\n" + gateway))
	f.Add([]byte(strings.ReplaceAll(gateway, "10.0.1.2", "10.0.01.2")))
	f.Add([]byte("apiVersion: sluice/v1\nkind: NatGateway\nspec: {secondary: {pool: [10.0.0.0/8, ::/0, 10.0.0.1/31]}, minServing: 1e3}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set := Parse([]File{{"a.yaml", data}})
		total := 0
		for _, d := range set.Documents {
			total += len(d.Problems)
			if d.Line < 1 || d.File != "a.yaml" {
				t.Errorf("document at %s:%d", d.File, d.Line)
			}
			if len(d.Problems) == 0 {
				checkGood(t, d)
			}
		}
		if set.Err() == nil && len(set.Problems) > total {
			t.Errorf("%d problems, but %d in the documents", len(set.Problems), total)
		}
	})
}

// checkGood holds what later stages rely on.
func checkGood(t *testing.T, d Document) {
	if d.Name == "" || d.Target == "" || (d.ID == "") == (len(d.SelectorTags) == 0) || d.Secondary == nil && d.Prefixes == nil {
		t.Errorf("incomplete: %+v", d)
	}
	if d.MaxDrainSeconds < 1 || d.MaxDrainSeconds > 4000 || (d.Kind == inventory.KindNatGateway) != (d.MinServing > 0) {
		t.Errorf("out of range: %+v", d)
	}
	if s := d.Secondary; s != nil && (s.Count != nil && (*s.Count < 0 || *s.Count > 255 || len(s.Addresses) > 0) || len(s.Addresses) > 255) {
		t.Errorf("out of range: %+v", s)
	}
}

// EC2 lets a large instance's interface hold more than a NAT gateway ever does.
func TestAnInterfaceMayHoldMoreThanAGateway(t *testing.T) {
	for kind, good := range map[string]bool{"NetworkInterface": true, "NatGateway": false} {
		id := map[string]string{"NetworkInterface": "eni-0065a61b324d1897a", "NatGateway": "nat-0ee3edd182361f662"}[kind]
		set := Parse([]File{{Path: "a.yaml", Data: []byte("apiVersion: sluice/v1\nkind: " + kind + "\nmetadata: {name: a}\nspec: {id: " + id + ", secondary: {count: 49}}\n")}})
		if (len(set.Problems) == 0) != good {
			t.Errorf("%s: %v", kind, set.Problems)
		}
	}
}

// A list that is let through and not read would ask for nothing, and so for the
// removal of everything.
func TestEveryListThatTheSchemaLetsThroughIsReadWhole(t *testing.T) {
	for _, n := range []int{64, 65, 255, 256} {
		var addresses, prefixes []string
		for i := range n {
			addresses = append(addresses, fmt.Sprintf("10.0.%d.%d", i/200, 10+i%200))
			prefixes = append(prefixes, fmt.Sprintf("10.1.%d.%d/28", i/16, i%16*16))
		}
		text := fmt.Sprintf("apiVersion: sluice/v1\nkind: NetworkInterface\nmetadata: {name: a}\nspec:\n  id: eni-0065a61b324d1897a\n"+
			"  secondary: {addresses: [%s]}\n  prefixes: {cidrs: [%s]}\n", strings.Join(addresses, ", "), strings.Join(prefixes, ", "))
		set := Parse([]File{{"a.yaml", []byte(text)}})
		doc := set.Documents[0]
		if read := len(doc.Secondary.Addresses) == n && len(doc.Prefixes.CIDRs) == n; read == (len(set.Problems) > 0) || read != (n <= 255) {
			t.Errorf("of %d entries each, %d addresses and %d prefixes are read; problems %v", n, len(doc.Secondary.Addresses), len(doc.Prefixes.CIDRs), set.Problems)
		}
	}
}
