package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Run starts a process for one request, a frame, and returns its answer, a frame of
// at most most bytes. The process is killed when ctx ends. The error says what
// became of the process, as an end of a sentence about it; for one that ran out of
// memory it wraps [syscall.ENOMEM].
func Run(ctx context.Context, c Command, l Limits, request []byte, most int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := Start(c, l)
	if err != nil {
		return nil, fmt.Errorf("could not be started: %w", err)
	}
	defer p.End()
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	answer, err := p.exchange(request, most)
	if err == nil {
		return answer, nil
	}
	p.End()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, p.obituary(err)
}

func (p *Process) exchange(request []byte, most int) ([]byte, error) {
	var buf bytes.Buffer
	if err := addBytes(&buf, request); err != nil {
		return nil, err
	}
	if _, err := p.Write(buf.Bytes()); err != nil {
		return nil, err
	}
	return ReadFrame(p, nil, most)
}

// Answer is the whole life of a process that [Run] starts: it reads the request, of
// at most most bytes, and writes what answer makes of it. It changes the process for
// good. An error is a pipe that broke, a request that is no frame, or limits that could
// not be set: nothing was answered.
func Answer(stdin io.Reader, stdout io.Writer, most int, answer func(request []byte) []byte) error {
	in, err := Enter(stdin)
	if err != nil {
		return err
	}
	request, err := ReadFrame(in, nil, most)
	if err != nil {
		return fmt.Errorf("the request: %w", err)
	}
	go func() { // nothing more is said, so the end of stdin is that of the parent
		_, _ = io.Copy(io.Discard, in)
		os.Exit(1)
	}()
	var buf bytes.Buffer
	if err := addBytes(&buf, answer(request)); err != nil {
		return err
	}
	_, err = stdout.Write(buf.Bytes())
	return err
}

func addBytes(buf *bytes.Buffer, data []byte) error {
	return AddFrame(buf, len(data), func(buf *bytes.Buffer) error { _, err := buf.Write(data); return err })
}

// obituary says why the process, which is gone, gave no answer.
func (p *Process) obituary(err error) error {
	var garbage *GarbageError
	switch {
	case errors.As(err, &garbage):
		return fmt.Errorf("sent something else than an answer (%s) and was ended", garbage)
	case p.OutOfMemory():
		return fmt.Errorf("needed more than %s of memory and was ended: %w", BytesText(p.limits.Memory), syscall.ENOMEM)
	}
	return fmt.Errorf("ended without an answer (%s)", p.State())
}
