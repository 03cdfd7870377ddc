package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// desk is an outbox whose sends are answered by a function and written down.
type desk struct {
	*Outbox[string, string]
	mu    sync.Mutex
	start time.Time
	log   []string
	stop  func()
}

// open runs an outbox until the bubble's test ends or stop is called.
func open(t *testing.T, answer func(context.Context, string) error) *desk {
	d := &desk{start: time.Now()}
	d.Outbox = New(func(ctx context.Context, k, v string) error {
		d.note("%s=%s", k, v)
		return answer(ctx, v)
	}, func(k, v string, err error) { d.note("gave up %s=%s: %v", k, v, err) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	d.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(d.stop)
	return d
}

func (d *desk) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, fmt.Sprintf("%s ", time.Since(d.start))+fmt.Sprintf(format, args...))
}

func (d *desk) wants(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.log, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(d.log, "\n"), strings.Join(want, "\n"))
	}
}

func fine(context.Context, string) error { return nil }

var errBusy = &Later{Err: errors.New("busy")}

func TestTheSameNewsIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, fine)
		for _, v := range []string{"pending", "pending", "success", "success"} {
			d.Put("a", v)
			synctest.Wait()
		}
		d.Put("b", "success")
		d.wants(t, "0s a=pending", "0s a=success", "0s b=success")
	})
}

func TestOfWhatWaitsOnlyTheNewestIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, func(_ context.Context, v string) error {
			time.Sleep(time.Second)
			if v == "1" {
				return errBusy
			}
			return nil
		})
		d.Put("a", "1")
		synctest.Wait()
		d.Put("a", "2")
		d.Put("a", "3")
		time.Sleep(time.Minute)
		d.wants(t, "0s a=1", "2s a=3") // after a pause: the server is busy whatever the news
	})
}

func TestNewsThatWasSentIsNoNewsAfterSomethingThatWasNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, func(_ context.Context, v string) error {
			if v == "2" {
				return errBusy
			}
			return nil
		})
		d.Put("a", "1")
		synctest.Wait()
		d.Put("a", "2")
		synctest.Wait()
		d.Put("a", "1")
		time.Sleep(time.Hour)
		d.wants(t, "0s a=1", "0s a=2")
	})
}

func TestWhatMayPassIsTriedAFewTimesFurtherAndFurtherApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, func(context.Context, string) error { return errBusy })
		d.Put("a", "1")
		time.Sleep(5 * time.Minute)
		d.Put("a", "1") // given up: it rests
		time.Sleep(6 * time.Minute)
		d.wants(t, "0s a=1", "1s a=1", "5s a=1", "21s a=1", "21s gave up a=1: busy")
		d.Put("a", "1")
		synctest.Wait()
		if len(d.log) != 6 || d.log[5] != "11m0s a=1" {
			t.Errorf("after its rest: %q", d.log[5:])
		}
	})
}

func TestAServerMaySayWhenToComeBackWithinLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after := map[string]time.Duration{"soon": 30 * time.Second, "late": time.Hour}
		d := open(t, func(_ context.Context, v string) error {
			if after[v] == 0 {
				return nil
			}
			err := &Later{errBusy.Err, after[v]}
			delete(after, v)
			return err
		})
		d.Put("a", "soon")
		time.Sleep(time.Minute)
		d.Put("a", "late")
		time.Sleep(30 * time.Minute)
		d.Put("a", "late")
		d.wants(t, "0s a=soon", "30s a=soon", "1m0s a=late", "1m0s gave up a=late: busy")
		time.Sleep(31 * time.Minute)
		d.Put("a", "late")
		synctest.Wait()
		if len(d.log) != 5 {
			t.Errorf("after the hour that the server asked for: %q", d.log)
		}
	})
}

func TestWhatWillNotPassIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, func(context.Context, string) error { return errors.New("401") })
		d.Put("a", "1")
		time.Sleep(time.Minute)
		d.Put("a", "1")
		d.Put("a", "2")
		d.wants(t, "0s a=1", "0s gave up a=1: 401", "1m0s a=2", "1m0s gave up a=2: 401")
	})
}

func TestOneSubjectThatIsTriedAgainHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, func(_ context.Context, v string) error {
			if v == "bad" {
				return errBusy
			}
			return nil
		})
		d.Put("a", "bad")
		synctest.Wait()
		d.Put("b", "good")
		d.wants(t, "0s a=bad", "0s b=good")
	})
}

func TestASendThatHangsEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, func(ctx context.Context, v string) error {
			if v == "good" {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		})
		d.Put("a", "hangs")
		synctest.Wait()
		d.Put("b", "good")
		time.Sleep(deadline)
		d.wants(t, "0s a=hangs", "10s gave up a=hangs: context deadline exceeded", "10s b=good")
	})
}

func TestTheEndSendsWhatWaitsForABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		d := open(t, func(ctx context.Context, v string) error {
			switch {
			case v == "hangs":
				<-ctx.Done()
				return &Later{Err: ctx.Err()}
			case v == "twice" && first:
				first = false
				return errBusy
			}
			return nil
		})
		d.Put("a", "twice")
		d.Put("b", "good")
		d.stop()
		d.wants(t, "0s a=twice", "0s b=good", "1s a=twice")

		d = open(t, func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return &Later{Err: ctx.Err()}
		})
		d.Put("a", "hangs")
		d.Put("b", "never")
		d.stop()
		d.wants(t, "0s a=hangs", "5s gave up b=never: "+ErrEnded.Error(), "5s gave up a=hangs: context canceled")
	})
}

func TestAnAttemptThatTheEndTearsOffSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		d := open(t, func(ctx context.Context, _ string) error {
			if first {
				first = false
				return errBusy
			}
			<-ctx.Done()
			return &Later{Err: ctx.Err()}
		})
		d.Put("a", "1")
		d.stop()
		d.wants(t, "0s a=1", "1s a=1", "5s gave up a=1: busy")
	})
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(fine2, nil)
		for i := range 3 * room {
			o.Put(i, "x")
		}
		if len(o.subjects) != room || o.subjects[0] != nil || o.subjects[3*room-1] == nil {
			t.Errorf("%d subjects; the oldest must go", len(o.subjects))
		}
	})
}

func fine2(context.Context, int, string) error { return nil }
