package gitsource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// Runner has another process carry out a job: one that hands the Request to [Answer]
// and returns what that makes of it. What a hostile server or repository can do to
// the process is then its own harm: the Runner gives it limits, and kills it when ctx
// ends.
//
// An error is the end of a sentence that begins with "the process that reads the
// repository"; it wraps [syscall.ENOMEM] when the process ran out of memory.
type Runner func(ctx context.Context, job Job) (answer []byte, err error)

// Job is the work of one process.
type Job struct {
	// Request is for Answer. It holds credentials: pass it on through a pipe, not on a
	// command line, in the environment or in a file.
	Request []byte
	// Answer is how many bytes the answer may have.
	Answer int
	// Memory is [Limits].Memory.
	Memory int64
	// CPU is how much computing the job can be worth.
	CPU time.Duration
}

// elsewhere is the backend that has a Runner do the work.
type elsewhere struct {
	cfg  Config
	addr address
	as   access // for a server
}

func (e *elsewhere) head(ctx context.Context) (string, error) {
	r, err := e.ask(ctx, e.order(opHead))
	return r.head.Commit, err
}

func (e *elsewhere) fetch(ctx context.Context) (*Snapshot, error) {
	r, err := e.ask(ctx, e.order(opFetch))
	if err != nil {
		return nil, err
	}
	s, err := r.snapshot()
	if err != nil {
		return nil, e.fail(err)
	}
	return s, nil
}

func (e *elsewhere) line(ctx context.Context, from, to, tip plumbing.Hash) (*Line, error) {
	o := e.order(opLine)
	o.Between = between{from.String(), to.String(), tip.String()}
	r, err := e.ask(ctx, o)
	if err != nil {
		return nil, err
	}
	l, err := r.line(from, to)
	if err != nil {
		return nil, e.fail(err)
	}
	return l, nil
}

// ask has one operation carried out. The error is that of the other process, or
// says what became of it.
func (e *elsewhere) ask(ctx context.Context, o order) (reply, error) {
	request, err := json.Marshal(o)
	if err != nil {
		return reply{}, e.fail(err)
	}
	answer, err := e.cfg.Runner(ctx, Job{
		Request: request, Answer: o.Op.most(e.cfg.Limits), Memory: e.cfg.Limits.Memory,
		CPU: 2*e.cfg.Limits.Timeout + time.Second, // of two processors, should it outlive its deadline
	})
	if err != nil {
		return reply{}, e.fail(err)
	}
	r, err := readReply(answer)
	if err != nil {
		return reply{}, e.fail(err)
	}
	return r, r.err()
}

// fail is the error of a process that gave no answer.
func (e *elsewhere) fail(err error) error {
	if errors.Is(err, syscall.ENOMEM) {
		return failf(ErrLimit, e.addr.shown, "the process that reads the repository needed more than limits.memory, which is %s, and was ended; use a smaller repository or raise the limit", bytesText(e.cfg.Limits.Memory))
	}
	why := words.Quote(err.Error(), append(e.as.secrets(), e.addr.pass)...)
	return failf(ErrUnreachable, e.addr.shown, "the process that reads the repository %s; check the repository with `git fsck`, and try again", why)
}

// sentError is an error of another process. Its text is whole.
type sentError struct {
	text string
	kind error // nil: none of this package's
}

func (e *sentError) Error() string { return e.text }
func (e *sentError) Unwrap() error { return e.kind }

// maxErrorText bounds the text of an error that another process sends.
const maxErrorText = 8 << 10

func (r reply) err() error {
	if r.head.Error == "" {
		return nil
	}
	e := &sentError{text: printable(r.head.Error)}
	for _, kind := range kinds() {
		if kind.Error() == r.head.Kind {
			e.kind = kind
		}
	}
	return e
}

// printable is clean for a text that may be long.
func printable(text string) string {
	text = text[:min(len(text), maxErrorText)]
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
}

// kindOf is the name of an error's kind.
func kindOf(err error) string {
	for _, kind := range kinds() {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return ""
}

func kinds() []error {
	return []error{ErrEmpty, ErrRefNotFound, ErrPathNotFound, ErrLimit, ErrRefused, ErrUnreachable}
}

// garbagef is the error of an answer that is none.
func garbagef(format string, args ...any) error {
	return fmt.Errorf("sent something else than an answer (%s)", fmt.Sprintf(format, args...))
}
