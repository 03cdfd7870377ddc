package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// lookForServer is what to do about a folder that hangs.
const lookForServer = "look whether the server of its file system is there"

// exportFolders are the folders for exports. What hangs in one outlasts the configuration
// that named it, so they are of a process. The zero value has none yet.
type exportFolders struct {
	mu     sync.Mutex
	byPath map[string]*exportFolder
}

// at returns the one folder of a path.
func (f *exportFolders) at(path string) *exportFolder {
	path = filepath.Clean(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byPath == nil {
		f.byPath = map[string]*exportFolder{}
	}
	if f.byPath[path] == nil {
		f.byPath[path] = &exportFolder{path: path}
	}
	return f.byPath[path]
}

// exportFolder is a place where one thing is done at a time, because it may hang.
type exportFolder struct {
	path string
	mu   sync.Mutex
	busy *underway // nil: nothing is
}

// underway is work in a folder.
type underway struct {
	began time.Time
	ended chan struct{}
}

// enter waits until nothing is under way in the folder, and returns what the caller is to
// call at the end of the work that it begins now. The error is that what is under way has
// had no answer for [abandonAfter], or that ctx ended.
func (f *exportFolder) enter(ctx context.Context) (leave func(), err error) {
	for {
		other := f.begin()
		if other == nil {
			return f.leave, nil
		}
		left := abandonAfter - time.Since(other.began)
		if left <= 0 {
			return nil, fmt.Errorf("%s: no answer since %s, and nothing else is tried there until one comes; %s", f.path, other.began.UTC().Format(time.RFC3339), lookForServer)
		}
		select {
		case <-other.ended:
		case <-time.After(left):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// begin notes that the caller's work is under way, or returns what is.
func (f *exportFolder) begin() (other *underway) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy != nil {
		return f.busy
	}
	f.busy = &underway{began: time.Now(), ended: make(chan struct{})}
	return nil
}

func (f *exportFolder) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.busy.ended)
	f.busy = nil
}
