package simulation

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAClockThatIsSetGoesOnCounting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{trace: newTrace(nil)}
		before, shown := w.clock(), w.now()
		if !shown.Equal(time.Now()) {
			t.Errorf("it shows %s at %s", shown, time.Now())
		}
		w.ahead.Store(int64(-3 * time.Hour))
		time.Sleep(1500 * time.Millisecond)
		if d := w.clock().Sub(before); d != 1500*time.Millisecond {
			t.Errorf("it counted %s", d)
		}
		if d := w.now().Sub(shown); d != 1500*time.Millisecond-3*time.Hour {
			t.Errorf("the time of day changed by %s", d)
		}
	})
}
