package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// stuck is a client that takes nothing until it is let go.
type stuck struct {
	*httptest.ResponseRecorder
	asked chan<- time.Time // the time until which it may take
	let   <-chan struct{}
}

func (s stuck) SetWriteDeadline(until time.Time) error {
	s.asked <- until
	return nil
}

func (s stuck) Write(p []byte) (int, error) {
	<-s.let
	return s.ResponseRecorder.Write(p)
}

func TestWholeSharedLogsGoToTwoAtOnceForAWhile(t *testing.T) {
	d, h := readDocument(t), serverOf(t, false, true)
	ask := func(w http.ResponseWriter) {
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/history?log=prod", nil))
	}
	asked, let, done := make(chan time.Time), make(chan struct{}), make(chan int)
	for range 2 {
		go func() {
			rec := httptest.NewRecorder()
			ask(stuck{rec, asked, let})
			done <- rec.Code
		}()
		if left := time.Until(<-asked); left < time.Minute || left > 3*time.Minute {
			t.Errorf("it may take them for %s", left)
		}
	}
	rec := httptest.NewRecorder()
	ask(rec)
	if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") != "30" {
		t.Errorf("a third one: %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	if err := d.check("/history", http.MethodGet, rec.Result(), rec.Body.Bytes()); err != nil {
		t.Error(err)
	}
	close(let)
	for range 2 {
		if code := <-done; code != http.StatusOK {
			t.Error("a stream ended with", code)
		}
	}
	rec = httptest.NewRecorder()
	ask(rec)
	if rec.Code != http.StatusOK || rec.Body.Len() == 0 {
		t.Errorf("when they have gone: %d %s", rec.Code, rec.Body)
	}
}
