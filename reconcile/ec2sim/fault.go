package ec2sim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The kinds of fault.
const (
	faultLostBefore = "lost-response-before-effect" // no answer, nothing done
	faultLostAfter  = "lost-response-after-effect"  // done, but no answer
	faultError      = "error"                       // Code and Status instead of an answer, nothing done
	faultThrottle   = "throttle"                    // RequestLimitExceeded, nothing done
	faultExpired    = "expired-credentials"         // RequestExpired, nothing done
	faultSlow       = "slow"                        // done at once, answered after Delay
	faultLagging    = "lagging-reads"               // reads show what was Delay ago
	faultFlapping   = "flapping-reads"              // every other read does
	faultPartial    = "partial-success"             // only the first Addresses take effect
)

// faultKinds lists every kind, for checks and messages.
func faultKinds() []string {
	return []string{faultLostBefore, faultLostAfter, faultError, faultThrottle, faultExpired,
		faultSlow, faultLagging, faultFlapping, faultPartial}
}

// Fault makes EC2 misbehave; its JSON is what POST /_sluice/faults takes. Kinds:
// lost-response-before-effect, lost-response-after-effect, error, throttle,
// expired-credentials, slow, lagging-reads, flapping-reads, partial-success.
//
// A fault counts only when it changes something: lost-response-after-effect
// waits for a call that succeeds, partial-success for one with more than
// Addresses addresses, and dry-runs have no effect to lose.
type Fault struct {
	Kind        string   `json:"kind"`
	Action      string   `json:"action,omitempty"`      // an operation's name, or "*", which is also the default
	Times       *int     `json:"times,omitempty"`       // how often; once when absent, until cleared when 0
	Probability *float64 `json:"probability,omitempty"` // above 0, to 1; 1 when absent
	Code        string   `json:"code,omitempty"`        // error: InternalError when absent; partial-success: success when absent
	Status      int      `json:"status,omitempty"`      // error: 400 to 599; what belongs to Code when absent
	Message     string   `json:"message,omitempty"`     // error
	Delay       Duration `json:"delay,omitempty"`       // slow: real time; lagging and flapping reads: simulated time
	Addresses   int      `json:"addresses,omitempty"`   // partial-success: how many take effect

	fired int // since it was armed
}

// clone returns a copy that shares nothing with f.
func (f Fault) clone() Fault {
	if f.Times != nil {
		f.Times = new(*f.Times)
	}
	if f.Probability != nil {
		f.Probability = new(*f.Probability)
	}
	return f
}

// validate says what is wrong with the fault, each problem with its field.
func (f *Fault) validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !slices.Contains(faultKinds(), f.Kind) {
		bad("kind: %q is no fault; use one of %q", f.Kind, faultKinds())
	}
	if _, ok := actions()[f.Action]; !ok && f.Action != "" && f.Action != "*" {
		bad("action: the simulator has no action %q; use * for all", f.Action)
	}
	if f.Times != nil && *f.Times < 0 {
		bad("times: must be 0 (until cleared) or more, not %d", *f.Times)
	}
	if f.Probability != nil && (!(*f.Probability > 0) || *f.Probability > 1) {
		bad("probability: must be above 0 and at most 1, not %v", *f.Probability)
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		bad("status: must be from 400 to 599, not %d", f.Status)
	}
	if f.Addresses < 0 {
		bad("addresses: must be 0 or more, not %d", f.Addresses)
	}
	wantsDelay := f.Kind == faultSlow || f.Kind == faultLagging || f.Kind == faultFlapping
	if wantsDelay && f.Delay <= 0 {
		bad("delay: a fault of kind %s needs one, like 5s", f.Kind)
	}
	return errors.Join(problems...)
}

// ofKind wants a fault of one of the kinds.
func ofKind(kinds ...string) func(*Fault) bool {
	return func(f *Fault) bool { return slices.Contains(kinds, f.Kind) }
}

// fire looks for an armed fault that is wanted and binds this action, lets its
// probability decide, and counts it.
func (s *Server) fire(action string, wanted func(*Fault) bool) (Fault, bool) {
	for i := range s.world.Faults {
		f := &s.world.Faults[i]
		bound := f.Action == "" || f.Action == "*" || f.Action == action
		if !bound || !wanted(f) || f.spent() {
			continue
		}
		if f.Probability != nil && s.rng.Float64() >= *f.Probability {
			continue
		}
		f.fired++
		s.fired[f.Kind]++
		hit := f.clone()
		if f.spent() {
			s.world.Faults = slices.Delete(s.world.Faults, i, i+1)
		}
		return hit, true
	}
	return Fault{}, false
}

// spent reports whether the fault has fired as often as it may.
func (f *Fault) spent() bool {
	times := 1
	if f.Times != nil {
		times = *f.Times
	}
	return times > 0 && f.fired >= times
}

// failure is the answer of a fault that stands in for the action.
func (f *Fault) failure() *failure {
	switch f.Kind {
	case faultThrottle:
		return fail(codeRequestLimitExceeded, "Request limit exceeded.")
	case faultExpired:
		return fail(codeExpired, "Request has expired.")
	}
	out := &failure{code: f.Code, status: f.Status, message: f.Message}
	orElse(&out.code, codeInternal)
	orElse(&out.status, statusOf(out.code))
	orElse(&out.message, "An injected fault.")
	return out
}

// past is the world as it was at one simulated time.
type past struct {
	at    time.Duration
	world World
}

// keepPasts bounds the memory of lagging reads: each change of the world is one.
const keepPasts = 32

// remember keeps the world as it is now, for reads that lag.
func (s *Server) remember() {
	s.pasts = append(s.pasts, past{s.elapsed, s.world.glance()})
	if len(s.pasts) > keepPasts {
		s.pasts = slices.Delete(s.pasts, 0, len(s.pasts)-keepPasts)
	}
}

// view is the world that a read sees: the present one, or an old one when a fault
// says so. Nothing older than the oldest kept change can be seen.
func (s *Server) view(action string) *World {
	f, ok := s.fire(action, ofKind(faultLagging, faultFlapping))
	if !ok || f.Kind == faultFlapping && f.fired%2 == 0 {
		return &s.world
	}
	then := s.elapsed - time.Duration(f.Delay)
	pick := s.pasts[0]
	for _, p := range s.pasts {
		if p.at <= then {
			pick = p
		}
	}
	old := pick.world.glance()
	old.advance(then - pick.at)
	return &old
}
