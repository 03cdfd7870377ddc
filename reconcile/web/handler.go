package web

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Config is what the pages are made from.
type Config struct {
	Status  func() reconcile.Status
	Log     history.Log
	Metrics *Metrics
	Now     func() time.Time
	// Webhooks are handlers by path that are answered under any host's name: they
	// must ask each request who sent it.
	Webhooks map[string]http.Handler
}

// Handler serves the paths of the package comment.
func Handler(cfg Config) http.Handler {
	cfg.Metrics.status.Store(&cfg.Status)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		probe(w, cfg.Status().Healthy(cfg.Now()), "the loop has done nothing lately")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		probe(w, cfg.Status().Ready(), "no turn has ended yet")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(cfg.Metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /api/v1/status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(cfg.Status()) // a client that went away is no error of ours
	})
	mux.HandleFunc("GET /api/v1/history", cfg.history)
	mux.HandleFunc("GET /api/v1/history/checkpoint", cfg.checkpoint)
	all := http.NewServeMux()
	all.Handle("/", loopbackOnly(mux))
	for path, h := range cfg.Webhooks {
		all.Handle(path, h)
	}
	return guarded(all)
}

func probe(w http.ResponseWriter, ok bool, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(why + "\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// history streams records as JSON lines. A record that cannot be read ends the
// stream with a line that says so.
func (cfg Config) history(w http.ResponseWriter, r *http.Request) {
	var from uint64
	if text := r.URL.Query().Get("from"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			http.Error(w, "from must be a record's number", http.StatusBadRequest)
			return
		}
		from = n
	}
	w.Header().Set("Content-Type", "application/jsonl")
	enc := json.NewEncoder(w)
	for rec, err := range cfg.Log.Records(r.Context(), from) {
		if err != nil {
			_ = enc.Encode(map[string]string{"error": err.Error()})
			return
		}
		if enc.Encode(rec) != nil {
			return
		}
	}
}

// checkpoint answers with what stands before the first record: null when none was cut.
func (cfg Config) checkpoint(w http.ResponseWriter, r *http.Request) {
	cp, err := cfg.Log.Checkpoint(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(cp)
}

// loopbackOnly refuses requests whose Host is no loopback name or address.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopbackHost(r.Host) {
			http.Error(w, "this server answers on loopback only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// guarded tells browsers to make nothing of an answer but what it is.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
