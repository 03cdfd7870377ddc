package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// statusHost is a Git host that keeps the statuses it is sent with the token that the
// file host.token holds, whichever of the three APIs they come by.
type statusHost struct {
	token string // a file, read at each request

	mu    sync.Mutex
	lines []string
	busy  int // so many requests are answered 503 first
}

// startStatusHost is the command statushost.
func startStatusHost(ts *testscript.TestScript, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: statushost")
	}
	h := &statusHost{token: ts.MkAbs("host.token"), busy: 1}
	srv := httptest.NewServer(h)
	ts.Defer(srv.Close)
	stageOf(ts).host = h
	ts.Setenv("HOST_URL", srv.URL)
}

func (h *statusHost) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	token, _ := os.ReadFile(h.token)
	login := strings.TrimPrefix(strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer "), "token ") + q.Header.Get("Private-Token")
	var body map[string]string
	err := json.NewDecoder(q.Body).Decode(&body)
	_, commit, found := strings.Cut(q.URL.Path, "/statuses/")
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case login == "" || login != strings.TrimSpace(string(token)):
		http.Error(w, `{"message": "Bad credentials: `+login+`"}`, http.StatusUnauthorized)
	case h.busy > 0:
		h.busy--
		http.Error(w, "", http.StatusServiceUnavailable)
	case err != nil || !found || q.Method != http.MethodPost:
		http.Error(w, fmt.Sprint(q.Method, q.URL, err), http.StatusBadRequest)
	default:
		name := body["context"] + body["name"]
		h.lines = append(h.lines, fmt.Sprintf("%s %s %s %s: %s", strings.TrimSuffix(q.URL.Path, "/statuses/"+commit), commit[:7], body["state"], name, body["description"]))
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id": 1}`)
	}
}

func (h *statusHost) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(append(h.lines, ""), "\n")
}

// statuses prints what the host was sent, and forgets it.
func statuses(ts *testscript.TestScript, _ []string) {
	h := stageOf(ts).host
	fmt.Fprint(ts.Stdout(), h.text())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = nil
}
