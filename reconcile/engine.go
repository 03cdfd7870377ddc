package reconcile

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
)

// Engine is compiled rules; *policy.Engine is one. One that is an io.Closer too is
// closed when newer rules have taken its place, and at the end.
type Engine interface {
	judge.Engine
	Digest() string       // sha256:… of all rules, their data and levels
	Rules() []policy.Rule // in force, by id; the caller may keep them
}

// LoadPolicies compiles policies, by options of its own. An error comes without an
// Engine, and then nothing is planned; where rules are wrong it names file and line.
type LoadPolicies func(ctx context.Context, sources []policy.Source) (Engine, error)

// LoadHere compiles and evaluates policies in this process.
func LoadHere(opts policy.Options) LoadPolicies {
	return func(ctx context.Context, sources []policy.Source) (Engine, error) {
		e, err := policy.Load(ctx, sources, opts)
		if err != nil {
			return nil, err // and no Engine that holds a nil pointer
		}
		return e, nil
	}
}

func closeEngine(e Engine) error {
	if c, ok := e.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// engines are those that were made and not closed yet, the oldest first. What asks
// Git adds to them while turns judge by some of them. Of each loop only the oldest engine
// that it may use is kept: loops move on from older rules to newer ones and never back,
// so all that are older than every loop's can go.
type engines struct {
	mu   sync.Mutex
	open []Engine
	by   map[any]Engine // the oldest one that each who judges may still judge by
}

func (l *engines) add(e Engine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, e)
}

// enter says that who, if it is new here, judges by e or what comes after it.
func (l *engines) enter(who any, e Engine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = map[any]Engine{}
	}
	if e != nil && l.by[who] == nil {
		l.by[who] = e
	}
}

// judges says that who judges by e from now on, and closes what nobody judges by any
// more.
func (l *engines) judges(who any, e Engine) error {
	l.enter(who, e)
	l.mu.Lock()
	if e != nil {
		l.by[who] = e
	}
	l.mu.Unlock()
	return l.sweep()
}

// leave says that who judges by none any more.
func (l *engines) leave(who any) error {
	l.mu.Lock()
	delete(l.by, who)
	l.mu.Unlock()
	return l.sweep()
}

// sweep closes all that are older than the oldest that somebody judges by. The newest
// stays for whoever comes next.
func (l *engines) sweep() error {
	l.mu.Lock()
	keep := len(l.open) - 1
	for _, e := range l.by {
		if i := slices.Index(l.open, e); i >= 0 {
			keep = min(keep, i)
		}
	}
	old := l.open[:max(keep, 0)]
	l.open = slices.Clone(l.open[max(keep, 0):])
	l.mu.Unlock()
	return closeEngines(old)
}

func (l *engines) closeAll() error {
	l.mu.Lock()
	all := l.open
	l.open = nil
	l.mu.Unlock()
	return closeEngines(all)
}

func closeEngines(list []Engine) error {
	var errs []error
	for _, e := range list {
		errs = append(errs, closeEngine(e))
	}
	return errors.Join(errs...)
}
