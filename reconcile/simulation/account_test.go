package simulation

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

var targets = []string{"default", "west"}

// What an account begins with: gateways and interfaces by number. The last of each is
// never named by a spec.
const (
	gateways   = 4
	interfaces = 4
)

// account is one account and Region, as EC2 has it.
type account struct {
	w      *world
	target string
	number int
	sim    *ec2sim.Server

	mu      sync.Mutex
	seen    int       // calls of the log that were looked at
	ills    illnesses // episodes
	samples []sample  // of the state, for what a late read would have shown
	meddled map[string]time.Time
	made    int // gateways that were made later
}

// illnesses are what an account suffers from for a while.
type illnesses struct {
	lag     time.Duration // of reads; 0: none
	flap    time.Duration
	deny    string // an action that is not allowed
	expired bool
	failing bool   // some calls end in a server error
	sick    bool   // nothing answers in time
	busy    string // a gateway that is always at work
	crowded bool   // somebody else empties the buckets
}

type sample struct {
	at    time.Time
	state string
}

func gatewayID(account, n int) string { return fmt.Sprintf("nat-0%d%015x", account+1, n) }
func interfaceID(account, n int) string {
	return fmt.Sprintf("eni-0%d%015x", account+1, n)
}
func gatewayName(n int) string { return fmt.Sprintf("egress-%d", n) }

func newAccount(w *world, target string, number int) *account {
	a := &account{w: w, target: target, number: number, meddled: map[string]time.Time{}}
	subnet := func(n int) string { return fmt.Sprintf("subnet-0%d%015x", number+1, n) }
	world := ec2sim.World{Account: fmt.Sprintf("%012d", number+1)}
	for n := range 2 {
		world.Subnets = append(world.Subnets, ec2sim.Subnet{ID: subnet(n), VpcID: fmt.Sprintf("vpc-0%d%015x", number+1, 0), CIDR: fmt.Sprintf("10.%d.%d.0/24", number+1, n)})
	}
	for n := range gateways {
		g := ec2sim.NatGateway{ID: gatewayID(number, n), Name: gatewayName(n), SubnetID: subnet(n % 2), Primary: a.ip(n%2, 200+n)}
		for i := range w.below(4, "first addresses", target, n) {
			g.Secondary = append(g.Secondary, a.ip(n%2, 150+8*n+i))
		}
		world.NatGateways = append(world.NatGateways, g)
	}
	for n := range interfaces {
		e := ec2sim.NetworkInterface{ID: interfaceID(number, n), SubnetID: subnet(n % 2), Primary: a.ip(n%2, 220+n), Tags: map[string]string{"Name": fmt.Sprintf("vip-%d", n)}}
		for i := range w.below(3, "first addresses of an interface", target, n) {
			e.Secondary = append(e.Secondary, a.ip(n%2, 100+8*n+i))
		}
		world.NetworkInterfaces = append(world.NetworkInterfaces, e)
	}
	a.sim = ec2sim.New(world, ec2sim.Options{Seed: w.roll("account", target)})
	return a
}

// ip is an address of one of the account's two subnets.
func (a *account) ip(subnet, host int) string {
	return fmt.Sprintf("10.%d.%d.%d", a.number+1, subnet, host)
}

// gateway finds a gateway in a state of the account.
func gateway(w ec2sim.World, id string) (ec2sim.NatGateway, bool) {
	i := slices.IndexFunc(w.NatGateways, func(g ec2sim.NatGateway) bool { return g.ID == id })
	if i < 0 {
		return ec2sim.NatGateway{}, false
	}
	return w.NatGateways[i], true
}

func networkInterface(w ec2sim.World, id string) (ec2sim.NetworkInterface, bool) {
	i := slices.IndexFunc(w.NetworkInterfaces, func(n ec2sim.NetworkInterface) bool { return n.ID == id })
	if i < 0 {
		return ec2sim.NetworkInterface{}, false
	}
	return w.NetworkInterfaces[i], true
}

// statusOf is how an address of a gateway stands: "" when it serves.
func statusOf(g ec2sim.NatGateway, ip string) string {
	for _, t := range g.Transitions {
		if t.IP == ip {
			return t.Status
		}
	}
	return ""
}

// serving counts the addresses of a gateway that take new connections.
func serving(g ec2sim.NatGateway) int {
	n := 1
	for _, ip := range g.Secondary {
		if statusOf(g, ip) == "" {
			n++
		}
	}
	return n
}

// alive reports whether a gateway has addresses at all.
func alive(g ec2sim.NatGateway) bool { return g.State == "available" }

// holders lists who has each address, primary ones included.
func holders(w ec2sim.World) map[string][]string {
	list := map[string][]string{}
	for _, g := range w.NatGateways {
		if !alive(g) {
			continue
		}
		for _, ip := range append([]string{g.Primary}, g.Secondary...) {
			list[ip] = append(list[ip], g.ID)
		}
	}
	for _, n := range w.NetworkInterfaces {
		for _, ip := range append([]string{n.Primary}, n.Secondary...) {
			list[ip] = append(list[ip], n.ID)
		}
	}
	return list
}

// holdsAll reports whether a resource holds every address that a call names.
func holdsAll(w ec2sim.World, req request) bool {
	by := holders(w)
	return !slices.ContainsFunc(req.addresses, func(ip string) bool { return !slices.Contains(by[ip], req.id) })
}

// describe writes the state down, to compare it.
func describe(w ec2sim.World) string {
	var b strings.Builder
	for _, g := range w.NatGateways {
		fmt.Fprint(&b, g.ID, g.State, g.Primary, g.Secondary)
		for _, t := range g.Transitions {
			fmt.Fprint(&b, t.IP, t.Status)
		}
	}
	for _, n := range w.NetworkInterfaces {
		fmt.Fprint(&b, n.ID, n.Primary, n.Secondary, n.Prefixes)
	}
	return b.String()
}

// sample remembers the state, and says whether it was another one some time ago.
func (a *account) sample(state string, ago time.Duration) (differs bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	then := state
	for _, s := range a.samples {
		if !s.at.After(now.Add(-ago)) {
			then = s.state
		}
	}
	if n := len(a.samples); n == 0 || a.samples[n-1].state != state {
		a.samples = append(a.samples, sample{now, state})
	}
	if len(a.samples) > 200 {
		a.samples = a.samples[100:]
	}
	return then != state
}

// ill returns what the account suffers from.
func (a *account) ill() illnesses {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ills
}

func (a *account) fall(change func(*illnesses)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.ills)
}

// meddle notes that somebody else changed a resource just now.
func (a *account) meddle(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.meddled[id] = time.Now()
}

// quiet reports whether nobody else changed a resource for so long.
func (a *account) quiet(id string, d time.Duration) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.meddled[id]
	return !ok || time.Since(at) > d
}

// byHand makes a call as somebody else, past sluice. It returns EC2's error code.
func (a *account) byHand(action string, form url.Values) string {
	form.Set("Action", action)
	form.Set("Version", "2016-11-15")
	r, err := http.NewRequest(http.MethodPost, "https://ec2.example.com/", strings.NewReader(form.Encode()))
	if err != nil {
		a.w.t.Error(err)
		return "no request"
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=RIVAL/20261122/us-east-1/ec2/aws4_request")
	resp, err := a.sim.Transport().RoundTrip(r)
	if err != nil {
		return "lost"
	}
	resp.Body.Close()
	if resp.StatusCode >= 300 {
		return resp.Status
	}
	return ""
}
