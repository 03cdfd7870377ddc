package live

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// follow runs one stream in a bubble and returns what it was sent so far.
func follow(ctx context.Context, h *Hub) (*httptest.ResponseRecorder, chan struct{}) {
	rec, done := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, "/events", nil))
	}()
	return rec, done
}

func TestPokesThatComeTogetherAreOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := NewHub()
		asked := 0
		go h.Run(ctx, func() any { asked++; return map[string]int{"asked": asked} })
		rec, done := follow(ctx, h)
		synctest.Wait()
		for range 50 {
			h.Poke()
		}
		time.Sleep(time.Second)
		h.Poke()
		time.Sleep(time.Second)
		cancel()
		<-done
		got := rec.Body.String()
		if strings.Count(got, "event: change\n") > 3 || !strings.Contains(got, "id: 1\nevent: change\ndata: {\"asked\":1}\n\n") || !strings.HasPrefix(got, "retry: 3000\n") {
			t.Errorf("the stream is\n%s", got)
		}
		if rec.Header().Get("Content-Type") != "text/event-stream" {
			t.Errorf("content type %q", rec.Header().Get("Content-Type"))
		}
	})
}

func TestASilentStreamShowsThatItLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		rec, done := follow(ctx, NewHub())
		time.Sleep(2*heartbeat + time.Second)
		cancel()
		<-done
		if n := strings.Count(rec.Body.String(), ": still here\n\n"); n != 2 {
			t.Errorf("%d heartbeats in\n%s", n, rec.Body.String())
		}
	})
}

func TestASlowClientIsDroppedAndNobodyWaitsForIt(t *testing.T) {
	h := NewHub()
	slow, quick := h.join(), h.join()
	for range buffer + 1 {
		h.tell("x")
		<-quick
	}
	for range buffer {
		<-slow
	}
	if _, open := <-slow; open {
		t.Error("the slow stream goes on")
	}
	h.tell("y")
	if event := string(<-quick); !strings.Contains(event, `data: "y"`) {
		t.Errorf("the quick one was told %q", event)
	}
}

func TestThereIsALimitOfStreams(t *testing.T) {
	h := NewHub()
	var last chan []byte
	for range maxStreams {
		last = h.join()
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" {
		t.Errorf("status %d", rec.Code)
	}
	h.leave(last)
	if h.join() == nil {
		t.Error("a place that became free is not given away")
	}
}

func TestAServerEndsAtOnceWithStreamsOpen(t *testing.T) {
	h := NewHub()
	ctx, cancel := context.WithCancel(t.Context())
	go h.Run(ctx, func() any { return nil })
	server := httptest.NewServer(h)
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", "99")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Scan()
	h.Poke()
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
	}
	cancel()
	end, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if err := server.Config.Shutdown(end); err != nil {
		t.Errorf("it hangs: %v", err)
	}
	for lines.Scan() {
	}
	if h.join() != nil {
		t.Error("a hub that ended takes a stream")
	}
}
