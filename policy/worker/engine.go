package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
)

// Engine judges as a *policy.Engine does, with the user's rules in a child process.
// It may be used by many goroutines at once; they take turns. It must be closed.
type Engine struct {
	local   *policy.Engine            // knows the rules, and judges where only shipped ones do
	yours   map[policy.Scope][]string // the user's rules, "id (file:line)"
	command Command
	limits  Limits
	eval    time.Duration // an evaluation's own limit
	begin   []byte        // the messages that every child begins with
	now     func() time.Time
	killers killers

	turn   chan struct{} // held by whoever uses what follows
	child  *process      // nil when there is none
	deaths deaths
	asked  uint64
	buf    bytes.Buffer
	closed bool
}

// Start compiles the shipped library and the sources as [policy.Load] does, in a
// child process first, and returns its errors, a [*policy.LoadError] among them.
// ctx bounds the start only.
func Start(ctx context.Context, command Command, sources []policy.Source, opts policy.Options, limits Limits) (*Engine, error) {
	if opts.EvalTimeout <= 0 {
		opts.EvalTimeout = defaultEval
	}
	e := &Engine{command: command, limits: limits.withDefaults(), eval: opts.EvalTimeout, now: time.Now, turn: make(chan struct{}, 1)}
	var loadErr error
	if len(sources) > 0 {
		if err := e.introduce(setup{sources, opts}); err != nil {
			return nil, err
		}
		var refused *refusedError
		if err := e.start(ctx); errors.As(err, &refused) {
			loadErr = err
		} else if err != nil {
			return nil, err
		}
	}
	local, err := policy.Load(ctx, sources, opts) // its errors are those with places
	switch {
	case err == nil && loadErr != nil:
		err = loadErr
	case err == nil && e.child != nil && e.child.digest != local.Digest():
		err = fmt.Errorf("the process that evaluates rules has compiled %s, this one %s: a defect of the engine", e.child.digest, local.Digest())
	}
	if err != nil {
		e.drop()
		return nil, err
	}
	e.know(local)
	return e, nil
}

// introduce prepares the messages that every child begins with.
func (e *Engine) introduce(s setup) error {
	var buf bytes.Buffer
	err := addJSON(&buf, maxHello, hello{Memory: e.limits.Memory})
	if err == nil {
		err = addJSON(&buf, maxSetup, s)
	}
	if err != nil {
		return fmt.Errorf("pass the rules on: %w", err)
	}
	e.begin = buf.Bytes()
	return nil
}

// know keeps the compiled rules, and which of them the user wrote.
func (e *Engine) know(local *policy.Engine) {
	e.local, e.yours = local, map[policy.Scope][]string{}
	for _, r := range local.Rules() {
		if !r.Shipped {
			e.yours[r.Scope] = append(e.yours[r.Scope], fmt.Sprintf("%s (%s:%d)", r.ID, r.File, r.Line))
		}
	}
}

// Digest is that of [policy.Engine.Digest].
func (e *Engine) Digest() string { return e.local.Digest() }

// Rules are those of [policy.Engine.Rules].
func (e *Engine) Rules() []policy.Rule { return e.local.Rules() }

// Close ends the child, after the evaluation that runs. It never fails; an
// evaluation by a user's rules is an error from then on.
func (e *Engine) Close() error {
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	e.closed = true
	e.drop()
	return nil
}

// Eval judges one input, as [Engine.EvalAll] does.
func (e *Engine) Eval(ctx context.Context, scope policy.Scope, input any, now time.Time) (policy.Result, error) {
	a := e.EvalAll(ctx, scope, 1, func(int) any { return input }, now)[0]
	return a.Result, a.Err
}

// Explain is [policy.Engine.Explain], in this process: ask only about an input that
// the child has judged.
func (e *Engine) Explain(ctx context.Context, scope policy.Scope, input any, now time.Time) ([]policy.Explanation, error) {
	return e.local.Explain(ctx, scope, input, now)
}

// exchange asks the child, which it starts where there is none, and returns as many
// replies as there are inputs, with the rules that were evaluated.
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
	err := p.within(ctx, e.eval+e.limits.Grace, func() (err error) {
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
	err = e.obituary(p, r.Scope, err)
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
	if err := addJSON(&e.buf, maxHead, r); err != nil {
		return err
	}
	return addFrame(&e.buf, maxInput, func(buf *bytes.Buffer) error {
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
	if e.child != nil && e.child.alive() {
		return nil
	}
	e.drop()
	if pause := e.deaths.pause(e.now()); pause > 0 {
		return fmt.Errorf("rules ended the process that evaluates them %d times within %s, so nothing is evaluated for the next %s; mend them first",
			maxDeaths, deathWindow, pause.Round(time.Second))
	}
	if err := e.start(ctx); err != nil {
		if ctx.Err() == nil {
			e.deaths.add(e.now())
		}
		return err
	}
	if got := e.child.digest; got != e.local.Digest() {
		e.drop()
		return fmt.Errorf("the new process that evaluates rules has compiled %s instead of %s: a defect of the engine", got, e.local.Digest())
	}
	return nil
}

// start starts a child and has it compile the rules.
func (e *Engine) start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p, err := launch(e.command)
	if err != nil {
		return fmt.Errorf("start the process that evaluates rules: %w", err)
	}
	var l loaded
	err = p.within(ctx, e.limits.Start, func() error {
		if _, err := p.in.Write(e.begin); err != nil {
			return err
		}
		return readJSON(p.read, maxAnswer, &l)
	})
	switch {
	case err == nil && l.Error == "":
		p.digest = l.Digest
		e.child = p
		return nil
	case err == nil:
		p.end()
		return &refusedError{l.Error}
	}
	p.end()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return e.stillbirth(p, err)
}

// drop ends the child, if there is one.
func (e *Engine) drop() {
	if e.child != nil {
		e.child.end()
		e.child = nil
	}
}
