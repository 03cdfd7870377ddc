package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/policy/worker/child"
)

// evalError is an error in words that are complete; cause is what it is for
// errors.Is.
type evalError struct {
	words string
	cause error
}

func (e *evalError) Error() string { return e.words }
func (e *evalError) Unwrap() error { return e.cause }

// deathError is the end of a child that evaluated.
type deathError struct {
	words string
	cause error
}

func (e *deathError) Error() string { return e.words }
func (e *deathError) Unwrap() error { return e.cause }

func isDeath(err error) bool {
	var death *deathError
	return errors.As(err, &death)
}

// obituary says why an evaluation ended the child.
func (e *Engine) obituary(p *child.Process, scope policy.Scope, err error) error {
	var garbage *child.GarbageError
	who := "; your rules of this scope: " + list(e.yours[scope])
	switch {
	case errors.Is(err, child.ErrOverran):
		return &deathError{fmt.Sprintf("the evaluation did not end at its limit of %s and was ended %s later%s", e.eval, e.limits.Grace, who), context.DeadlineExceeded}
	case errors.As(err, &garbage):
		return &deathError{fmt.Sprintf("the process that evaluates rules sent something else than an answer (%s) and was ended", garbage), nil}
	case p.OutOfMemory():
		return &deathError{fmt.Sprintf("rules needed more than %s of memory for this input, so it is not judged%s; simplify them, or raise policyLimits.memory", child.BytesText(e.limits.Memory), who), nil}
	}
	return &deathError{fmt.Sprintf("the process that evaluates rules ended (%s), so this input is not judged%s", p.State(), who), nil}
}

// stillbirth says why a child did not get as far as to evaluate.
func (e *Engine) stillbirth(p *child.Process, err error) error {
	var garbage *child.GarbageError
	switch {
	case errors.Is(err, child.ErrOverran):
		return &evalError{fmt.Sprintf("compiling the rules took longer than %s; simplify them, or raise policyLimits.compile", e.limits.Start), context.DeadlineExceeded}
	case errors.As(err, &garbage):
		return fmt.Errorf("the process that evaluates rules began with something else than an answer (%s)", garbage)
	case p.OutOfMemory():
		return fmt.Errorf("compiling the rules needed more than %s of memory; simplify them, or raise policyLimits.memory", child.BytesText(e.limits.Memory))
	}
	return fmt.Errorf("the process that evaluates rules ended while it compiled them (%s)", p.State())
}

// list names a few of many.
func list(names []string) string {
	const few = 3
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return strings.Join(names, ", ")
}
