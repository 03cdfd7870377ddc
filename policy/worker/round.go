package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
)

// A request has up to so many inputs, or so many bytes of them, so that what it
// costs to ask is shared, and little is asked again when a child ends.
const (
	chunk      = 100
	chunkBytes = 4 << 20
)

// patience is how many evaluations of one call may run into their time limit before
// the rest is refused without one; it is policy's own.
const patience = 3

// EvalAll judges as [policy.Engine.EvalAll] does. Its errors say what the rules did:
// took too long ([context.DeadlineExceeded]), needed too much memory, or ended the
// process. Other inputs are judged nevertheless.
func (e *Engine) EvalAll(ctx context.Context, scope policy.Scope, n int, input func(int) any, now time.Time) []policy.Answer {
	if len(e.yours) == 0 {
		if local, err := e.here(); err == nil { // it was loaded to begin with
			return local.EvalAll(ctx, scope, n, input, now)
		}
	}
	r := &round{engine: e, head: request{Scope: scope, Now: now}, answers: make([]policy.Answer, n)}
	for i := range n {
		r.add(ctx, i, input(i))
	}
	r.flush(ctx)
	return r.answers
}

// round is one call of EvalAll.
type round struct {
	engine  *Engine
	head    request
	answers []policy.Answer
	slow    int // inputs that ran into their time limit

	buf    bytes.Buffer // the inputs that wait to be sent
	ends   []int        // of each in buf
	places []int        // of each in answers
}

// add puts an input to those that are sent next.
func (r *round) add(ctx context.Context, place int, input any) {
	start := r.buf.Len()
	if err := writeInput(&r.buf, input); err != nil {
		r.buf.Truncate(start)
		r.refuse(place, fmt.Errorf("read the input: %w", err))
		return
	}
	if err := r.engine.killers.find(r.head.Scope, r.buf.Bytes()[start:], r.engine.now()); err != nil {
		r.buf.Truncate(start)
		r.refuse(place, err)
		return
	}
	r.ends, r.places = append(r.ends, r.buf.Len()), append(r.places, place)
	if len(r.places) >= chunk || r.buf.Len() >= chunkBytes {
		r.flush(ctx)
	}
}

// flush has the inputs judged that wait for it.
func (r *round) flush(ctx context.Context) {
	inputs := make([][]byte, len(r.ends))
	start := 0
	for i, end := range r.ends {
		inputs[i], start = r.buf.Bytes()[start:end], end
	}
	r.judge(ctx, inputs, r.places)
	r.buf.Reset()
	r.ends, r.places = r.ends[:0], r.places[:0]
}

// judge has inputs judged together; where that takes too long, or ends the child,
// each by itself, to find which it was. It goes no deeper than that: one input alone is
// never asked about again.
func (r *round) judge(ctx context.Context, inputs [][]byte, places []int) {
	if len(inputs) == 0 {
		return
	}
	if len(inputs) == 1 && r.slow >= patience {
		r.refuse(places[0], fmt.Errorf("not evaluated: %d evaluations before this one took longer than their limit of %s", patience, r.engine.eval))
		return
	}
	a, err := r.engine.exchange(ctx, r.head, inputs)
	for i, place := range places {
		alone := len(inputs) == 1
		switch {
		case err != nil && (alone || !isDeath(err)):
			r.refuse(place, err)
		case err != nil, a.Replies[i].Alone && !alone:
			r.judge(ctx, inputs[i:i+1], places[i:i+1])
		default:
			r.answers[place] = a.of(i)
		}
		if alone && errors.Is(r.answers[place].Err, context.DeadlineExceeded) {
			r.slow++
		}
	}
}

func (r *round) refuse(place int, err error) {
	r.answers[place] = policy.Answer{Err: fmt.Errorf("policy, scope %s: %w", r.head.Scope, err)}
}

// of is the answer to one of the inputs.
func (a answer) of(i int) policy.Answer {
	got := a.Replies[i]
	switch {
	case got.TooSlow:
		return policy.Answer{Err: &evalError{got.Error, context.DeadlineExceeded}}
	case got.Error != "":
		return policy.Answer{Err: &evalError{got.Error, nil}}
	}
	return policy.Answer{Result: policy.Result{Decisions: got.Decisions, Evaluated: a.Evaluated}}
}
