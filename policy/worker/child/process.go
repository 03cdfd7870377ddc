package child

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
	"time"
)

// Process is a child as its parent sees it: what is written to it is its standard
// input, what is read from it its standard output.
type Process struct {
	cmd    *exec.Cmd
	in     *os.File
	out    *os.File
	read   *bufio.Reader // of out
	words  *tail         // what it said on its standard error
	gone   chan struct{}
	limits Limits
}

// endPatience is how long a killed process may take to be gone.
const endPatience = 5 * time.Second

// Start starts a child that sets itself limits and waits for its first message. The error
// is the system's: there is no process then. That the program is no child, or could not
// set its limits, shows in the first exchange.
func Start(c Command, l Limits) (*Process, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), in.Close())
	}
	p := &Process{in: in, out: out, read: bufio.NewReaderSize(out, 64<<10), words: &tail{}, gone: make(chan struct{}), limits: l}
	p.cmd = &exec.Cmd{
		Path: c.Path, Args: c.Args,
		Env:   append([]string{"GOTRACEBACK=none"}, c.Env...), // one line says why it ended
		Stdin: childIn, Stdout: childOut, Stderr: p.words,
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
		defer close(p.gone)
		_ = p.cmd.Wait() // its state is asked for when it matters
	}()
	p.sayLimits()
	return p, nil
}

// sayLimits writes the first message. It fits into the pipe, so it waits for nobody;
// where the process is gone already, the next message says so.
func (p *Process) sayLimits() {
	var hello bytes.Buffer
	_ = AddFrame(&hello, maxHello, func(buf *bytes.Buffer) error { return json.NewEncoder(buf).Encode(p.limits) })
	_, _ = p.in.Write(hello.Bytes())
}

// Write writes to the child's standard input, and waits while the pipe is full. After
// [Process.Kill], or when the child is gone, it is an error; [Process.State] says why.
func (p *Process) Write(data []byte) (int, error) { return p.in.Write(data) }

// Read reads what the child wrote. [io.EOF] is the end of that; after [Process.Kill] the
// error may be another one.
func (p *Process) Read(data []byte) (int, error) { return p.read.Read(data) }

// CloseWrite says that nothing more will be written. The error is that this was said
// before, or the child killed.
func (p *Process) CloseWrite() error { return p.in.Close() }

// Pid is the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Gone is closed when the process is gone.
func (p *Process) Gone() <-chan struct{} { return p.gone }

// Alive reports whether it is not gone yet.
func (p *Process) Alive() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// Ended is what the kernel says of a process that is gone, nil before that.
func (p *Process) Ended() *os.ProcessState {
	if p.Alive() {
		return nil
	}
	return p.cmd.ProcessState
}

// Kill ends the process, and whoever waits for it. It may be called by anybody, at
// any time. The process has no children of its own: nothing in it may start one.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	p.in.Close()
	p.out.Close()
}

// End kills the process and waits until it is gone.
func (p *Process) End() {
	p.Kill()
	select {
	case <-p.gone:
	case <-time.After(endPatience): // the kernel holds it; nothing more can be done
	}
}

// ErrOverran is the end of a process that took too long.
var ErrOverran = errors.New("it took too long")

// Within runs an exchange of messages, and kills the process when ctx ends or the
// time is up. It returns ctx's error, ErrOverran, or the exchange's own error.
func (p *Process) Within(ctx context.Context, limit time.Duration, exchange func() error) error {
	limited, cancel := context.WithTimeoutCause(ctx, limit, ErrOverran)
	defer cancel()
	stop := context.AfterFunc(limited, p.Kill)
	err := exchange()
	switch {
	case stop():
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return ErrOverran
}

// memorySigns are what the Go runtime, the C library's threads and the race detector
// say when they get no more memory; it is the only trace that they leave.
var memorySigns = []string{
	"out of memory", "cannot allocate memory", "failed to create new OS thread", "pthread_create failed", "failed to allocate",
	"address space collisions",
}

// OutOfMemory reports whether the process, which is gone, ended for want of memory.
func (p *Process) OutOfMemory() bool {
	text := p.words.String()
	// Go's collector does not look whether it got memory for its own notes, and faults.
	// A fault of a program's own begins with "panic:".
	if strings.HasPrefix(text, "SIGSEGV: ") || strings.HasPrefix(text, "fatal error: unexpected signal during runtime execution") {
		return true
	}
	return slices.ContainsFunc(memorySigns, func(sign string) bool { return strings.Contains(text, sign) })
}

// State says in a few words how the process, which is gone, ended.
func (p *Process) State() string {
	if p.Alive() {
		return "it does not end"
	}
	how := p.cmd.ProcessState.String()
	for line := range strings.Lines(p.words.String()) {
		if line = strings.TrimSpace(line); line != "" {
			return fmt.Sprintf("%s: %s", how, line)
		}
	}
	if how == "signal: killed" {
		// The kernel counts what it holds a process to by ticks, and this exactly.
		if spent := p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime(); p.limits.CPU > 0 && spent > p.limits.CPU/2 {
			return fmt.Sprintf("%s: it computed for longer than %s", how, p.limits.CPU)
		}
		return how + "; the system does that when memory runs short"
	}
	return how
}
