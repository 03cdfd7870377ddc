package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
)

// siteTLS is the certificates of the site. They are read anew when their files are
// others: certificates end, and must not take the daemon along.
type siteTLS struct {
	cfg config.TLS
	log *slog.Logger

	mu      sync.Mutex
	stamp   string // of the files that were read last, or tried to be
	current *tls.Config
}

// newSiteTLS reads the files once, so that a mistake is told at the start; nil: there
// are none.
func newSiteTLS(cfg *config.TLS, log *slog.Logger) (*tls.Config, error) {
	if cfg == nil {
		return nil, nil
	}
	s := &siteTLS{cfg: *cfg, log: log, stamp: stampOf(*cfg)}
	var err error
	if s.current, err = readTLS(*cfg); err != nil {
		return nil, err
	}
	out := s.current.Clone()
	out.GetConfigForClient = s.forClient
	return out, nil
}

// forClient gives what the files hold now. Files that do not fit, as while one of two
// has been replaced, leave what was read last.
func (s *siteTLS) forClient(*tls.ClientHelloInfo) (*tls.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stamp := stampOf(s.cfg)
	if stamp == s.stamp {
		return s.current, nil
	}
	s.stamp = stamp
	next, err := readTLS(s.cfg)
	if err != nil {
		s.log.Error("the new certificates cannot be used; those that were read before stay in use", "error", printable(err.Error()))
		return s.current, nil
	}
	s.current = next
	s.log.Info("the certificates of web.tls were read again")
	return next, nil
}

// stampOf changes with the files.
func stampOf(cfg config.TLS) string {
	text := ""
	for _, name := range []string{cfg.CertFile, cfg.KeyFile, cfg.ClientCAFile} {
		if info, err := os.Stat(name); err == nil {
			text += fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size())
		}
		text += "\n"
	}
	return text
}

func readTLS(cfg config.TLS) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
	if err != nil {
		return nil, err
	}
	out := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if cfg.ClientCAFile == "" {
		return out, nil
	}
	data, err := regularFile(cfg.ClientCAFile, maxSettings)
	if err != nil {
		return nil, err
	}
	out.ClientCAs = x509.NewCertPool()
	if !out.ClientCAs.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", cfg.ClientCAFile)
	}
	out.ClientAuth = tls.VerifyClientCertIfGiven // webhooks and health come without one
	return out, nil
}
