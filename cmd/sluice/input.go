package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// How many bytes are read of a file that somebody names.
const (
	maxPlan     = 64 << 20 // a saved plan, or the world of a simulator
	maxSettings = 4 << 20  // a configuration, or keys
)

// inputOf reads a file that somebody named, or what a process writes into a pipe, as
// the shell's <(…) is one. It ends with ctx, since nobody may ever write to a pipe.
func inputOf(ctx context.Context, path string, most int64) ([]byte, error) {
	data, err := unlessEnded(ctx, func() ([]byte, error) {
		f, err := openInput(ctx, path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readAtMost(f, most)
	})
	return data, endedReading(ctx, path, err)
}

// endedReading names what was being read when ctx ended, in place of err.
func endedReading(ctx context.Context, path string, err error) error {
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%s was not read to its end: %w", path, context.Cause(ctx))
	}
	return err
}

// openInput opens what inputOf reads, and closes it when ctx ends: what waits for a
// pipe then goes on, with an error.
func openInput(ctx context.Context, path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeNamedPipe {
		return nil, fmt.Errorf("%s is %s; name a file, or a pipe that a process writes to", path, kindOf(info.Mode()))
	} // what cannot be looked at cannot be opened, which says it better
	f, err := unlessEnded(ctx, func() (*os.File, error) { return os.Open(path) })
	if err == nil {
		context.AfterFunc(ctx, func() { f.Close() })
	}
	return f, err
}

// regularFile reads a file that is to be read at any time again, so that it can be no
// pipe. It never waits.
func regularFile(path string, most int64) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAtMost(f, most)
}

// readAtMost reads all of f, which is an error when that is more than most bytes.
func readAtMost(f *os.File, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		size := fmt.Sprintf("%d KiB", most>>10)
		if most >= 1<<20 {
			size = fmt.Sprintf("%d MiB", most>>20)
		}
		err = &fs.PathError{Op: "read", Path: f.Name(), Err: fmt.Errorf("it is larger than %s, which is the most that such a file may have; look whether it is the right one", size)}
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// kindOf says what a path leads to that is no file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "no file"
}
