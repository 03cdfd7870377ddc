package gitsource

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAServerThatWantsAnotherClientCertificateIsExplained(t *testing.T) {
	cert, key := clientCert(t, "ada")
	held := ClientCert{write(t, cert), write(t, key)}
	other, _ := clientCert(t, "another authority")
	others := x509.NewCertPool()
	others.AppendCertsFromPEM(other)
	for name, tt := range map[string]struct {
		server *tls.Config
		shows  ClientCert
		says   string
	}{
		"it does not ask":                   {&tls.Config{}, held, "the server answered 400 Bad Request"},
		"there is none":                     {&tls.Config{ClientAuth: tls.RequestClientCert}, ClientCert{}, "wants a client certificate (400); set clientCert"},
		"it is refused":                     {&tls.Config{ClientAuth: tls.RequestClientCert}, held, "refused the client certificate (400)"},
		"it is of another authority":        {&tls.Config{ClientAuth: tls.RequestClientCert, ClientCAs: others}, held, "no client certificate of the authority of clientCert (400)"},
		"there is none, says the handshake": {&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, ClientCert{}, "wants a client certificate (tls: "},
		"it is refused by the handshake":    {&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, MaxVersion: tls.VersionTLS12}, held, "refused the client certificate (tls: "},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "no", http.StatusBadRequest)
			}))
			srv.Config.ErrorLog = log.New(io.Discard, "", 0)
			srv.TLS = tt.server
			srv.StartTLS()
			defer srv.Close()
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
			s := open(t, Config{URL: srv.URL + "/specs.git", CAFile: write(t, ca), ClientCert: tt.shows})
			_, err := s.Head(t.Context())
			wantError(t, err, ErrUnreachable, tt.says, s.String())
		})
	}
}
