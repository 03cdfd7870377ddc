package live

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// The bounds of a [Hub].
const (
	maxStreams = 64 // open at once
	buffer     = 8  // events that a stream may be behind
	gap        = 200 * time.Millisecond
	heartbeat  = 15 * time.Second
	patience   = 10 * time.Second // for one write
)

// Hub is one broadcaster. Its methods may be called from everywhere.
type Hub struct {
	poked chan struct{} // room for one
	done  chan struct{} // closed when Run ends

	mu      sync.Mutex
	streams map[chan []byte]bool
	ended   bool
	last    uint64 // number of the last event
}

// NewHub makes a hub without streams. Nothing is told until it runs.
func NewHub() *Hub {
	return &Hub{poked: make(chan struct{}, 1), done: make(chan struct{}), streams: map[chan []byte]bool{}}
}

// Poke says that something may have changed. It never blocks.
func (h *Hub) Poke() {
	select {
	case h.poked <- struct{}{}:
	default: // one waits already
	}
}

// Run tells every stream what news returns, after each poke, until ctx ends; then
// it ends all streams. It is called once.
func (h *Hub) Run(ctx context.Context, news func() any) {
	defer h.end()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.poked:
		}
		h.tell(news())
		select {
		case <-ctx.Done():
			return
		case <-time.After(gap): // a turn pokes more than once
		}
	}
}

// tell puts one event into all streams, and ends those that are too slow.
func (h *Hub) tell(news any) {
	data, err := json.Marshal(news)
	if err != nil {
		data = []byte("{}") // something changed, at least
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	event := fmt.Appendf(nil, "id: %d\nevent: change\ndata: %s\n\n", h.last, data)
	for s := range h.streams {
		select {
		case s <- event:
		default:
			delete(h.streams, s)
			close(s)
		}
	}
}

func (h *Hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	close(h.done)
}

// join adds a stream; nil when there are too many, or the hub has ended.
func (h *Hub) join() chan []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || len(h.streams) >= maxStreams {
		return nil
	}
	s := make(chan []byte, buffer)
	h.streams[s] = true
	return s
}

func (h *Hub) leave(s chan []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, s)
}
