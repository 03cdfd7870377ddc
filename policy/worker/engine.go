package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/policy/worker/child"
)

// Engine judges as a *policy.Engine does, with the user's rules in a child process.
// It may be used by many goroutines at once; they take turns. It must be closed.
type Engine struct {
	digest  string
	rules   []policy.Rule
	yours   map[policy.Scope][]string      // the user's rules, "id (file:line)"; none: there is no child
	here    func() (*policy.Engine, error) // the same rules in this process, compiled when first asked for
	command child.Command
	limits  Limits
	eval    time.Duration // an evaluation's own limit
	begin   []byte        // the message that every child begins with
	now     func() time.Time
	killers killers

	turn   chan struct{} // held by whoever uses what follows
	child  *running      // nil when there is none
	deaths deaths
	asked  uint64
	buf    bytes.Buffer
	closed bool
}

// Start compiles the shipped library and the sources as [policy.Load] does, in a
// child process, and returns its errors, a [*policy.LoadError] among them. Without
// sources there is no child. ctx bounds the start only.
func Start(ctx context.Context, command child.Command, sources []policy.Source, opts policy.Options, limits Limits) (*Engine, error) {
	if opts.EvalTimeout <= 0 {
		opts.EvalTimeout = defaultEval
	}
	e := &Engine{command: command, limits: limits.withDefaults(), eval: opts.EvalTimeout, now: time.Now, turn: make(chan struct{}, 1)}
	e.here = sync.OnceValues(func() (*policy.Engine, error) { return policy.Load(context.Background(), sources, opts) })
	if len(sources) == 0 {
		local, err := e.here()
		if err != nil {
			return nil, err
		}
		e.know(local.Digest(), local.Rules())
		return e, nil
	}
	if err := e.introduce(setup{sources, opts}); err != nil {
		return nil, err
	}
	l, err := e.start(ctx)
	if err != nil {
		return nil, err
	}
	e.know(l.Digest, l.Rules)
	return e, nil
}

// introduce prepares the message that every child begins with.
func (e *Engine) introduce(s setup) error {
	var buf bytes.Buffer
	if err := child.AddJSON(&buf, maxSetup, s); err != nil {
		return fmt.Errorf("pass the rules on: %w", err)
	}
	e.begin = buf.Bytes()
	return nil
}

// know keeps what the rules are, and which of them the user wrote.
func (e *Engine) know(digest string, rules []policy.Rule) {
	e.digest, e.rules, e.yours = digest, rules, map[policy.Scope][]string{}
	for _, r := range rules {
		if !r.Shipped {
			e.yours[r.Scope] = append(e.yours[r.Scope], fmt.Sprintf("%s (%s:%d)", r.ID, r.File, r.Line))
		}
	}
}

// Digest is that of [policy.Engine.Digest].
func (e *Engine) Digest() string { return e.digest }

// Rules are those of [policy.Engine.Rules]; the caller must not change their Params.
func (e *Engine) Rules() []policy.Rule { return slices.Clone(e.rules) }

// Close ends the child, after the evaluation that runs. It never fails; an
// evaluation by a user's rules is an error from then on.
func (e *Engine) Close() error {
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	e.closed = true
	e.drop()
	return nil
}

// Eval judges one input, as [Engine.EvalAll] does. After an error it has not been judged
// and must be refused.
func (e *Engine) Eval(ctx context.Context, scope policy.Scope, input any, now time.Time) (policy.Result, error) {
	a := e.EvalAll(ctx, scope, 1, func(int) any { return input }, now)[0]
	return a.Result, a.Err
}

// Explain is [policy.Engine.Explain], in this process: ask only about an input that
// the child has judged. The error is that one's, or says why the rules do not compile
// here.
func (e *Engine) Explain(ctx context.Context, scope policy.Scope, input any, now time.Time) ([]policy.Explanation, error) {
	local, err := e.here()
	if err != nil {
		return nil, err
	}
	return local.Explain(ctx, scope, input, now)
}

// exchange asks the child, which it starts where there is none, and returns as many
// replies as there are inputs, with the rules that were evaluated. A child that was asked
// and did not answer is ended: what it says next could be the answer to this request.
func (e *Engine) exchange(ctx context.Context, r request, inputs [][]byte) (answer, error) {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	if err := e.ready(ctx); err != nil {
		return answer{}, err
	}
	e.asked++
	r.ID = e.asked
	if err := e.write(r, inputs); err != nil {
		return answer{}, err
	}
	p := e.child
	var a answer
	err := p.Within(ctx, e.eval+e.limits.Grace, func() (err error) {
		a, err = p.ask(r.ID, len(inputs), e.buf.Bytes())
		return err
	})
	switch {
	case err == nil:
		return a, nil
	case ctx.Err() != nil:
		e.drop()
		return answer{}, ctx.Err()
	}
	e.drop()
	err = e.obituary(p.Process, r.Scope, err)
	if len(inputs) == 1 { // of several it is not known who did it; they are asked alone next
		e.deaths.add(e.now())
		e.killers.add(r.Scope, inputs[0], err, e.now())
	}
	return answer{}, err
}

// keptBuffer is how much of a buffer is kept for the next request.
const keptBuffer = 1 << 20

// write puts a request into the buffer.
func (e *Engine) write(r request, inputs [][]byte) error {
	if e.buf.Cap() > keptBuffer {
		e.buf = bytes.Buffer{}
	}
	e.buf.Reset()
	if err := child.AddJSON(&e.buf, maxHead, r); err != nil {
		return err
	}
	return child.AddFrame(&e.buf, maxInput, func(buf *bytes.Buffer) error {
		for i, in := range inputs {
			buf.WriteByte("[,"[min(i, 1)])
			buf.Write(in)
		}
		buf.WriteByte(']')
		return nil
	})
}

// ready sees to it that there is a child.
func (e *Engine) ready(ctx context.Context) error {
	if e.closed {
		return errors.New("the rules are closed")
	}
	if e.child != nil && e.child.Alive() {
		return nil
	}
	e.drop()
	if pause := e.deaths.pause(e.now()); pause > 0 {
		return fmt.Errorf("rules ended the process that evaluates them %d times within %s, so nothing is evaluated for the next %s; mend them first",
			maxDeaths, deathWindow, pause.Round(time.Second))
	}
	l, err := e.start(ctx)
	if err != nil {
		if ctx.Err() == nil {
			e.deaths.add(e.now())
		}
		return err
	}
	if l.Digest != e.digest {
		e.drop()
		return fmt.Errorf("the new process that evaluates rules has compiled %s instead of %s: a defect of the engine", l.Digest, e.digest)
	}
	return nil
}

// start starts a child and has it compile the rules.
func (e *Engine) start(ctx context.Context) (loaded, error) {
	if err := ctx.Err(); err != nil {
		return loaded{}, err
	}
	process, err := child.Start(e.command, child.Limits{Memory: e.limits.Memory})
	if err != nil {
		return loaded{}, fmt.Errorf("start the process that evaluates rules: %w", err)
	}
	p := &running{Process: process}
	var l loaded
	err = p.Within(ctx, e.limits.Start, func() error {
		if _, err := p.Write(e.begin); err != nil {
			return err
		}
		return child.ReadJSON(p, maxAnswer, &l)
	})
	if err == nil {
		err = l.err()
		if err == nil {
			e.child = p
			return l, nil
		}
		p.End()
		return loaded{}, err
	}
	p.End()
	if ctx.Err() != nil {
		return loaded{}, ctx.Err()
	}
	return loaded{}, e.stillbirth(process, err)
}

// drop ends the child, if there is one.
func (e *Engine) drop() {
	if e.child != nil {
		e.child.End()
		e.child = nil
	}
}
