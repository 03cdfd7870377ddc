package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// process is a child as its parent sees it.
type process struct {
	cmd   *exec.Cmd
	in    *os.File // to it
	out   *os.File // from it
	read  *bufio.Reader
	words *tail         // what it said on its standard error
	done  chan struct{} // closed when it is gone

	answer []byte // reused
}

// endPatience is how long a killed process may take to be gone.
const endPatience = 5 * time.Second

// launch starts a child that waits for its first message.
func launch(c Command) (*process, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), in.Close())
	}
	p := &process{in: in, out: out, read: bufio.NewReaderSize(out, 64<<10), words: &tail{}, done: make(chan struct{})}
	p.cmd = &exec.Cmd{
		Path: c.Path, Args: c.Args, Env: environment(), Stdin: childIn, Stdout: childOut, Stderr: p.words,
		SysProcAttr: attributes(), WaitDelay: endPatience,
	}
	err = p.cmd.Start()
	childIn.Close()
	childOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // its state is asked for when it matters
	}()
	return p, nil
}

// environment holds what decides how rules compute with time zones, and nothing
// else: no credentials.
func environment() []string {
	env := []string{"GOTRACEBACK=none"} // one line says why it ended
	for _, name := range []string{"TZ", "ZONEINFO"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends the process, and whoever waits for it. It may be called by anybody, at
// any time. The process has no children of its own: nothing in it can start one.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	p.in.Close()
	p.out.Close()
}

// end kills the process and waits until it is gone.
func (p *process) end() {
	p.kill()
	select {
	case <-p.done:
	case <-time.After(endPatience): // the kernel holds it; nothing more can be done
	}
}

// ask sends a request and returns the answer to it.
func (p *process) ask(id uint64, inputs int, request []byte) (a answer, err error) {
	if _, err := p.in.Write(request); err != nil {
		return a, err
	}
	if p.answer, err = readFrame(p.read, p.answer, maxAnswer); err != nil {
		return a, err
	}
	if err := json.Unmarshal(p.answer, &a); err != nil {
		return a, &garbageError{err.Error()}
	}
	if a.ID != id || len(a.Replies) != inputs {
		return a, &garbageError{fmt.Sprintf("%d answers to request %d instead of %d to %d", len(a.Replies), a.ID, inputs, id)}
	}
	return a, nil
}

// errOverran is the end of a process that took too long.
var errOverran = errors.New("it took too long")

// within runs an exchange of messages, and kills the process when ctx ends or the
// time is up. It returns ctx's error, errOverran, or the exchange's own error.
func (p *process) within(ctx context.Context, limit time.Duration, exchange func() error) error {
	limited, cancel := context.WithTimeoutCause(ctx, limit, errOverran)
	defer cancel()
	stop := context.AfterFunc(limited, p.kill)
	err := exchange()
	switch {
	case stop():
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return errOverran
}

// memorySigns are what the Go runtime, the C library's threads and the race detector
// say when they get no more memory; it is the only trace that they leave.
var memorySigns = []string{
	"out of memory", "cannot allocate memory", "failed to create new OS thread", "pthread_create failed", "failed to allocate",
}

// outOfMemory reports whether the process, which is gone, ended for want of memory.
func (p *process) outOfMemory() bool {
	text := p.words.String()
	return slices.ContainsFunc(memorySigns, func(sign string) bool { return strings.Contains(text, sign) })
}

// state says in a few words how the process, which is gone, ended.
func (p *process) state() string {
	if p.alive() {
		return "it does not end"
	}
	how := p.cmd.ProcessState.String()
	for line := range strings.Lines(p.words.String()) {
		if line = strings.TrimSpace(line); line != "" {
			return how + ": " + line
		}
	}
	if how == "signal: killed" {
		return how + "; the system does that when memory runs short"
	}
	return how
}

// tail keeps the beginning of what a child says, without control characters.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const maxTail = 4 << 10

func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(data[:min(len(data), maxTail-t.buf.Len())])
	return len(data), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(t.buf.String(), "?"))
}
