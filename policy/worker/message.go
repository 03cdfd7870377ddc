package worker

import (
	"errors"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
)

// The greatest lengths of messages, in bytes.
const (
	maxSetup  = 256 << 20 // the sources; policy has a limit for each file
	maxHead   = 4 << 10
	maxInput  = 512 << 20
	maxAnswer = 16 << 20
)

// setup is the first message to a child that has its limits.
type setup struct {
	Sources []policy.Source `json:"sources"`
	Options policy.Options  `json:"options"`
}

// loaded is the child's answer to it: the rules, or what [policy.Load] has against
// them.
type loaded struct {
	Digest   string           `json:"digest"`
	Rules    []policy.Rule    `json:"rules"`
	Problems []policy.Problem `json:"problems"` // of a [policy.LoadError]
	Error    string           `json:"error"`    // any other error
}

// err is the error that policy.Load returned.
func (l loaded) err() error {
	switch {
	case len(l.Problems) > 0:
		return &policy.LoadError{Problems: l.Problems}
	case l.Error != "":
		return errors.New("the process that evaluates rules could not load them: " + l.Error)
	case l.Digest == "" || len(l.Rules) == 0:
		return errors.New("the process that evaluates rules does not say what it has loaded: a defect of the engine")
	}
	return nil
}

// request is the head of an evaluation; the inputs follow as a frame of their own,
// a list.
type request struct {
	ID    uint64       `json:"id"`
	Scope policy.Scope `json:"scope"`
	Now   time.Time    `json:"now"`
}

// answer has the request's ID: an answer to another question would be the worst
// of all errors. All inputs of a scope are judged by the same rules, so these are
// named once.
type answer struct {
	ID        uint64   `json:"id"`
	Evaluated []string `json:"evaluated"`
	Replies   []reply  `json:"replies"`
}

// reply is what became of one input.
type reply struct {
	Decisions []policy.Decision `json:"decisions"`
	Error     string            `json:"error,omitempty"`
	TooSlow   bool              `json:"tooSlow,omitempty"` // the error is that of a deadline
	Alone     bool              `json:"alone,omitempty"`   // this was too much at once: ask for each input alone
}
