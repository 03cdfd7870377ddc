// Package web is the daemon's HTTP side: the status page, the API, health, metrics,
// and the paths of webhooks.
//
//	/                 the status page; see web/page
//	/api/v1/…         the same as JSON; see web/api
//	/healthz          200 while the loop did something lately, else 503
//	/readyz           200 once a turn has ended, else 503
//	/metrics          Prometheus
//	/webhook/…        see web/webhook
//
// Who may ask is decided by web/access: on loopback everybody on this machine who
// names a loopback host; elsewhere who shows a token or a client certificate. The one
// action, to make the daemon look at Git, needs the token everywhere. Health is asked
// by machines that have neither, and says one word.
//
// Webhooks come from elsewhere, by a proxy that may pass on the name it was called
// by. So their paths, and these alone, are answered under any name: every request
// shows by its signature who sent it. Of a path that does not exist, a webhook's that
// is not configured included, a stranger's name learns nothing.
package web
