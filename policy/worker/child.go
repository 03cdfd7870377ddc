package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/policy/worker/child"
)

// Main is the child's whole life: it limits itself, compiles the rules, and answers
// until stdin ends, when it returns nil. It changes the process for good, so nothing
// else may run in it. What is wrong with rules and inputs goes to the parent as an
// answer; an error is a pipe that broke, a message that is none, or limits that could
// not be set, and the process has to end with it.
func Main(stdin io.Reader, stdout io.Writer) error {
	in, err := child.Enter(stdin)
	if err != nil {
		return err
	}
	var s setup
	if err := child.ReadJSON(in, maxSetup, &s); err != nil {
		return fmt.Errorf("the message with the rules: %w", err)
	}
	engine, err := policy.Load(context.Background(), s.Sources, s.Options)
	var refused *policy.LoadError
	switch {
	case errors.As(err, &refused):
		return send(stdout, loaded{Problems: refused.Problems})
	case err != nil:
		return send(stdout, loaded{Error: err.Error()})
	}
	if err := send(stdout, loaded{Digest: engine.Digest(), Rules: engine.Rules()}); err != nil {
		return err
	}
	c := &answerer{engine: engine, limit: s.Options.EvalTimeout, in: in, out: stdout}
	s = setup{} // compiled, its text is no longer needed
	for {
		if err := c.answerOne(); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

func send(w io.Writer, v any) error {
	var buf bytes.Buffer
	if err := child.AddJSON(&buf, maxAnswer, v); err != nil {
		return err
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// answerer answers evaluations.
type answerer struct {
	engine *policy.Engine
	limit  time.Duration // of one evaluation
	in     io.Reader
	out    io.Writer
	head   []byte // reused, as are these
	inputs []byte
	buf    bytes.Buffer
}

// answerOne reads one request and answers it.
func (c *answerer) answerOne() error {
	var err error
	if c.head, err = child.ReadFrame(c.in, c.head, maxHead); err != nil {
		return err
	}
	var r request
	if err := json.Unmarshal(c.head, &r); err != nil {
		return err
	}
	if c.inputs, err = child.ReadFrame(c.in, c.inputs, maxInput); err != nil {
		return err
	}
	var inputs []any
	dec := json.NewDecoder(bytes.NewReader(c.inputs))
	dec.UseNumber()
	if err := dec.Decode(&inputs); err != nil {
		return err
	}
	a := c.evaluate(r, inputs)
	c.buf.Reset()
	if err := child.AddJSON(&c.buf, maxAnswer, a); err != nil {
		for i := range a.Replies {
			a.Replies[i] = reply{Error: fmt.Sprintf("policy, scope %s: the rules decided too much: %v", r.Scope, err), Alone: len(inputs) > 1}
		}
		c.buf.Reset()
		if err := child.AddJSON(&c.buf, maxAnswer, a); err != nil {
			return err
		}
	}
	_, err = c.out.Write(c.buf.Bytes())
	return err
}

// evaluate judges the inputs of a request. Several together have the time of one:
// what that is too short for is asked for again, one by one.
func (c *answerer) evaluate(r request, inputs []any) answer {
	ctx := context.Background()
	if len(inputs) > 1 {
		limited, cancel := context.WithTimeout(ctx, c.limit)
		defer cancel()
		ctx = limited
	}
	a := answer{ID: r.ID, Replies: make([]reply, len(inputs))}
	for i, got := range c.engine.EvalAll(ctx, r.Scope, len(inputs), func(i int) any { return inputs[i] }, r.Now) {
		if got.Err != nil {
			slow := errors.Is(got.Err, context.DeadlineExceeded)
			a.Replies[i] = reply{Error: got.Err.Error(), TooSlow: slow, Alone: slow && len(inputs) > 1}
			continue
		}
		a.Replies[i].Decisions, a.Evaluated = got.Decisions, got.Evaluated
	}
	return a
}
