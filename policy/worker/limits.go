package worker

import (
	"fmt"
	"os"
	"time"
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

// bytesText writes a number of bytes as people do: "1 GiB", "768 MiB".
func bytesText(n int64) string {
	if n%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// Command is how to start a child: a program whose main calls [Main].
type Command struct {
	Path string
	Args []string // the program's name first, as in os.Args
}

// Self is the running program, called with args.
func Self(args ...string) (Command, error) {
	path, err := selfPath()
	if err != nil {
		return Command{}, fmt.Errorf("find this program, to start it once more: %w", err)
	}
	return Command{Path: path, Args: append([]string{os.Args[0]}, args...)}, nil
}
