package gitsource

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/seed-6ca89210/sluice/gitsource/hostkeys"
)

// checkAccess tries everything that resolve will do, except for the network.
func (c *Config) checkAccess(addr address) error {
	web := c.CAFile+c.Proxy != "" || c.ClientCert != (ClientCert{}) || c.Login != nil
	if addr.scheme == "ssh" {
		if web {
			return errors.New("url: caFile, clientCert, proxy and a login by password or token are for https, and this is ssh; leave them out")
		}
		if len(c.SSH.HostKeys) > 0 {
			if c.SSH.KnownHosts != "" {
				return errors.New("ssh: knownHosts and hostKeys both say which keys the server may show; keep one")
			}
			if _, err := hostkeys.Pinned(c.SSH.HostKeys); err != nil {
				return err
			}
		}
		return c.SSH.readKey(&access{})
	}
	if addr.scheme == "http" && web && c.Login == nil {
		return errors.New("url: caFile, clientCert and proxy are for https; write https:// in url")
	}
	if c.Login != nil && addr.user+addr.pass+c.Username+c.Password != "" {
		return errors.New("url: there are two logins, one in the url or beside it and one of auth; keep one")
	}
	if c.Proxy != "" {
		if _, err := parseProxy(c.Proxy); err != nil {
			return err
		}
	}
	_, err := c.webAccess(addr)
	return err
}

// webAccess reads what https needs, except for a Login.
func (c *Config) webAccess(addr address) (access, error) {
	a := access{User: addr.user, Password: addr.pass}
	if a.User == "" && a.Password == "" {
		a.User, a.Password = c.Username, c.Password
	}
	var err error
	if c.CAFile != "" {
		if a.CA, err = readSmall("caFile", c.CAFile); err != nil {
			return a, err
		}
		if !x509.NewCertPool().AppendCertsFromPEM(a.CA) {
			return a, fmt.Errorf("caFile: %s holds no certificate in PEM form", c.CAFile)
		}
	}
	if err := c.ClientCert.read(&a); err != nil {
		return a, err
	}
	proxy, err := c.proxyFor(addr.url())
	if err != nil {
		return a, err
	}
	if proxy == nil {
		return a, nil
	}
	if proxy.Scheme == "https" && a.Cert != nil {
		return a, fmt.Errorf("proxy: %s speaks TLS itself, and would be shown the client certificate too; use an http:// proxy, through which TLS goes untouched", proxy.Redacted())
	}
	a.Proxy = proxy.String()
	return a, nil
}

func (c ClientCert) read(a *access) error {
	if c == (ClientCert{}) {
		return nil
	}
	if c.CertFile == "" || c.KeyFile == "" {
		return errors.New("clientCert: give both certFile and keyFile")
	}
	var err error
	if a.Cert, err = readSmall("clientCert.certFile", c.CertFile); err != nil {
		return err
	}
	if a.CertKey, err = readSmall("clientCert.keyFile", c.KeyFile); err != nil {
		return err
	}
	if _, err = tls.X509KeyPair(a.Cert, a.CertKey); err != nil {
		// The library's words may describe the key; ours are enough.
		return fmt.Errorf("clientCert: %s and %s are not a certificate and its key in PEM form", c.CertFile, c.KeyFile)
	}
	return nil
}

// maxSecret bounds a file with keys, tokens or certificates.
const maxSecret = 1 << 20

// readSmall reads a file that a setting names.
func readSmall(setting, file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxSecret) {
		return nil, fmt.Errorf("%s: %s is not a regular file of at most %d bytes", setting, file, maxSecret)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %s", setting, file, plain(err))
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %s", setting, file, plain(err))
	}
	return data, nil
}
