package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile"
)

// prepareFor bounds the first look at Git under a new configuration. The old one
// goes on meanwhile.
const prepareFor = 2 * time.Minute

// takeOverFor bounds the last look before the swap, while no loop turns.
const takeOverFor = 20 * time.Second

// run turns under one configuration after another, until ctx ends or a loop fails.
func (d *daemon) run(ctx context.Context) error {
	for {
		next, err := d.runUntilReload(ctx)
		if next == nil {
			return err
		}
		old := d.current.Load()
		d.takeOver(ctx, next, old)
		d.current.Store(next)
		d.show(&d.problem, "")
		if err := old.close(); err != nil {
			d.log.Error("what judged under the old configuration was not ended", "error", err)
		}
		d.log.Info("the configuration was read again and is in force", "changed", config.Changed(old.cfg, next.cfg), "mode", next.cfg.Mode)
	}
}

// runUntilReload runs the loop until a new configuration is good: then it ends
// the loop, between two calls, and returns what is to be in force next.
func (d *daemon) runUntilReload(ctx context.Context) (*parts, error) {
	turning, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	now := d.current.Load()
	if now.queue != nil {
		defer background(turning, now.queue)()
	}
	defer background(turning, func(ctx context.Context) { d.retain(ctx, now) })()
	go func() { ended <- now.loop.Serve(turning) }()
	for {
		select {
		case err := <-ended:
			return nil, err
		case <-d.hangup:
		}
		next, err := d.reload(ctx)
		if ctx.Err() != nil {
			if next != nil {
				next.close()
			}
			return nil, <-ended
		}
		if err != nil {
			problem := printable(err.Error())
			d.show(&d.problem, problem)
			d.log.Error("the new configuration is refused as a whole; the old one stays in force", "error", problem)
			continue
		}
		end()
		if err := <-ended; err != nil {
			return nil, errors.Join(err, next.close())
		}
		return next, nil
	}
}

// takeOver hands what the old loop knew to the next one.
func (d *daemon) takeOver(ctx context.Context, next, old *parts) {
	ctx, cancel := context.WithTimeout(ctx, takeOverFor)
	defer cancel()
	d.ground.takeOver(ctx, next.loop, old.loop)
}

// reload makes the parts of the configuration as it is now. It changes nothing.
func (d *daemon) reload(ctx context.Context) (*parts, error) {
	old := d.current.Load()
	cfg, err := d.read()
	if err != nil {
		return nil, err
	}
	if err := needsRestart(old.cfg, cfg); err != nil {
		return nil, err
	}
	next, err := d.build(ctx, cfg, func(c reconcile.Config) (turner, error) { return d.ground.next(old.loop, c) })
	if err != nil {
		return nil, err
	}
	looking, cancel := context.WithTimeout(ctx, prepareFor)
	defer cancel()
	err = next.loop.Prepare(looking)
	switch {
	case err == nil:
		return next, nil
	case sourcesChanged(old.cfg, cfg):
		return nil, errors.Join(err, next.close())
	}
	// What was not changed is not the configuration's fault, and must not keep anybody
	// from, say, mode observe.
	d.log.Warn("specs and policies cannot be read now; under the new configuration nothing is done until they can", "error", printable(err.Error()))
	return next, nil
}

// sourcesChanged reports whether a failure to read specs or policies may be the new
// configuration's fault.
func sourcesChanged(old, next config.Config) bool {
	return slices.ContainsFunc(config.Changed(old, next), func(setting string) bool {
		return slices.Contains([]string{"specs", "policies", "levels", "policyLimits"}, setting)
	})
}

// needsRestart refuses what a running daemon cannot change: others hold on to the
// record by its file, and to the API by its address and by who may ask.
func needsRestart(old, next config.Config) error {
	var errs []error
	for _, s := range []struct{ setting, old, next string }{
		{"history.file", old.History.File, next.History.File},
		{"listen", old.Listen, next.Listen},
	} {
		if s.old != s.next {
			errs = append(errs, fmt.Errorf("%s cannot change from %s to %s while the daemon runs; restart it, or put the old value back", s.setting, s.old, s.next))
		}
	}
	if !reflect.DeepEqual(old.History.DynamoDB, next.History.DynamoDB) {
		errs = append(errs, errors.New("history.dynamodb cannot change while the daemon runs; restart it, or put the old value back"))
	}
	if !reflect.DeepEqual(old.Web, next.Web) {
		errs = append(errs, errors.New("web cannot change while the daemon runs; restart it, or put the old value back"))
	}
	return errors.Join(errs...)
}
