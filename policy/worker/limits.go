package worker

import (
	"os"
	"time"

	"github.com/seed-6ca89210/sluice/policy/worker/child"
)

// Limits bound the child process; a zero field means its default.
type Limits struct {
	// Memory is how many bytes it may use beyond what it needs to start; 1 GiB.
	Memory int64
	// Start is how long it may take to start and to compile the rules; 30 s.
	Start time.Duration
	// Grace is how long an evaluation may go on past its own time limit (the
	// policy.Options' EvalTimeout) before the process is ended; 2 s.
	Grace time.Duration
}

// defaultEval is policy's own default, for the deadline on this side.
const defaultEval = 5 * time.Second

func (l Limits) withDefaults() Limits {
	if l.Memory <= 0 {
		l.Memory = 1 << 30
	}
	if l.Start <= 0 {
		l.Start = 30 * time.Second
	}
	if l.Grace <= 0 {
		l.Grace = 2 * time.Second
	}
	return l
}

// Self is the running program, called with args, in an environment that holds what
// decides how rules compute with time zones, and no credentials. The error is that the
// system does not say which program runs.
func Self(args ...string) (child.Command, error) {
	c, err := child.Self(args...)
	for _, name := range []string{"TZ", "ZONEINFO"} {
		if value, ok := os.LookupEnv(name); ok {
			c.Env = append(c.Env, name+"="+value)
		}
	}
	return c, err
}
