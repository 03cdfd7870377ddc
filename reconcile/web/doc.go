// Package web is the daemon's HTTP side: health, metrics, a read-only API, and the
// paths of webhooks.
//
//	/healthz          200 while the loop did something lately, else 503
//	/readyz           200 once a turn has ended, else 503
//	/metrics          Prometheus
//	/api/v1/status    where the loop stands, JSON
//	/api/v1/history   the record, JSON lines; ?from=SEQ starts there
//
// Nothing here changes anything, and there is no login: it answers on loopback
// only, and only to requests that name a loopback host, so that a page in a
// browser cannot reach it through a name of its own.
//
// Webhooks come from elsewhere, by a proxy that may pass on the name it was called
// by. So their paths, and these alone, are answered under any name: every request
// shows by its signature who sent it. Of a path that does not exist, a webhook's that
// is not configured included, a stranger's name learns nothing.
package web
