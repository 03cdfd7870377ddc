package realgit

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"
)

// startBackend starts fcgiwrap, which runs git http-backend for nginx.
func (s *Server) startBackend() {
	s.t.Helper()
	socket := s.path("cgi")
	run(s.t, func() (*exec.Cmd, func() error) {
		cmd := exec.Command(s.fcgiwrap, "-f", "-s", "unix:"+socket)
		cmd.Env = s.environment()
		return cmd, func() error { return connect("unix", socket) }
	})
}

func connect(network, addr string) error {
	conn, err := net.DialTimeout(network, addr, time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

// nginxConf is one process that writes in its own folder only. The paths of its URLs
// are those of SSH, so that a repository is the same one for both.
const nginxConf = `daemon off;
master_process off;
pid {root}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path {root}/body;
	proxy_temp_path {root}/proxy;
	fastcgi_temp_path {root}/fastcgi;
	uwsgi_temp_path {root}/uwsgi;
	scgi_temp_path {root}/scgi;
	ssl_certificate {root}/server.pem;
	ssl_certificate_key {root}/server.key;
	fastcgi_param SCRIPT_FILENAME {backend};
	fastcgi_param GIT_PROJECT_ROOT /;
	fastcgi_param GIT_HTTP_EXPORT_ALL 1;
	fastcgi_param PATH_INFO $uri;
	fastcgi_param QUERY_STRING $query_string;
	fastcgi_param REQUEST_METHOD $request_method;
	fastcgi_param CONTENT_TYPE $content_type;
	fastcgi_param CONTENT_LENGTH $content_length;
	fastcgi_param REMOTE_USER $remote_user;
	server {
		listen 127.0.0.1:{web} ssl;
		auth_basic "Git";
		auth_basic_user_file {root}/htpasswd;
		location {root}/repos/ { fastcgi_pass unix:{root}/cgi; }
	}
	server {
		listen 127.0.0.1:{mutual} ssl;
		ssl_client_certificate {root}/ca.pem;
		ssl_verify_client on;
		location {root}/repos/ { fastcgi_pass unix:{root}/cgi; }
	}
}
`

// startNginx starts the web server: basic auth on one port, client certificates on
// another.
func (s *Server) startNginx() {
	s.t.Helper()
	ca, other := newAuthority(s.t, "the authority of the tests"), newAuthority(s.t, "another authority")
	s.CAFile, s.OtherCAFile = s.write("ca.pem", ca.pem()), s.write("other-ca.pem", other.pem())
	pair := func(name string, cert, key []byte) (string, string) {
		return s.write(name+".pem", cert), s.write(name+".key", key)
	}
	cert, key := ca.sign("git", net.IPv4(127, 0, 0, 1))
	pair("server", cert, key)
	cert, key = ca.sign(User)
	s.ClientCert, s.ClientKey = pair("client", cert, key)
	cert, key = other.sign("mallory")
	s.StrangerCert, s.StrangerCertKey = pair("stranger", cert, key)
	s.write("htpasswd", []byte(User+":{PLAIN}"+Password+"\n"))

	run(s.t, func() (*exec.Cmd, func() error) {
		ports := [2]int{freePort(s.t), freePort(s.t)}
		conf := strings.NewReplacer("{root}", s.root, "{backend}", s.backend,
			"{web}", fmt.Sprint(ports[0]), "{mutual}", fmt.Sprint(ports[1])).Replace(nginxConf)
		url := func(host string, port int) string { return fmt.Sprintf("https://%s:%d%s", host, port, s.path("repos")) }
		s.HTTPS, s.MutualTLS, s.OtherName = url("127.0.0.1", ports[0]), url("127.0.0.1", ports[1]), url("localhost", ports[0])
		cmd := exec.Command(s.nginx, "-p", s.root, "-e", "stderr", "-c", s.write("nginx.conf", []byte(conf)))
		cmd.Env = s.environment()
		return cmd, func() error { return speaksTLS(ca, ports[:]) }
	})
}

// speaksTLS reports whether it is our server that answers on the ports, and not
// somebody who was quicker.
func speaksTLS(ca *authority, ports []int) error {
	trust := x509.NewCertPool()
	trust.AddCert(ca.cert)
	dialer := &net.Dialer{Timeout: time.Second}
	for _, port := range ports {
		conn, err := tls.DialWithDialer(dialer, "tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{RootCAs: trust})
		if err != nil {
			return err
		}
		_ = conn.Close()
	}
	return nil
}
