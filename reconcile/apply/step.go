package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
)

// step takes one action through the steps of the package comment. Once a call is
// sent, the end of ctx does not tear it off: an answer that is not read is an
// effect that is not known. The call has its own deadline.
func (r *Runner) step(ctx context.Context, client EC2, approved judge.Approved, s *Step, inv *inventory.Inventory) {
	if ctx.Err() != nil || r.Preempted != nil && r.Preempted() {
		s.end(Preempted, "not sent: a newer commit or the end of the process came first")
		r.tell(*s)
		return
	}
	if !r.reread(ctx, client, s, inv) {
		r.tell(*s)
		return
	}
	// Reading took its time, and so did the calls before this one.
	if holds := approved.Closed(s.Target, s.Kind, s.ID, s.Action, r.now()); len(holds) > 0 {
		s.end(Closed, fmt.Sprintf("not sent: %s: %s", holds[0].Rule, holds[0].Msg))
		r.tell(*s)
		return
	}
	intent, err := r.Journal.Intent(ctx, *s)
	if err != nil {
		s.end(NoRecord, fmt.Sprintf("not sent: the intent could not be recorded: %v", err))
		r.tell(*s)
		return
	}
	r.tell(*s)
	call := context.WithoutCancel(ctx)
	answer, err := client.Do(call, s.call())
	s.answered(answer, err)
	if err := r.Journal.Outcome(call, intent, *s); err != nil {
		s.end(NoRecord, fmt.Sprintf("%s, but the outcome could not be recorded: %v", s.Outcome, err))
	}
	r.tell(*s)
}

// reread compares what EC2 reports now with what the plan rests on, and applies
// the guard to it. A move takes from another interface, which is read too.
func (r *Runner) reread(ctx context.Context, client EC2, s *Step, inv *inventory.Inventory) bool {
	ids := []string{s.ID}
	if s.Action.From != "" {
		ids = append(ids, s.Action.From)
	}
	for _, id := range ids {
		now, err := client.Reread(ctx, s.Kind, id)
		if err != nil {
			s.end(Unread, fmt.Sprintf("not sent: %s could not be read again: %v", id, err))
			return false
		}
		before, _, found := resource(inv, s.Kind, id)
		after, addresses, there := resource(&now, s.Kind, id)
		if !found || !there || !same(before, after) {
			s.end(Changed, fmt.Sprintf("not sent: %s changed after it was planned; it was %s and is %s", id, describe(before, found), describe(after, there)))
			return false
		}
		guarded := s.Action
		if id == s.Action.From {
			guarded.Verb = inventory.VerbUnassign // the source loses the address
		}
		if err := judge.Guard(guarded, addresses); err != nil {
			s.end(Guarded, "not sent: "+err.Error())
			return false
		}
	}
	return true
}

// call is the EC2 call of a step.
func (s *Step) call() inventory.Call {
	return inventory.Call{
		Kind: s.Kind, ID: s.ID, Verb: s.Action.Verb,
		Addresses: s.Action.Addresses, Prefixes: s.Action.Prefixes, MaxDrainSeconds: s.Action.MaxDrainSeconds,
	}
}

func (r *Runner) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

// Refused reports whether EC2, or the guard before it, would not do a step; what
// waits for a busy gateway or a newer plan is not refused.
func (s Step) Refused() bool {
	switch inventory.Class(s.Outcome) {
	case inventory.ClassUnauthorized, inventory.ClassNotFound, inventory.ClassRefused, inventory.ClassCredentials,
		inventory.ClassDryRunLeak, inventory.Class(Guarded):
		return true
	}
	return false
}

func (s *Step) end(o Outcome, message string) { s.Outcome, s.Message = o, message }

// answered takes over what EC2 said.
func (s *Step) answered(answer inventory.Answer, err error) {
	if err == nil {
		s.Outcome, s.RequestID = Accepted, answer.RequestID
		return
	}
	s.end(Outcome(inventory.FaultClass(err)), err.Error())
	var f *inventory.Fault
	if errors.As(err, &f) {
		s.Code, s.RequestID, s.Message = f.Code, f.RequestID, f.Message
	}
}

func (r *Runner) tell(s Step) {
	if r.Progress != nil {
		r.Progress(s)
	}
}

// resource returns what a plan rests on of a resource: its core, so that a tag that
// somebody changes does not make the plan stale.
func resource(inv *inventory.Inventory, kind inventory.Kind, id string) (any, []inventory.Address, bool) {
	if kind == inventory.KindNatGateway {
		g, ok := inv.NatGateway(id)
		return g.Core(), g.Addresses, ok
	}
	n, ok := inv.NetworkInterface(id)
	return n.Core(), n.Addresses, ok
}

// same compares by JSON, the form that is hashed and judged.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// describe says in a few words how a resource stands.
func describe(r any, found bool) string {
	if !found {
		return "not there"
	}
	state, addresses := "", []inventory.Address(nil)
	switch r := r.(type) {
	case inventory.NatGateway:
		state, addresses = r.State+" with ", r.Addresses
	case inventory.NetworkInterface:
		state, addresses = "with ", r.Addresses
	}
	var list []string
	for _, a := range addresses {
		text := a.IP.String()
		if !a.Status.Serving() {
			text += " " + string(a.Status)
		}
		list = append(list, text)
	}
	return state + strings.Join(list, ", ")
}
