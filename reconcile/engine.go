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
	Digest() string
	Rules() []policy.Rule
}

// LoadPolicies compiles policies, by options of its own.
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
// Git adds to them while a turn judges by one of them.
type engines struct {
	mu   sync.Mutex
	open []Engine
}

func (l *engines) add(e Engine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, e)
}

// closeBefore closes all that are older than e, which nobody judges by any more;
// nil means all.
func (l *engines) closeBefore(e Engine) error {
	l.mu.Lock()
	old, kept := l.open, []Engine(nil)
	if i := slices.Index(l.open, e); i >= 0 {
		old, kept = l.open[:i], slices.Clone(l.open[i:])
	} else if e != nil {
		old, kept = nil, l.open
	}
	l.open = kept
	l.mu.Unlock()
	var errs []error
	for _, e := range old {
		errs = append(errs, closeEngine(e))
	}
	return errors.Join(errs...)
}
