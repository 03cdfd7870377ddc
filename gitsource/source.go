package gitsource

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// Source reads one ref of one repository, or plain folders and files. It is safe
// for use by several goroutines, and two Sources share nothing.
type Source struct {
	cfg   Config
	where string // for people: the URL without userinfo, or the folder
	back  backend

	lookUps, fetches, walks atomic.Int64
}

// Stats counts what a Source has done since it was opened.
type Stats struct {
	LsRemotes int // looks at where the ref points: network, disk or folder
	Fetches   int // readings of a whole commit or folder
	Lines     int // looks back from one commit to another
}

// backend is one way to reach a repository. Its calls may ignore their context:
// Source does not wait for them past the deadline.
type backend interface {
	// head looks where the ref points, and reads no content.
	head(ctx context.Context) (string, error)
	// fetch reads what the ref points at now.
	fetch(ctx context.Context) (*Snapshot, error)
}

// Open validates cfg and returns a Source for it. Nothing is read from the network.
// The error names the setting that is wrong, and what to write instead.
func Open(cfg Config) (*Source, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if (cfg.URL == "") == (cfg.Dir == "") && len(cfg.Paths) == 0 {
		return nil, errors.New("url, dir: set exactly one of the two, the url of a repository or a plain folder")
	}
	s := &Source{cfg: cfg}
	if len(cfg.Paths) > 0 {
		if cfg.URL+cfg.Dir != "" || cfg.Ref != (Ref{}) || cfg.Path != "." || cfg.ring != nil {
			return nil, errors.New("paths: plain folders and files stand alone; leave url, dir, ref, path and keys out")
		}
		s.where = strings.Join(cfg.Paths, ", ")
		s.back = &plainPaths{cfg: cfg}
		return s, nil
	}
	if cfg.Dir != "" {
		if cfg.Ref != (Ref{}) {
			return nil, errors.New("ref: a plain folder has no refs; leave ref out, or give a file:// url for a repository on disk")
		}
		if cfg.ring != nil {
			return nil, errors.New("keys: a plain folder has no commits, so there is no signature to verify; leave keys out, or give a url")
		}
		dir, err := filepath.Abs(cfg.Dir)
		if err != nil {
			return nil, fmt.Errorf("dir: %w", err)
		}
		s.where, s.back = cfg.Dir, &folder{cfg: cfg, dir: dir, where: cfg.Dir}
		return s, nil
	}
	if err := cfg.Ref.check(); err != nil {
		return nil, err
	}
	addr, err := parseAddress(cfg.URL)
	if err != nil {
		return nil, err
	}
	s.where = addr.String()
	if addr.scheme == "file" {
		s.back = &local{cfg: cfg, path: addr.path, where: s.where}
		if cfg.Runner != nil {
			s.back = &elsewhere{cfg: cfg, addr: addr}
		}
		return s, nil
	}
	r, err := newRemote(cfg, addr)
	if err != nil {
		return nil, err
	}
	s.back = r
	return s, nil
}

// String is the URL without userinfo, or the folder: fit for logs.
func (s *Source) String() string { return s.where }

// Stats tells what the Source has done so far.
func (s *Source) Stats() Stats {
	return Stats{LsRemotes: int(s.lookUps.Load()), Fetches: int(s.fetches.Load()), Lines: int(s.walks.Load())}
}

// Head returns the commit that the ref names now, at the cost of one ls-remote
// and nothing else. For a pinned commit, which cannot move, it costs nothing.
// For a plain folder it is the hash of the files that Fetch would return.
//
// An annotated tag gives the commit that it is for; on the rare server that does
// not say which that is, the id of the tag itself.
//
// The error says what happened, where and what to do, and wraps one of this package's:
// [ErrUnreachable] where nothing could be found out, the others for what is there. An
// end of ctx, or of Limits.Timeout, is ErrUnreachable, and the context's own error too.
func (s *Source) Head(ctx context.Context) (string, error) {
	if s.cfg.Ref.Commit != "" {
		return s.cfg.Ref.Commit, nil
	}
	s.lookUps.Add(1)
	return within(ctx, s.cfg.Limits.Timeout, s.where, s.back.head)
}

// Fetch reads the ref's files, fresh and at depth 1. The commit is what Head
// returned, or "" for whatever is there. If the ref has moved in between, the
// newest commit is fetched, and the Snapshot says which that was. Errors are as those of
// Head: no wanted file is ever left out instead.
func (s *Source) Fetch(ctx context.Context, commit string) (*Snapshot, error) {
	if pin := s.cfg.Ref.Commit; pin != "" && commit != "" && commit != pin {
		return nil, failf(ErrRefNotFound, s.where, "asked for commit %s, but ref.commit pins %s", words.Quote(commit), pin)
	}
	if commit != "" && !strings.HasPrefix(commit, "dir:") {
		if err := checkCommit(commit); err != nil {
			return nil, fmt.Errorf("%s: %w", s.where, err)
		}
	}
	s.fetches.Add(1)
	return within(ctx, s.cfg.Limits.Timeout, s.where, s.back.fetch)
}

// Snapshot returns last itself when the ref still names its commit, which costs
// one ls-remote. Otherwise it fetches. On an error the caller keeps last.
func (s *Source) Snapshot(ctx context.Context, last *Snapshot) (*Snapshot, error) {
	if last == nil && s.cfg.URL == "" { // of a folder, a look at its head reads all of it
		return s.Fetch(ctx, "")
	}
	id, err := s.Head(ctx)
	if err != nil {
		return nil, err
	}
	if last != nil && (last.Commit.ID == id || (last.tip != "" && last.tip == id)) {
		return last, nil
	}
	return s.Fetch(ctx, id)
}

// within runs f in a goroutine of its own and returns at the deadline whatever f
// does: the Git library can go on past its context, and it can panic on hostile
// data. The context that f gets closes f's connections when it ends, so that the
// goroutine ends too as soon as it next reads; what it holds in memory until then
// is bounded by the limits.
func within[T any](ctx context.Context, limit time.Duration, where string, f func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan result, 1) // room for one, so that a late goroutine can end
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = failf(ErrUnreachable, where, "the data could not be read (%s); check the repository with `git fsck`", words.Quote(fmt.Sprint(p)))
			}
			done <- r
		}()
		r.value, r.err = f(inner)
	}()
	var r result
	select {
	case r = <-done:
		// A limit or a missing ref stays what it is, even if time was short too.
		if r.err == nil || inner.Err() == nil || !errors.Is(r.err, ErrUnreachable) {
			return r.value, r.err
		}
	case <-inner.Done():
	}
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, fmt.Errorf("%w: %s: stopped before it had answered: %w", ErrUnreachable, where, err)
	}
	return zero, fmt.Errorf("%w: %s: no complete answer within %s; check the network and the server, or raise limits.timeout: %w",
		ErrUnreachable, where, limit, inner.Err())
}
