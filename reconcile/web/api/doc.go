// Package api is /api/v1: what the status page shows, as JSON. openapi.yaml
// describes it; the tests hold every answer to that document, and the paths of both
// to each other.
//
// Nothing here asks who asks: the server that it is put on does. It changes nothing;
// POST /look only makes the daemon ask Git sooner.
package api
