package simulation

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing/cryptotest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// wire is the network between a process and an account: the place where most goes
// wrong.
type wire struct {
	p *process
	a *account
}

// errCut is what a process would see that is no more.
var errCut = errors.New("the process was killed")

// RoundTrip carries one request there and back, each way in a time of its own.
func (x wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	w, req := x.p.w, parseRequest(form, r.UserAgent())
	about := []any{x.a.target, req.action, req.id, w.nth("call", x.a.target, req.action, req.id)}
	sent, pauses := x.p.shown().Round(0), x.p.paused()
	if err := x.p.wait(r.Context(), w.between(5*time.Millisecond, 120*time.Millisecond, append(about, "there")...)); err != nil {
		return nil, err
	}
	if x.a.ill().sick {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if req.mutating() {
		w.checker.departs(x.p, x.a, req, sent)
		if w.pair && x.onItsWay(r, body, req, about) {
			return nil, errors.Join(errNoAnswer, x.p.wait(r.Context(), w.between(0, 20*time.Millisecond, append(about, "gone")...)))
		}
		defer w.checker.returns(x.p, x.a, req)
		if x.p.killed(killBeforeCall, 0.02, about...) {
			return nil, errCut
		}
	} else if x.p.killed(killBeforeCall, 0.001, about...) {
		return nil, errCut
	}
	resp, call := x.exchange(r, body, req, about)
	w.add("%s %d %s: %s", x.a.target, x.p.number, req, outcome(call))
	if req.mutating() && x.p.killed(killAfterCall, 0.03, about...) || x.p.killed(killAfterCall, 0.001, about...) {
		return nil, errCut
	}
	late := w.between(5*time.Millisecond, 120*time.Millisecond, append(about, "back")...)
	if w.strikes(slowAnswer, 0.004, about...) || req.mutating() && w.strikes(slowAnswer, 0.02, about...) {
		late += 16 * time.Second
	}
	if req.mutating() && x.p.cutOff() && w.strikes(slowAnswer, 0.7, about...) { // while the lease runs out
		late += w.between(16*time.Second, leaseLasts, append(about, "slow")...)
	}
	if w.pair && req.mutating() {
		late += x.terminated(about)
	}
	err = x.p.wait(r.Context(), late)
	if w.pair && req.mutating() && pauses == x.p.paused() {
		w.twins.outlives(x.p, x.a.target)
	}
	if err != nil {
		if late > 15*time.Second && !x.p.dead() {
			w.fired(slowAnswer)
		}
		return nil, err
	}
	if w.pair && (resp == nil || call.Code != "") { // the SDK's next pause is this call's own
		cryptotest.SetGlobalRandom(w.t, w.roll(append(about, "pause")...))
	}
	if resp == nil {
		return nil, fmt.Errorf("connection reset: %w", io.EOF)
	}
	return resp, nil
}

func outcome(c ec2sim.Call) string {
	text := "done"
	switch {
	case c.Code != "":
		text = c.Code
	case c.Lost && c.Effect:
		text = "done, answer lost"
	case c.Lost:
		text = "lost"
	}
	return text
}

// exchange has EC2 answer. A nil answer was lost. Nothing waits in here.
func (x wire) exchange(r *http.Request, body []byte, req request, about []any) (*http.Response, ec2sim.Call) {
	w, a := x.p.w, x.a
	before := a.sim.World()
	armed := x.arm(req, about, describe(before))
	out := r.Clone(context.Background())
	out.Body = io.NopCloser(strings.NewReader(string(body)))
	resp, err := a.sim.Transport().RoundTrip(out)
	if err != nil {
		resp = nil
	}
	call := a.newest()
	a.learn(w, armed, call, req, before)
	if call.Lost && call.Effect {
		x.trouble(about)
	}
	w.checker.answered(x.p, a, req, call, before, a.sim.World())
	if !req.mutating() && resp != nil && call.Code == "" {
		data, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(strings.NewReader(string(data)))
		w.checker.read(x.p, a, req, data)
	}
	return resp, call
}

// newest is the last call of the log.
func (a *account) newest() ec2sim.Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.sim.CallsAfter(a.seen)
	if len(calls) == 0 {
		return ec2sim.Call{}
	}
	last := calls[len(calls)-1]
	a.seen = last.Seq
	return last
}

// arm readies at most one fault for this request.
func (x wire) arm(req request, about []any, state string) fault {
	w, ills := x.p.w, x.a.ill()
	inject := func(f fault, kind string, more func(*ec2sim.Fault)) fault {
		in := ec2sim.Fault{Kind: kind}
		if more != nil {
			more(&in)
		}
		if err := x.a.sim.Inject(in); err != nil {
			w.t.Error(err)
		}
		return f
	}
	m := 1.0
	if req.mutating() {
		m = 4
	}
	lag := func(f fault, d time.Duration) fault {
		if x.a.sample(state, d) {
			w.fired(f)
		}
		return inject(f, "lagging-reads", func(in *ec2sim.Fault) { in.Delay = ec2sim.Duration(d) })
	}
	if ills.crowded && req.mutating() && req.onGateway() && w.chance(0.5, append(about, "crowded")...) {
		for range 12 { // more than the bucket holds
			x.a.byHand("AssignPrivateNatGatewayAddress", url.Values{"NatGatewayId": {"nat-00000000000000000"}, "PrivateIpAddress.1": {"10.9.9.9"}})
		}
	}
	switch {
	case ills.deny == req.action:
		return inject(denied, "error", func(in *ec2sim.Fault) {
			in.Code, in.Message = "UnauthorizedOperation", "You are not authorized to perform this operation."
		})
	case ills.busy != "" && ills.busy == req.id && req.mutating():
		return inject("", "error", func(in *ec2sim.Fault) { in.Code, in.Message = "OperationInProgress", "busy" })
	case ills.expired:
		return inject(expired, "expired-credentials", nil)
	case ills.failing && w.chance(0.5, append(about, "fails")...):
		return inject(serverError, "error", nil)
	case w.strikes(lostBefore, 0.005*m, about...):
		return inject(lostBefore, "lost-response-before-effect", nil)
	case w.strikes(lostAfter, 0.005*m, about...):
		return inject(lostAfter, "lost-response-after-effect", nil)
	case req.mutating() && !req.dryRun && len(req.subjects()) > 1 && w.strikes(partial, 0.1, about...):
		return inject(partial, "partial-success", func(in *ec2sim.Fault) {
			in.Addresses = 1
			if w.chance(0.5, append(about, "partial code")...) {
				in.Code = "InternalError"
			}
		})
	case !req.mutating() && ills.flap > 0 && w.chance(0.5, append(about, "flap")...):
		return lag(flapping, ills.flap)
	case !req.mutating() && ills.lag > 0:
		return lag(readLag, ills.lag)
	}
	x.a.sample(state, 0)
	return ""
}

// learn counts what fired, and clears what did not.
func (a *account) learn(w *world, armed fault, call ec2sim.Call, req request, before ec2sim.World) {
	switch {
	case armed == lostBefore && call.Lost, armed == lostAfter && call.Lost && call.Effect,
		armed == expired, armed == denied, armed == serverError,
		armed == partial && len(a.sim.World().Faults) == 0:
		w.fired(armed)
	case call.Code == "RequestLimitExceeded":
		w.fired(throttled)
	}
	if len(a.sim.World().Faults) > 0 {
		a.sim.Edit(func(w *ec2sim.World) { w.Faults = nil })
	}
	if !call.Effect {
		return
	}
	if !req.removes() && req.onGateway() && time.Duration(before.Timing.Assign) > time.Minute {
		w.fired(slowAssign)
	}
	if req.drain >= 600 {
		w.fired(longDrain)
	}
}

// rows is what an answer says of one resource: every address with its standing.
func rows(answer []byte, id string) (string, bool) {
	var doc struct {
		Gateways []struct {
			ID    string `xml:"natGatewayId"`
			State string `xml:"state"`
			Rows  []struct {
				IP      string `xml:"privateIp"`
				Primary bool   `xml:"isPrimary"`
				Status  string `xml:"status"`
			} `xml:"natGatewayAddressSet>item"`
		} `xml:"natGatewaySet>item"`
		Interfaces []struct {
			ID   string `xml:"networkInterfaceId"`
			Rows []struct {
				IP      string `xml:"privateIpAddress"`
				Primary bool   `xml:"primary"`
			} `xml:"privateIpAddressesSet>item"`
			Prefixes []struct {
				CIDR string `xml:"ipv4Prefix"`
			} `xml:"ipv4PrefixSet>item"`
		} `xml:"networkInterfaceSet>item"`
	}
	if xml.Unmarshal(answer, &doc) != nil {
		return "", false
	}
	var list []string
	found := false
	for _, g := range doc.Gateways {
		if found = found || g.ID == id; g.ID == id {
			for _, r := range g.Rows {
				list = append(list, rowText(r.IP, r.Primary, r.Status))
			}
		}
	}
	for _, n := range doc.Interfaces {
		if found = found || n.ID == id; n.ID == id {
			for _, r := range n.Rows {
				list = append(list, rowText(r.IP, r.Primary, ""))
			}
			for _, p := range n.Prefixes {
				list = append(list, p.CIDR)
			}
		}
	}
	slices.Sort(list)
	return strings.Join(list, " "), found
}

func rowText(ip string, primary bool, status string) string {
	if primary {
		ip += "*"
	}
	if status != "" && status != "succeeded" {
		ip += "(" + status + ")"
	}
	return ip
}
