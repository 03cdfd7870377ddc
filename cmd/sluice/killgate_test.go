package main

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// moment says when a program is killed: so long after its start, or after it has
// sent so many requests; before they are answered or after.
type moment struct {
	request  int // counted from 1; 0: by time alone
	answered bool
	delay    time.Duration
}

// drawMoment spreads kills over a life. One that ends by itself takes about as long as
// life; the narrow places beside a call are hit by counting requests.
func drawMoment(rng *rand.Rand, life time.Duration) moment {
	if rng.IntN(4) == 0 {
		return moment{delay: time.Duration(rng.Int64N(int64(life)))}
	}
	return moment{request: 1 + rng.IntN(16), answered: rng.IntN(2) == 0, delay: time.Duration(rng.Int64N(int64(4 * time.Millisecond)))}
}

// gate stands before the simulator and counts who comes.
type gate struct {
	sim    *ec2sim.Server
	server *httptest.Server

	mu     sync.Mutex
	closed *sync.Cond
	conns  map[net.Conn]bool
	seen   int // requests of the program that lives
	moment moment
	hit    chan struct{} // closed when the moment's request is there
}

func newGate(t *testing.T, sim *ec2sim.Server) *gate {
	g := &gate{sim: sim, conns: map[net.Conn]bool{}}
	g.closed = sync.NewCond(&g.mu)
	g.server = httptest.NewUnstartedServer(g)
	g.server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		g.mu.Lock()
		defer g.mu.Unlock()
		switch s {
		case http.StateNew:
			g.conns[c] = true
		case http.StateClosed, http.StateHijacked:
			delete(g.conns, c)
			g.closed.Broadcast()
		}
	}
	g.server.Start()
	t.Cleanup(g.server.Close)
	return g
}

// begin is a new life, and when it is to end.
func (g *gate) begin(m moment) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.moment, g.hit = 0, m, make(chan struct{})
	return g.hit
}

func (g *gate) requests() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" { // our own
		g.sim.ServeHTTP(w, r)
		return
	}
	g.mu.Lock()
	g.seen++
	mine, hit := g.seen == g.moment.request, g.hit
	answered := g.moment.answered
	g.mu.Unlock()
	if mine && !answered {
		close(hit)
	}
	g.sim.ServeHTTP(w, r)
	if mine && answered {
		close(hit)
	}
}

// drained waits until whatever a dead program has sent was carried out or is lost for
// good: the next one comes half a minute later by EC2's clock, not a millisecond. Those who
// came before our own request are known when it is answered.
func (g *gate) drained(t *testing.T) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(g.server.URL + "/_sluice/faults")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.conns) > 0 {
		g.closed.Wait()
	}
}
