// Package web is the daemon's HTTP side: health, metrics, and a read-only API.
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
package web
