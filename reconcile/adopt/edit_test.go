package adopt

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// holding is a world of one interface with these secondary addresses.
func holding(secondary ...string) []inventory.Inventory {
	n := inventory.NetworkInterface{ID: "eni-0a1b2c3d", VpcID: "vpc-1", SubnetID: "s", Type: "interface",
		Addresses: []inventory.Address{{IP: netip.MustParseAddr("10.0.1.10"), Primary: true}}}
	for _, text := range secondary {
		n.Addresses = append(n.Addresses, inventory.Address{IP: netip.MustParseAddr(text)})
	}
	return []inventory.Inventory{{Target: "default", NetworkInterfaces: []inventory.NetworkInterface{n}}}
}

func edit(world []inventory.Inventory, files ...spec.File) ([]spec.File, []Left) {
	return Edit(Input{Inventories: world, Documents: parse(files)}, files)
}

const head = "apiVersion: sluice/v1\nkind: NetworkInterface\nmetadata: {name: a}\nspec:\n  id: eni-0a1b2c3d\n"

func TestASpecIsChangedInPlace(t *testing.T) {
	for _, c := range []struct{ name, file, before, after string }{
		{"a line of a list goes, one comes, comments stay", "a.yaml",
			"# ours\n" + head + "  secondary:\n    addresses:   # two\n      # the first\n      - 10.0.1.20  # old\n      - 10.0.1.21  # kept\n  # end\n",
			"# ours\n" + head + "  secondary:\n    addresses:   # two\n      # the first\n      - 10.0.1.21  # kept\n      - 10.0.1.22\n  # end\n"},
		{"a list in brackets", "a.yaml",
			head + "  secondary: {addresses: [10.0.1.20, 10.0.1.21]}  # both\n",
			head + "  secondary: {addresses: [10.0.1.21, 10.0.1.22]}  # both\n"},
		{"a list in quotes", "a.yaml",
			head + "  secondary: {addresses: ['10.0.1.20']}\n",
			head + "  secondary: {addresses: [\"10.0.1.21\", \"10.0.1.22\"]}\n"},
		{"an empty list", "a.yaml",
			head + "  secondary: {addresses: []}\n",
			head + "  secondary: {addresses: [10.0.1.21, 10.0.1.22]}\n"},
		{"a count", "a.yaml",
			head + "  secondary:\n    count: 5  # five\n    pool: [10.0.1.0/24]\n",
			head + "  secondary:\n    count: 2  # five\n    pool: [10.0.1.0/24]\n"},
		{"the second document of a file with Windows line ends", "a.yaml",
			strings.ReplaceAll("# ü\n"+strings.ReplaceAll(strings.Replace(head, "name: a", "name: b", 1), "3d", "3e")+"  secondary: {count: 1}\n---\n"+head+"  secondary:\n    addresses:\n    - 10.0.1.21\n", "\n", "\r\n"),
			strings.ReplaceAll("# ü\n"+strings.ReplaceAll(strings.Replace(head, "name: a", "name: b", 1), "3d", "3e")+"  secondary: {count: 1}\n---\n"+head+"  secondary:\n    addresses:\n    - 10.0.1.21\n    - 10.0.1.22\n", "\n", "\r\n")},
		{"a file without a line end", "a.yaml",
			head + "  secondary:\n    addresses:\n      - 10.0.1.21",
			head + "  secondary:\n    addresses:\n      - 10.0.1.21\n      - 10.0.1.22\n"},
		{"JSON", "a.json",
			`{"apiVersion": "sluice/v1", "kind": "NetworkInterface", "metadata": {"name": "a", "labels": {"x": "ü"}}, "spec": {"id": "eni-0a1b2c3d", "secondary": {"addresses": []}}}`,
			`{"apiVersion": "sluice/v1", "kind": "NetworkInterface", "metadata": {"name": "a", "labels": {"x": "ü"}}, "spec": {"id": "eni-0a1b2c3d", "secondary": {"addresses": ["10.0.1.21", "10.0.1.22"]}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, left := edit(holding("10.0.1.21", "10.0.1.22"), spec.File{Path: c.file, Data: []byte(c.before)})
			if len(left) > 0 || len(files) != 1 || string(files[0].Data) != c.after {
				t.Errorf("left out %+v, changed\n%s", left, files)
			}
		})
	}
	before := head + "  secondary:\n    addresses: # all\n      - 10.0.1.20\n  # end\n"
	files, left := edit(holding(), spec.File{Path: "a.yaml", Data: []byte(before)})
	if want := head + "  secondary:\n    addresses: [] # all\n  # end\n"; len(left) > 0 || len(files) != 1 || string(files[0].Data) != want {
		t.Errorf("the last address: left out %+v, changed\n%s", left, files)
	}
}

func TestWhatCannotBeChangedSafelyIsLeftAlone(t *testing.T) {
	moving := holding("10.0.1.21")
	gateway := []inventory.Inventory{{Target: "default", NatGateways: []inventory.NatGateway{{ID: "nat-0a1b2c3d", VpcID: "v", SubnetID: "s", State: "available",
		Addresses: []inventory.Address{{IP: netip.MustParseAddr("10.0.1.10"), Primary: true, Status: "succeeded"}, {IP: netip.MustParseAddr("10.0.1.20"), Status: "unassigning"}}}}}}
	nat := strings.NewReplacer("NetworkInterface", "NatGateway", "eni-", "nat-").Replace(head)
	for _, c := range []struct {
		name   string
		world  []inventory.Inventory
		text   string
		reason string
	}{
		{"a comment inside of brackets", moving, head + "  secondary:\n    addresses: [10.0.1.20, # old\n      10.0.1.22]\n", "by hand"},
		{"an item that is not on its dash's line", moving, head + "  secondary:\n    addresses:\n      -\n        10.0.1.20\n", "by hand"},
		{"a drain in progress", gateway, nat + "  secondary: {addresses: [10.0.1.20]}\n", "10.0.1.20 is unassigning"},
		{"minServing that could not be met any more", []inventory.Inventory{{Target: "default", NatGateways: []inventory.NatGateway{{ID: "nat-0a1b2c3d", VpcID: "v", SubnetID: "s", State: "available",
			Addresses: []inventory.Address{{IP: netip.MustParseAddr("10.0.1.10"), Primary: true, Status: "succeeded"}}}}}}, nat + "  secondary: {addresses: [10.0.1.20]}\n  minServing: 2\n", "minServing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, left := edit(c.world, spec.File{Path: "a.yaml", Data: []byte(c.text)})
			if len(files) > 0 || len(left) != 1 || !strings.Contains(left[0].Reason, c.reason) {
				t.Errorf("changed %s, left out %+v", files, left)
			}
		})
	}
	text := head + "  secondary: {addresses: [10.0.1.21]}\n"
	if files, left := edit(moving, spec.File{Path: "a.yaml", Data: []byte(text)}); len(files)+len(left) > 0 {
		t.Errorf("nothing differs, and yet %s, %+v", files, left)
	}
}

// An address that somebody moved by hand stands in two specs: both change, or none.
func TestAnAddressThatMovedChangesBothSpecs(t *testing.T) {
	world := holding("10.0.1.20")
	world[0].NetworkInterfaces = append(world[0].NetworkInterfaces, inventory.NetworkInterface{ID: "eni-0a1b2c3e", VpcID: "vpc-1", SubnetID: "s",
		Addresses: []inventory.Address{{IP: netip.MustParseAddr("10.0.1.11"), Primary: true}}})
	a := spec.File{Path: "a.yaml", Data: []byte(head + "  secondary: {addresses: []}\n")}
	b := spec.File{Path: "b.yaml", Data: []byte(strings.NewReplacer("name: a", "name: b", "3d", "3e").Replace(head) + "  secondary: {addresses: [10.0.1.20]}\n")}
	if files, left := edit(world, a, b); len(files) != 2 || len(left) != 0 {
		t.Errorf("changed %s, left out %+v", files, left)
	}
	one := Input{Inventories: world, Documents: parse([]spec.File{a, b}), Wanted: func(r Resource) bool { return r.ID == "eni-0a1b2c3d" }}
	if files, left := Edit(one, []spec.File{a, b}); len(files) != 0 || len(left) != 1 || !strings.Contains(left[0].Reason, "wanted by two specs") {
		t.Errorf("one alone: changed %s, left out %+v", files, left)
	}
}

// Whatever the layout: the changed file says what is live, every comment but those of
// removed items is there, and no other line has changed.
func TestEditingChangesNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, most int) (list []string) {
			for i := range 8 {
				if rapid.IntRange(0, 7).Draw(t, name) < most {
					list = append(list, fmt.Sprintf("10.0.1.%d", 20+i))
				}
			}
			return list
		}
		wanted, live := draw("wanted", 4), draw("live", 4)
		comment := func(n int) string {
			return rapid.SampledFrom([]string{"", fmt.Sprintf(" # note %d", n)}).Draw(t, "comment")
		}
		indent := strings.Repeat(" ", rapid.IntRange(4, 8).Draw(t, "indent"))
		text := head + "  secondary:" + comment(0) + "\n    addresses:" + comment(1) + "\n"
		for i, ip := range wanted {
			if rapid.Bool().Draw(t, "a line of comment") {
				text += fmt.Sprintf("%s# line %d\n", indent, i)
			}
			text += indent + "- " + ip + comment(10+i) + "\n"
		}
		if len(wanted) == 0 {
			text = head + "  secondary: {addresses: []}\n"
		}
		text += "  allowReassignment: true # end\n"
		files, left := edit(holding(live...), spec.File{Path: "a.yaml", Data: []byte(text)})
		if len(left) > 0 {
			t.Fatalf("left out %+v of\n%s", left, text)
		}
		if len(files) == 0 && slices.Equal(wanted, live) {
			return
		}
		docs := parse(files)
		if r := states(holding(live...), docs)["a.yaml"]; r.State != plan.InSync {
			t.Fatalf("%s: %s\n%s", r.State, r.Reason, files[0].Data)
		}
		removed := func(line string) bool {
			return slices.ContainsFunc(wanted, func(ip string) bool { return strings.Contains(line, "- "+ip) && !slices.Contains(live, ip) })
		}
		for line := range strings.Lines(text) {
			changes := strings.Contains(line, "addresses:") && (len(live) == 0 || len(wanted) == 0)
			if !removed(line) && !changes && !strings.Contains(string(files[0].Data), line) {
				t.Fatalf("the line %q went from\n%s", line, files[0].Data)
			}
			if _, note, ok := strings.Cut(line, "#"); ok && !removed(line) && !strings.Contains(string(files[0].Data), note) {
				t.Fatalf("the comment %q went", note)
			}
		}
	})
}

// The last proof of an edit: nothing but what was meant reads back differently.
func TestAChangedFileIsReadBack(t *testing.T) {
	other := strings.NewReplacer("name: a", "name: b", "3d", "3e").Replace(head) + "  secondary: {count: 1}\n---\n"
	before := spec.File{Path: "a.yaml", Data: []byte(other + head + "  secondary: {addresses: [10.0.1.20]}\n")}
	wanted := map[string]any{"apiVersion": "sluice/v1", "kind": "NetworkInterface", "metadata": map[string]any{"name": "a"},
		"spec": map[string]any{"id": "eni-0a1b2c3d", "secondary": map[string]any{"addresses": []any{"10.0.1.21"}}}}
	for after, want := range map[string]bool{
		other + head + "  secondary: {addresses: [10.0.1.21]} # new\n":                                       true,
		other + head + "  secondary: {addresses: [10.0.1.22]}\n":                                             false,
		other + head + "  secondary: {addresses: [10.0.1.21]}\n  allowReassignment: true\n":                  false,
		strings.Replace(other, "count: 1", "count: 2", 1) + head + "  secondary: {addresses: [10.0.1.21]}\n": false,
		other + head + "  secondary: {addresses: [10.0.1.21]}\n---\na: b\n":                                  false,
		other + head + "  secondary: {addresses: [10.0.1.21}\n":                                              false,
	} {
		if same(before, []byte(after), 1, wanted) != want {
			t.Errorf("read back as meant is %v of\n%s", !want, after)
		}
	}
}
