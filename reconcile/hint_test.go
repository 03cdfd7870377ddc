package reconcile_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/web/webhook"
)

// lookCount is how often Git was asked so far.
func (s *stage) lookCount() int {
	s.specs.mu.Lock()
	defer s.specs.mu.Unlock()
	return s.specs.looks
}

// rarely makes the loop ask Git once an hour, and after hints every two seconds.
func rarely(cfg *reconcile.Config) { cfg.Interval, cfg.HintInterval = time.Hour, 2*time.Second }

func TestAHintMakesTheDaemonLookAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = rarely
		s.serve(30*time.Minute, func(loop *reconcile.Loop) {
			time.Sleep(10 * time.Minute)
			s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
			loop.Hint()
			synctest.Wait()
			wantMutations(t, s, "assign .21") // and no time has passed
		})
	})
}

func TestHintsInABurstAreOneLookAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = rarely
		s.serve(30*time.Minute, func(loop *reconcile.Loop) {
			time.Sleep(time.Minute)
			before := s.lookCount()
			for range 9_999 { // in a little less than ten seconds
				loop.Hint()
				time.Sleep(time.Millisecond)
			}
			s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
			loop.Hint() // the last one is not lost
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if looks := s.lookCount() - before; looks != 6 { // at 0, 2, 4, 6, 8 and 10 s
				t.Errorf("%d looks", looks)
			}
			wantMutations(t, s, "assign .21")
			time.Sleep(20 * time.Minute)
			if looks := s.lookCount() - before; looks != 6 {
				t.Errorf("%d looks, long after the last hint", looks)
			}
		})
	})
}

func TestHintsDoNotPutTheNextLookOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(cfg *reconcile.Config) { cfg.Interval, cfg.HintInterval = 10*time.Second, time.Hour }
		s.serve(65*time.Second, func(loop *reconcile.Loop) {
			for range 600 {
				loop.Hint()
				time.Sleep(100 * time.Millisecond)
			}
		})
		if looks := s.lookCount(); looks != 6 && looks != 7 { // the interval is up to a tenth longer
			t.Errorf("%d looks", looks)
		}
	})
}

func TestAHintIsNotLostWhenGitCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = rarely
		s.serve(30*time.Minute, func(loop *reconcile.Loop) {
			time.Sleep(time.Minute)
			s.specs.fail(errors.New("unreachable"))
			loop.Hint()
			time.Sleep(3 * time.Second)
			s.specs.fail(nil)
			s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
			loop.Hint()
			synctest.Wait()
			wantMutations(t, s, "assign .21")
		})
	})
}

// TestTenThousandWebhooksAreOneLookAnInterval sends real deliveries, in a replay and
// each signed anew, to the real handler of a running loop.
func TestTenThousandWebhooksAreOneLookAnInterval(t *testing.T) {
	const secret = "a secret that is long enough"
	for name, tt := range map[string]struct {
		id    func(i int) string
		looks int
	}{
		"replays of one":  {func(int) string { return "same" }, 1},
		"all of them new": {func(i int) string { return fmt.Sprint("delivery-", i) }, 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
				s.config = rarely
				s.serve(30*time.Minute, func(loop *reconcile.Loop) {
					handlers, err := webhook.Handlers(webhook.Config{
						Secrets: map[string]func() (string, error){"generic": func() (string, error) { return secret, nil }},
						Hint:    loop.Hint, Log: slog.New(slog.DiscardHandler), Now: time.Now,
					})
					if err != nil {
						t.Error(err)
						return
					}
					time.Sleep(time.Minute)
					before, began := s.lookCount(), time.Now()
					for i := range 10_000 {
						stamp := fmt.Sprint(began.Unix())
						mac := hmac.New(sha256.New, []byte(secret))
						fmt.Fprintf(mac, "%s.%s.push", tt.id(i), stamp)
						r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook/generic", strings.NewReader("push"))
						r.Header.Set("X-Sluice-Delivery", tt.id(i))
						r.Header.Set("X-Sluice-Timestamp", stamp)
						r.Header.Set("X-Sluice-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
						w := httptest.NewRecorder()
						if handlers["/webhook/generic"].ServeHTTP(w, r); w.Code != http.StatusOK {
							t.Errorf("%d %s", w.Code, w.Body)
							return
						}
						time.Sleep(time.Millisecond)
					}
					time.Sleep(20 * time.Minute)
					if looks := s.lookCount() - before; looks != tt.looks {
						t.Errorf("%d looks, want %d", looks, tt.looks)
					}
				})
			})
		})
	}
}
