// Package access says who may ask an HTTP server what.
//
// A [Guard] knows a request by a bearer token, by the session that a login form
// makes of the token, or by a client certificate that TLS has verified. Without a
// token and certificates, as on a loopback listener, everybody may read, if the
// request names a loopback host: a page of another site, which a browser would let
// speak to this address under a name of its own (DNS rebinding), then learns nothing.
//
// An action needs the token itself, whatever else opens the server, and comes from
// this server's own pages or from no browser. Where there is no token, there is no
// action. Tokens are compared in constant time, are read anew for each request, so
// that one that was replaced counts no more, and reach no error and no log.
//
// It knows nothing of sluice.
package access
