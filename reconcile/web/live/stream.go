package live

import (
	"io"
	"net/http"
	"time"
)

// ServeHTTP is one stream, until its client goes, is too slow, or the hub ends.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	events := h.join()
	if events == nil {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many pages follow already; this one is not updated by itself", http.StatusServiceUnavailable)
		return
	}
	defer h.leave(events)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	out := stream{w, http.NewResponseController(w)}
	_ = out.control.SetReadDeadline(time.Time{}) // the server's is for requests that end
	if out.write([]byte("retry: 3000\n: following\n\n")) != nil {
		return
	}
	beat := time.NewTicker(heartbeat) // a proxy ends what is silent for a minute
	defer beat.Stop()
	for {
		var data []byte
		select {
		case <-r.Context().Done():
			return
		case <-h.done:
			return
		case <-beat.C:
			data = []byte(": still here\n\n")
		case event, ok := <-events:
			if !ok {
				return
			}
			data = event
		}
		if out.write(data) != nil {
			return
		}
	}
}

// stream writes what must not wait in a buffer.
type stream struct {
	w       io.Writer
	control *http.ResponseController
}

func (s stream) write(data []byte) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(patience)) // where there is none, TCP's own ends it
	if _, err := s.w.Write(data); err != nil {
		return err
	}
	return s.control.Flush()
}
