package config

import (
	"net"
	"net/netip"
	"strconv"
)

// rawWeb is web as it is written.
type rawWeb struct {
	TokenFile string `json:"tokenFile"`
	TokenEnv  string `json:"tokenEnv"`
	TLS       *struct {
		CertFile     string `json:"certFile"`
		KeyFile      string `json:"keyFile"`
		ClientCAFile string `json:"clientCAFile"`
	} `json:"tls"`
	BehindTLSProxy bool `json:"behindTLSProxy"`
}

// web checks what can be checked without reading a file.
func (l *loader) web(specs Repo, listen string, r rawWeb) Web {
	var w Web
	if r.TokenFile != "" && r.TokenEnv != "" {
		l.problem([]string{"web", "tokenEnv"}, "there is one token: give only one of tokenFile and tokenEnv")
	}
	if r.TokenFile+r.TokenEnv != "" {
		w.Token = &Secret{File: l.resolve(r.TokenFile), Env: r.TokenEnv}
	}
	if r.TLS != nil {
		w.TLS = &TLS{CertFile: l.resolve(r.TLS.CertFile), KeyFile: l.resolve(r.TLS.KeyFile), ClientCAFile: l.resolve(r.TLS.ClientCAFile)}
		for field, file := range map[string]string{"keyFile": w.TLS.KeyFile, "clientCAFile": w.TLS.ClientCAFile} {
			l.checkBesideSpecs(specs, file, "whoever changes them could let anybody in", "web", "tls", field)
		}
	}
	if w.Token != nil {
		l.checkBesideSpecs(specs, w.Token.File, "whoever reads them could log in", "web", "tokenFile")
	}
	w.BehindTLSProxy = r.BehindTLSProxy
	switch {
	case w.BehindTLSProxy && w.TLS != nil:
		l.problem([]string{"web", "behindTLSProxy"}, "TLS ends at a proxy, or here: give only one of behindTLSProxy and tls")
	case w.BehindTLSProxy && w.Token == nil:
		l.problem([]string{"web", "behindTLSProxy"}, "what a proxy passes on can come from everybody, so it needs a token; set web.tokenFile or web.tokenEnv")
	default:
		l.checkListen(listen, w)
	}
	return w
}

// checkBesideSpecs refuses a file of the daemon's own in the folder of the specs.
func (l *loader) checkBesideSpecs(specs Repo, file, why string, path ...string) {
	if folder := localFolder(specs); file != "" && folder != "" && within(localFolder(Repo{Dir: file}), folder) {
		l.problem(path, "%s lies where the specs are, and %s: keep it apart", path[len(path)-1], why)
	}
}

// checkListen refuses an address that others than this machine can reach, unless
// something says who may ask there, and TLS keeps that to itself.
func (l *loader) checkListen(listen string, w Web) {
	path := []string{"listen"}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		l.problem(path, "listen %.60q is not an address and a port; write one such as 127.0.0.1:8080", listen)
		return
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		l.problem(path, "listen %.60q has no port from 0 to 65535; write one such as 127.0.0.1:8080", listen)
	}
	if Loopback(host) {
		return
	}
	if host != "" {
		if _, err := netip.ParseAddr(host); err != nil {
			l.problem(path, "listen %.60q has a name where an address belongs; write one such as 0.0.0.0:8443 or 127.0.0.1:8080", listen)
			return
		}
	}
	switch {
	case w.Token == nil && (w.TLS == nil || w.TLS.ClientCAFile == ""):
		l.problem(path, "listen %.60q can be reached from other machines, and nothing says who may ask there; "+
			"set web.tokenFile or web.tls.clientCAFile, or write a loopback address such as 127.0.0.1:8080", listen)
	case w.TLS == nil && !w.BehindTLSProxy:
		l.problem(path, "listen %.60q can be reached from other machines, and a token that comes without TLS can be read on its way; "+
			"set web.tls, or web.behindTLSProxy where a proxy ends TLS and only it reaches this address", listen)
	}
}

// Loopback reports whether only this machine reaches a host that is listened on.
func Loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
