package dynamodb_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

// rough loses some requests, and the answers of some others.
type rough struct {
	mu     sync.Mutex
	random *rand.Rand
}

func (r *rough) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	n := r.random.IntN(25)
	r.mu.Unlock()
	switch n {
	case 0:
		return gone(req)
	case 1:
		return lost(req)
	}
	return http.DefaultTransport.RoundTrip(req)
}

// blind takes the condition off every write: the bug that the checker has to find.
func blind(req *http.Request) (*http.Response, error) {
	var body map[string]any
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		return nil, err
	}
	if _, found := body["ConditionExpression"]; found {
		delete(body, "ConditionExpression")
		delete(body, "ExpressionAttributeNames")
		delete(body, "ExpressionAttributeValues")
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	again := req.Clone(req.Context())
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	again.Header.Del("Content-Length")
	return http.DefaultTransport.RoundTrip(again)
}

// each is a transport of one function.
type each func(*http.Request) (*http.Response, error)

func (e each) RoundTrip(req *http.Request) (*http.Response, error) { return e(req) }

func TestWritesWithoutTheirConditionAreFoundNotToBeLinearizable(t *testing.T) {
	s := server(t)
	targets := []string{"prod"}
	recorder := leasetest.NewRecorder(targets...)
	var clients sync.WaitGroup
	for n := range 4 {
		db := open(t, s, each(blind))
		clients.Go(func() {
			leasetest.Contend(ctx, recorder.Client(n, db.Leases()), n, 25, rand.New(rand.NewPCG(9, uint64(n))), targets)
		})
	}
	clients.Wait()
	if ok, known := leasetest.Linearizable(recorder.Operations(), time.Minute); ok || !known {
		t.Errorf("linearizable %t, known %t", ok, known)
	}
}

// What clients see who write at once, on a line that loses requests and answers.
func TestLeasesOfDynamoDBAreLinearizable(t *testing.T) {
	s := server(t)
	targets := []string{"prod", "test"}
	recorder := leasetest.NewRecorder(targets...)
	var clients sync.WaitGroup
	for n := range 5 {
		db := open(t, s, &later{after: 1, then: &rough{random: rand.New(rand.NewPCG(7, uint64(n)))}})
		clients.Go(func() {
			leasetest.Contend(ctx, recorder.Client(n, db.Leases()), n, 25, rand.New(rand.NewPCG(8, uint64(n))), targets)
		})
	}
	clients.Wait()
	operations, refused, doubt := recorder.Operations(), 0, 0
	for _, op := range operations {
		if op.Refused {
			refused++
		}
		if op.Doubt {
			doubt++
		}
	}
	if refused == 0 || doubt == 0 {
		t.Errorf("%d operations, of which %d refused and %d in doubt: nothing was put to the test", len(operations), refused, doubt)
	}
	if ok, known := leasetest.Linearizable(operations, time.Minute); !ok || !known {
		t.Errorf("%d operations: linearizable %t, known %t", len(operations), ok, known)
	}
}

// later passes the first requests on as they are: the look at the table.
type later struct {
	mu    sync.Mutex
	after int
	then  http.RoundTripper
}

func (l *later) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.after--
	early := l.after >= 0
	l.mu.Unlock()
	if early {
		return http.DefaultTransport.RoundTrip(req)
	}
	return l.then.RoundTrip(req)
}
