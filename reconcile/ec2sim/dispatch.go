package ec2sim

import (
	"net/url"
	"slices"
	"time"
)

// action is one operation of the EC2 API. What run sees has passed all gates of admit: it
// may take the form of its parameters for granted.
type action struct {
	name     string
	mutating bool
	accepts  map[string]param
	limit    func(params) limit
	together func(params) *failure // what is wrong with the parameters taken together
	run      func(*exchange) (reply, *failure)
}

// exchange is one request on its way through an action. Reads look at world;
// mutating actions change it, under the server's lock.
type exchange struct {
	server *Server
	action action
	p      params
	world  *World
	call   *Call
}

// incoming is a request as far as the protocol goes.
type incoming struct {
	values    url.Values
	principal string
	sourceIP  string
	agent     string
	signed    bool     // carries credentials, whatever they are worth
	problem   *failure // the request could not be read
}

// outcome is what is to be sent back.
type outcome struct {
	body  reply
	fail  *failure
	id    string
	lost  bool          // close the connection instead
	delay time.Duration // then wait first
	date  time.Time     // of the answer, by EC2's clock
}

// serve carries out one request under the lock and writes it into the call log.
func (s *Server) serve(in incoming) (out outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := Call{Action: in.values.Get("Action"), Principal: in.principal, SourceIP: in.sourceIP, UserAgent: in.agent,
		Parameters: withoutSecrets(in.values), RequestID: s.requestID()}
	call.DryRun = params{in.values}.flag("DryRun")
	defer func() {
		// A bug here must not take a long-running simulator down.
		if p := recover(); p != nil {
			out = outcome{fail: fail(codeInternal, "The simulator failed: %v", p)}
		}
		s.seq++
		out.id, out.date = call.RequestID, s.asOf.Add(time.Duration(s.world.ClockAhead))
		call.Seq, call.Time, call.Status, call.Lost = s.seq, s.asOf, 200, out.lost
		if out.fail != nil {
			call.Code, call.Status = out.fail.code, out.fail.status
		}
		if out.lost {
			call.Status = 0
		}
		s.record(call)
		if call.Effect {
			s.remember()
		}
	}()
	s.catchUp()
	out = s.answer(in, &call)
	if f, ok := s.fire(call.Action, ofKind(faultSlow)); ok {
		out.delay = time.Duration(f.Delay)
	}
	return out
}

// answer takes the request through EC2's gates, in this order: the connection,
// credentials, the action, its token bucket, the form of the parameters, IAM,
// DryRun, and the world.
func (s *Server) answer(in incoming, call *Call) outcome {
	if f, ok := s.fire(call.Action, ofKind(faultLostBefore, faultError, faultThrottle, faultExpired)); ok {
		if f.Kind == faultLostBefore {
			return outcome{lost: true}
		}
		return outcome{fail: f.failure()}
	}
	act, p, problem := s.admit(in)
	if problem != nil {
		return outcome{fail: problem}
	}
	if p.flag("DryRun") {
		return outcome{fail: s.rehearse(act, p)}
	}
	c := &exchange{server: s, action: act, p: p, world: &s.world, call: call}
	if !act.mutating {
		c.world = s.view(act.name)
	}
	body, problem := act.run(c)
	if problem == nil {
		if _, ok := s.fire(act.name, ofKind(faultLostAfter)); ok {
			return outcome{lost: true}
		}
	}
	return outcome{body: body, fail: problem}
}

// admit lets a request through to the world, or says why not.
func (s *Server) admit(in incoming) (action, params, *failure) {
	p := params{in.values}
	act, known := s.actions[p.one("Action")]
	switch {
	case in.problem != nil:
		return act, p, in.problem
	case !in.signed && !s.world.Anonymous:
		return act, p, fail(codeMissingToken, "Request is missing Authentication Token")
	case in.signed && in.principal == "":
		return act, p, fail(codeAuthFailure, "AWS was not able to validate the provided access credentials")
	case !p.has("Action"):
		return act, p, fail(codeMissingParameter, "The request must contain the parameter Action")
	case !known:
		return act, p, fail(codeInvalidAction, "The action %s is not valid for this web service.", quote(p.one("Action")))
	// Everything that gets this far takes a token, also what is refused later.
	case !s.free(p) && !s.take(act.limit(p)):
		return act, p, fail(codeRequestLimitExceeded, "Request limit exceeded.")
	}
	if problem := p.check(act.accepts); problem != nil {
		return act, p, problem
	}
	if act.together != nil {
		if problem := act.together(p); problem != nil {
			return act, p, problem
		}
	}
	switch {
	case s.world.denies(in.principal, act.name):
		return act, p, fail(codeUnauthorized, "You are not authorized to perform this operation. "+
			"User: %s is not authorized to perform: ec2:%s", s.world.user(in.principal), act.name)
	}
	return act, p, nil
}

// rehearse answers a request with DryRun. The world is looked at only for what the world's
// [Behaviour] says that AWS looks at; nothing changes.
func (s *Server) rehearse(act action, p params) *failure {
	if !act.mutating || len(s.world.Behaviour.DryRun) == 0 {
		return s.world.dryRun(nil)
	}
	scratch := s.world.clone()
	trial := &Server{world: scratch, fired: map[string]int{}, tokens: map[string]use{}, rng: s.rng, started: s.started}
	trial.world.Faults = nil
	_, problem := act.run(&exchange{server: trial, action: act, p: p, world: &trial.world, call: &Call{}})
	return s.world.dryRun(problem)
}

// free reports whether a request takes no token: one with DryRun, where the world says so.
func (s *Server) free(p params) bool {
	takes := s.world.Behaviour.DryRunTakesTokens
	return p.flag("DryRun") && takes != nil && !*takes
}

// denies reports whether the world takes the action away from the principal.
func (w *World) denies(principal, action string) bool {
	return slices.ContainsFunc(w.Denied, func(d Denied) bool {
		return (d.AccessKeyID == "*" || d.AccessKeyID == principal) &&
			slices.ContainsFunc(d.Actions, func(pattern string) bool { return glob(pattern, action) })
	})
}

// withoutSecrets drops what signs a request: a session token must not be logged.
func withoutSecrets(v url.Values) url.Values {
	c := cloneValues(v)
	for key := range c {
		if common(key) && key != "Action" && key != "Version" {
			delete(c, key)
		}
	}
	return c
}

// cut applies a partial-success fault to the addresses or prefixes of a call: the
// ones that take effect, and the error to answer afterwards, if the fault has one.
func (c *exchange) cut(names []string) ([]string, *failure) {
	f, ok := c.server.fire(c.action.name, func(f *Fault) bool {
		return f.Kind == faultPartial && f.Addresses < len(names)
	})
	switch {
	case !ok:
		return names, nil
	case f.Code != "":
		return names[:f.Addresses], f.failure()
	}
	return names[:f.Addresses], nil
}
