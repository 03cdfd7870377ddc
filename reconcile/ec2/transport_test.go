package ec2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// overTCP is a client that reaches handler over a real socket.
func overTCP(t *testing.T, handler http.HandlerFunc) (*Client, *atomic.Int32) {
	t.Helper()
	environment(t)
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		requests.Add(1)
		_ = req.ParseForm()
		handler(rw, req)
	}))
	t.Cleanup(server.Close)
	c := clientOf(t, Config{Target: "test", Mode: modeApply, Endpoint: server.URL})
	return c, &requests
}

// hangUp closes the connection after the request was read, without an answer.
func hangUp(rw http.ResponseWriter, _ *http.Request) {
	conn, _, err := rw.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func describeNone(rw http.ResponseWriter, req *http.Request) {
	_, text := ok(req.Form, "")
	fmt.Fprint(rw, text)
}

func TestAMutatingCallIsSentOnce(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    inventory.Class
	}{
		{"when the server hangs up", hangUp, inventory.ClassLost},
		{"when the server redirects with 307", func(rw http.ResponseWriter, req *http.Request) {
			http.Redirect(rw, req, "/elsewhere", http.StatusTemporaryRedirect)
		}, inventory.ClassRefused},
		{"when the server redirects with 308", func(rw http.ResponseWriter, req *http.Request) {
			http.Redirect(rw, req, "/elsewhere", http.StatusPermanentRedirect)
		}, inventory.ClassRefused},
		{"when the server redirects with 302", func(rw http.ResponseWriter, req *http.Request) {
			http.Redirect(rw, req, "/elsewhere", http.StatusFound)
		}, inventory.ClassRefused},
		{"when the server is throttling", func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(503)
			fmt.Fprint(rw, errorBody("RequestLimitExceeded", "slow down"))
		}, inventory.ClassThrottled},
		{"when the clock is off", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			rw.WriteHeader(400)
			fmt.Fprint(rw, errorBody("RequestExpired", "expired"))
		}, inventory.ClassCredentials},
		{"when the answer breaks off", func(rw http.ResponseWriter, req *http.Request) {
			rw.Header().Set("Content-Length", "100000")
			fmt.Fprintf(rw, "<%sResponse><requestId>r</requestId>", req.Form.Get("Action"))
		}, inventory.ClassLost},
	}
	for _, tt := range tests {
		for _, ca := range []inventory.Call{assignNatCall, unassignEniCall} {
			t.Run(tt.name+" at "+ca.Operation(), func(t *testing.T) {
				c, requests := overTCP(t, func(rw http.ResponseWriter, req *http.Request) {
					if strings.HasPrefix(req.Form.Get("Action"), "Describe") {
						describeNone(rw, req)
						return
					}
					tt.handler(rw, req)
				})
				// A read first, so that a kept connection could be used.
				if inv := c.Observe(context.Background(), allGateways); len(inv.Unread) > 0 {
					t.Fatal(inv.Unread)
				}
				_, err := c.Do(context.Background(), ca)
				if f := faultOf(t, err); f.Class != tt.want {
					t.Errorf("class %s, want %s: %v", f.Class, tt.want, f)
				}
				if n := requests.Load() - 1; n != 1 {
					t.Errorf("the server saw the call %d times", n)
				}
			})
		}
	}
}

// A kept connection may be closed by the server just as a call is written to it.
func TestMutatingCallsHaveAConnectionOfTheirOwn(t *testing.T) {
	var from []string
	c, _ := overTCP(t, func(rw http.ResponseWriter, req *http.Request) {
		from = append(from, req.RemoteAddr)
		describeNone(rw, req)
	})
	c.Observe(t.Context(), allGateways)
	c.Observe(t.Context(), allGateways)
	for range 2 {
		if _, err := c.Do(t.Context(), assignNatCall); err != nil {
			t.Fatal(err)
		}
	}
	if from[0] != from[1] {
		t.Error("reads do not keep their connection")
	}
	if from[2] == from[1] || from[3] == from[1] || from[3] == from[2] {
		t.Errorf("a call went over a used connection: %v", from)
	}
}

func TestACallThatNeverLeftIsNotLost(t *testing.T) {
	environment(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	listener.Close()
	done, cancel := context.WithCancel(context.Background())
	cancel()

	tests := []struct {
		name, endpoint string
		ctx            context.Context
		want           string
	}{
		{"nobody listens", closed, context.Background(), "connection refused"},
		{"the name does not exist", "http://ec2.invalid", context.Background(), "ec2.invalid"},
		{"the work was stopped before", closed, done, "stopped first"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := clientOf(t, Config{Target: "test", Mode: modeApply, Endpoint: tt.endpoint})
			_, err := c.Do(tt.ctx, assignNatCall)
			f := faultOf(t, err)
			if f.Class != inventory.ClassNotSent || !strings.Contains(f.Message, tt.want) {
				t.Errorf("class %s: %v", f.Class, f)
			}
		})
	}
}

func TestATransportThatTellsNothingIsNotTrusted(t *testing.T) {
	environment(t)
	broken := roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken") })
	_, err := client(t, modeApply, broken).Do(t.Context(), assignNatCall)
	if f := faultOf(t, err); f.Class != inventory.ClassLost {
		t.Errorf("class %s: after it was handed over, nobody knows", f.Class)
	}
}

// silence is a body of which no more comes until the request is given up.
type silence struct{ ctx context.Context }

func (s silence) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func TestAnswersThatDoNotComeAreGivenUp(t *testing.T) {
	environment(t)
	stall := func(status int, start func(action string) string) *wire {
		w := &wire{}
		w.body = func(req *http.Request, form url.Values) (int, io.Reader) {
			return status, io.MultiReader(strings.NewReader(start(form.Get("Action"))), silence{req.Context()})
		}
		return w
	}
	tests := map[string]*wire{
		"before the first byte": stall(200, func(string) string { return "" }),
		"in the middle":         stall(200, func(action string) string { return "<" + action + "Response><requestId>r</requestId>" }),
		"in the request id":     stall(200, func(action string) string { return "<" + action + "Response><requestId>r" }),
		"in an error":           stall(503, func(string) string { return "<Response><Errors>" }),
	}
	for name, w := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, modeApply, w)
				began := time.Now()
				inv := c.Observe(context.Background(), allGateways)
				if why := inv.WhyUnread(inventory.ReadNatGateways, ""); !strings.Contains(why, "no answer within 15s") || w.sent() != 1 {
					t.Errorf("unread because %q after %d requests", why, w.sent())
				}
				_, err := c.Do(context.Background(), unassignEniCall)
				if f := faultOf(t, err); f.Class != inventory.ClassLost || !strings.Contains(f.Message, "no answer within 15s") || w.sent() != 2 {
					t.Errorf("class %s after %d requests: %v", f.Class, w.sent(), f)
				}
				if took := time.Since(began); took != 30*time.Second {
					t.Errorf("both took %s, want the deadline twice", took)
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				_, err = c.Do(ctx, assignNatCall)
				if f := faultOf(t, err); f.Class != inventory.ClassLost || !strings.Contains(f.Message, "stopped before the answer came") {
					t.Errorf("class %s: %v", f.Class, f)
				}
			})
		})
	}
}

// endless repeats its text for ever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	for i := 0; i < len(p); {
		i += copy(p[i:], e)
	}
	return len(p), nil
}

func TestAnswersAreCapped(t *testing.T) {
	environment(t)
	w := &wire{body: func(*http.Request, url.Values) (int, io.Reader) { return 400, endless("<Response>") }}
	inv := client(t, modeObserve, w).Observe(t.Context(), allGateways)
	if why := inv.WhyUnread(inventory.ReadNatGateways, ""); !strings.Contains(why, "larger than 64 MiB") {
		t.Errorf("unread because %q", why)
	}
	for _, text := range []string{" ", "<!-- -->", "<XResponse>", "<XResponse><requestId>", "\x00"} {
		body := io.MultiReader(strings.NewReader(text), endless("x"))
		a := &answer{body: io.NopCloser(body), src: &capped{ctx: t.Context(), r: body, left: 1 << 16}, root: "XResponse", x: &exchange{}}
		if n, err := io.Copy(io.Discard, a); err == nil || n > 1<<16 {
			t.Errorf("%q: %d bytes, error %v", text, n, err)
		}
	}
}
