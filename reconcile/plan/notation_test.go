package plan

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// A case is written as lines of words:
//
//	nat-a .10* .20 .21/assigning state=pending    a gateway; * marks the primary, ? a row without an address
//	eni-b .30* .31 .64/28 type=lambda managed     an interface, with a prefix
//	subnet sub-2 10.0.2.0/24 vpc=vpc-2 keep=.16/28:explicit eni-x=.9*   a subnet, reservations, other holders
//	want nat-a .20 .21 min=2 drain=60             a spec; or count=3 pool=.16/28, cidrs=.64/28, prefixes=1, move, ours
//	want nat{Name=x} .20                          a spec with a selector
//	unread Subnets sub-1                          a read that failed
//	intent assign nat-a .21                       a call whose effect is not decided
//	limit 4 · target t2 · drop sub-1              settings; the target of the lines that follow
//
// .20 is 10.0.1.20. The subnet sub-1, 10.0.1.0/24 in vpc-1, is always there.
type world struct {
	tb     testing.TB
	target string
	in     Input
}

func parseWorld(tb testing.TB, text string) Input {
	tb.Helper()
	w := &world{tb: tb}
	w.in = Input{Commit: "c0ffee", PolicyDigest: "sha256:policy", Mode: "dry-run", GatewayLimit: map[string]int{}}
	w.enter("default")
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 {
			w.line(f)
		}
	}
	for i := range w.in.Inventories {
		w.in.Inventories[i].Sort()
	}
	return w.in
}

func (w *world) inv() *inventory.Inventory {
	for i := range w.in.Inventories {
		if w.in.Inventories[i].Target == w.target {
			return &w.in.Inventories[i]
		}
	}
	w.in.Inventories = append(w.in.Inventories, inventory.Inventory{Target: w.target})
	w.line(strings.Fields("subnet sub-1 10.0.1.0/24"))
	return w.inv()
}

func (w *world) enter(target string) { w.target = target; w.inv() }

func (w *world) line(f []string) {
	switch inv := w.inv(); {
	case f[0] == "target":
		w.enter(f[1])
	case f[0] == "limit":
		w.in.GatewayLimit[w.target] = w.number(f[1])
	case f[0] == "drop":
		for i, s := range inv.Subnets {
			if s.ID == f[1] {
				inv.Subnets = append(inv.Subnets[:i], inv.Subnets[i+1:]...)
				break
			}
		}
	case f[0] == "subnet":
		w.subnet(f[1:])
	case f[0] == "unread":
		u := inventory.Unread{Part: inventory.Read(f[1]), Reason: "the read failed"}
		if len(f) > 2 {
			u.Subject = f[2]
		}
		inv.Unread = append(inv.Unread, u)
	case f[0] == "intent":
		in := Intent{Target: w.target, Kind: kindOf(f[2]), ID: f[2], Verb: inventory.Verb(f[1]), At: time.Unix(0, 0)}
		for _, word := range f[3:] {
			if strings.Contains(word, "/") {
				in.Prefixes = append(in.Prefixes, w.cidr(word))
			} else {
				in.Addresses = append(in.Addresses, w.addr(word))
			}
		}
		w.in.Intents = append(w.in.Intents, in)
	case f[0] == "want":
		w.in.Documents = append(w.in.Documents, w.want(f[1:]))
	case strings.HasPrefix(f[0], "nat-"):
		inv.NatGateways = append(inv.NatGateways, w.gateway(f))
	case strings.HasPrefix(f[0], "eni-"):
		inv.NetworkInterfaces = append(inv.NetworkInterfaces, w.networkInterface(f))
	default:
		w.tb.Fatalf("unknown line %q", f)
	}
}

func (w *world) subnet(f []string) {
	s := inventory.Subnet{ID: f[0], VpcID: "vpc-1"}
	if f[1] != "-" {
		s.CIDR = w.cidr(f[1])
	}
	for _, word := range f[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case key == "vpc":
			s.VpcID = value
		case key == "keep":
			cidr, kind, _ := strings.Cut(value, ":")
			s.Reservations = append(s.Reservations, inventory.Reservation{CIDR: w.cidr(cidr), Type: kind})
		case strings.HasPrefix(key, "eni-"):
			h := inventory.Holder{NetworkInterfaceID: key, Type: "interface"}
			for v := range strings.SplitSeq(value, ",") {
				h.Addresses, h.Prefixes = w.held(h.Addresses, h.Prefixes, v)
			}
			s.Holders = append(s.Holders, h)
		default:
			w.tb.Fatalf("unknown word %q of a subnet", word)
		}
	}
	inv := w.inv()
	for i := range inv.Subnets {
		if inv.Subnets[i].ID == s.ID { // said again: replaced
			inv.Subnets[i] = s
			return
		}
	}
	inv.Subnets = append(inv.Subnets, s)
}

func (w *world) gateway(f []string) inventory.NatGateway {
	g := inventory.NatGateway{ID: f[0], VpcID: "vpc-1", SubnetID: "sub-1", State: "available", ConnectivityType: "private", AvailabilityMode: "zonal"}
	for _, word := range f[1:] {
		key, value, isSetting := strings.Cut(word, "=")
		switch {
		case !isSetting:
			g.Addresses, _ = w.held(g.Addresses, nil, word)
			a := &g.Addresses[len(g.Addresses)-1]
			if a.Status == "" {
				a.Status = inventory.StatusSucceeded
			}
		case key == "state":
			g.State = value
		case key == "type":
			g.ConnectivityType = value
		case key == "eip":
			g.Addresses[len(g.Addresses)-1].PublicIP = value
		case key == "eni":
			for i := range g.Addresses {
				g.Addresses[i].NetworkInterfaceID = value
			}
		case key == "mode":
			g.AvailabilityMode = value
		case key == "msg":
			g.FailureMessage = value
		case key == "vpc":
			g.VpcID = value
		case key == "subnet":
			g.SubnetID = value
		default:
			g.Tags = map[string]string{key: value}
		}
	}
	return g
}

func (w *world) networkInterface(f []string) inventory.NetworkInterface {
	n := inventory.NetworkInterface{ID: f[0], VpcID: "vpc-1", SubnetID: "sub-1", Status: "in-use", Type: "interface"}
	for _, word := range f[1:] {
		key, value, isSetting := strings.Cut(word, "=")
		switch {
		case word == "managed":
			n.RequesterManaged = true
		case word == "operator":
			n.OperatorManaged = true
		case !isSetting:
			n.Addresses, n.Prefixes = w.held(n.Addresses, n.Prefixes, word)
		case key == "type":
			n.Type = value
		case key == "vpc":
			n.VpcID = value
		case key == "subnet":
			n.SubnetID = value
		case key == "description":
			n.Description = value
		default:
			n.Tags = map[string]string{key: value}
		}
	}
	return n
}

// held reads an address row (.10*, .20/assigning, ?/assigning) or a prefix.
func (w *world) held(rows []inventory.Address, prefixes []netip.Prefix, word string) ([]inventory.Address, []netip.Prefix) {
	text, status, _ := strings.Cut(word, "/")
	if _, err := strconv.Atoi(status); err == nil {
		return rows, append(prefixes, w.cidr(word))
	}
	a := inventory.Address{Status: inventory.Status(status)}
	text, a.Primary = strings.CutSuffix(text, "*")
	if text != "?" {
		a.IP = w.addr(text)
	}
	if a.Status == inventory.StatusFailed {
		a.FailureMessage = "taken"
	}
	return append(rows, a), prefixes
}

func (w *world) want(f []string) spec.Document {
	d := spec.Document{Name: f[0], File: f[0] + ".yaml", Line: 1, Target: w.target, Kind: kindOf(f[0]), ID: f[0], MaxDrainSeconds: 350, MinServing: 1}
	if id, tag, ok := strings.Cut(strings.TrimSuffix(f[0], "}"), "{"); ok {
		k, v, _ := strings.Cut(tag, "=")
		d.ID, d.Kind, d.SelectorTags = "", kindOf(id+"-"), map[string]string{k: v}
	}
	if d.Kind == inventory.KindNetworkInterface {
		d.MaxDrainSeconds, d.MinServing = 0, 0
	}
	if len(f) == 1 {
		d.Secondary = &spec.Secondary{}
	}
	for _, word := range f[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "min":
			d.MinServing = w.number(value)
		case "drain":
			d.MaxDrainSeconds = w.number(value)
		case "count":
			n := w.number(value)
			w.secondary(&d).Count = &n
		case "pool":
			w.secondary(&d).Pool = append(w.secondary(&d).Pool, w.cidr(value))
		case "none": // an empty list
			w.secondary(&d)
		case "cidrs":
			d.Prefixes = &spec.Prefixes{CIDRs: []netip.Prefix{w.cidr(value)}}
		case "prefixes":
			n := w.number(value)
			d.Prefixes = &spec.Prefixes{Count: &n}
		case "move":
			d.AllowReassignment = true
		case "in":
			d.Target = value
		case "file":
			d.File = value
		case "bad":
			d.Problems = append(d.Problems, strictyaml.Problem{File: d.File, Line: 3, Column: 5, Message: value})
		default:
			s := w.secondary(&d)
			s.Addresses = append(s.Addresses, w.addr(word))
		}
	}
	return d
}

func (w *world) secondary(d *spec.Document) *spec.Secondary {
	if d.Secondary == nil {
		d.Secondary = &spec.Secondary{}
	}
	return d.Secondary
}

func kindOf(id string) inventory.Kind {
	if strings.HasPrefix(id, "nat-") {
		return inventory.KindNatGateway
	}
	return inventory.KindNetworkInterface
}

func (w *world) number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		w.tb.Fatal(err)
	}
	return n
}

func full(text string) string {
	if strings.HasPrefix(text, ".") {
		return "10.0.1" + text
	}
	return text
}

func (w *world) addr(text string) netip.Addr {
	ip, err := netip.ParseAddr(full(text))
	if err != nil {
		w.tb.Fatal(err)
	}
	return ip
}

func (w *world) cidr(text string) netip.Prefix {
	p, err := netip.ParsePrefix(full(text))
	if err != nil {
		w.tb.Fatal(err)
	}
	return p
}

// notation writes a resource's outcome on one line, without its reason:
// "nat-a pending [+.21] [-.20]", and for a move "[>.30@eni-b]".
func notation(r Resource) string {
	parts := []string{r.ID, string(r.State)}
	if r.ID == "" {
		parts[0] = r.Spec.Name
	}
	for _, wave := range r.Waves {
		var words []string
		for _, a := range wave {
			sign := map[inventory.Verb]string{inventory.VerbAssign: "+", inventory.VerbUnassign: "-", inventory.VerbMove: ">"}[a.Verb]
			from := ""
			if a.From != "" {
				from = "@" + a.From
			}
			for _, ip := range a.Addresses {
				words = append(words, sign+strings.TrimPrefix(ip.String(), "10.0.1")+from)
			}
			for _, p := range a.Prefixes {
				words = append(words, sign+strings.TrimPrefix(p.String(), "10.0.1")+from)
			}
			if a.MaxDrainSeconds != 0 && a.MaxDrainSeconds != 350 {
				words = append(words, fmt.Sprintf("(%ds)", a.MaxDrainSeconds))
			}
		}
		parts = append(parts, "["+strings.Join(words, " ")+"]")
	}
	return strings.Join(parts, " ")
}

// check compares a plan with lines of "notation" or "notation: part of the
// reason", in the plan's order.
func check(t *testing.T, p Plan, want string) {
	t.Helper()
	lines := strings.FieldsFunc(want, func(r rune) bool { return r == '\n' })
	if len(lines) != len(p.Resources) {
		t.Errorf("%d resources, want %d", len(p.Resources), len(lines))
	}
	for i, r := range p.Resources {
		if i >= len(lines) {
			t.Errorf("more: %s: %s", notation(r), r.Reason)
			continue
		}
		text, reason, said := strings.Cut(strings.TrimSpace(lines[i]), ": ")
		if notation(r) != text || !strings.Contains(r.Reason, reason) {
			t.Errorf("got  %s: %s\nwant %s", notation(r), r.Reason, strings.TrimSpace(lines[i]))
		}
		if !said && r.State != InSync && r.State != Pending {
			t.Errorf("%s: the case does not say which reason it wants, and it is %q", notation(r), r.Reason)
		}
	}
}

type tableCase struct{ name, world, want string }

func run(t *testing.T, cases []tableCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { check(t, Make(parseWorld(t, c.world)), c.want) })
	}
}
