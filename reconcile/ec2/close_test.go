package ec2

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// opened counts a server's connections: those that are open, and how many there ever were.
type opened struct {
	mu        sync.Mutex
	open, all int
	fewer     chan struct{} // one for each that is closed
}

func (o *opened) watch(_ net.Conn, state http.ConnState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch state {
	case http.StateNew:
		o.open++
		o.all++
	case http.StateClosed:
		o.open--
		o.fewer <- struct{}{}
	}
}

func (o *opened) now() (open, all int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open, o.all
}

// none waits until no connection is open.
func (o *opened) none(t *testing.T, after string) {
	t.Helper()
	for {
		if open, _ := o.now(); open == 0 {
			return
		}
		select {
		case <-o.fewer:
		case <-time.After(10 * time.Second):
			open, all := o.now()
			t.Fatalf("%s %d of %d connections are still open", after, open, all)
		}
	}
}

func serving(t *testing.T, handler http.HandlerFunc) (url string, conns *opened) {
	conns = &opened{fewer: make(chan struct{}, 100)}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = conns.watch
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, conns
}

func TestConnectionsThatWereKeptEndWithTheClient(t *testing.T) {
	environment(t)
	url, conns := serving(t, func(rw http.ResponseWriter, req *http.Request) {
		_ = req.ParseForm()
		describeNone(rw, req)
	})
	c := clientOf(t, Config{Target: "test", Endpoint: url})
	for range 3 {
		if inv := c.Observe(t.Context(), allGateways); len(inv.Unread) > 0 {
			t.Fatal(inv.Unread)
		}
	}
	if open, all := conns.now(); open != 1 || all != 1 {
		t.Errorf("one connection serves every look, and %d of %d are open", open, all)
	}
	c.Close()
	conns.none(t, "after the client was closed")
}

func TestNothingIsKeptOfACallForCredentials(t *testing.T) {
	environment(t)
	url, conns := serving(t, func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(rw, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	})
	t.Setenv("AWS_ENDPOINT_URL_STS", url)
	settings, err := Settings(t.Context(), Config{Target: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sts.NewFromConfig(settings).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	conns.none(t, "after the answer")
}
