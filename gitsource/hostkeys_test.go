package gitsource

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/seed-6ca89210/sluice/gitsource/hostkeys"
)

func publicLine(t testing.TB) string {
	key, _ := newSigner(t)
	return line(key)
}

// line is a key as in authorized_keys.
func line(key ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
}

func newRSA(t testing.TB) ssh.Signer {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	key, err := ssh.NewSignerFromKey(private)
	check(t, err)
	return key
}

func newECDSA(t testing.TB) ssh.Signer {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	key, err := ssh.NewSignerFromKey(private)
	check(t, err)
	return key
}

// certify makes the certificate of a host's key.
func certify(t testing.TB, key, authority ssh.Signer, change func(*ssh.Certificate)) ssh.Signer {
	cert := &ssh.Certificate{
		Key: key.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"},
		ValidBefore: ssh.CertTimeInfinity,
	}
	if change != nil {
		change(cert)
	}
	check(t, cert.SignCert(rand.Reader, authority))
	signer, err := ssh.NewCertSigner(cert, key)
	check(t, err)
	return signer
}

func TestWhichHostKeysAreTrusted(t *testing.T) {
	host, _ := newSigner(t)
	other, _ := newSigner(t)
	next, _ := newSigner(t)
	authority, _ := newSigner(t)
	oldRSA, soundRSA, curve := newRSA(t), newRSA(t), newECDSA(t)
	sha1Only, err := ssh.NewSignerWithAlgorithms(oldRSA.(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSA})
	check(t, err)
	print := func(key ssh.Signer) string { return ssh.FingerprintSHA256(key.PublicKey()) }
	type server = []ssh.Signer
	for name, tt := range map[string]struct {
		shows server
		hosts string   // known_hosts; HOST is the server, HASHED the same in HMAC-SHA1
		pins  []string // in place of known_hosts
		says  string   // "" when it is trusted
	}{
		"a hashed name and a port":                   {server{host}, "HASHED " + line(host), nil, ""},
		"a pattern":                                  {server{host}, "[127.0.0.*]:PORT " + line(host), nil, ""},
		"a wildcard stands for every port":           {server{host}, "127.* " + line(host), nil, ""},
		"another port is another server":             {server{host}, "127.0.0.1 " + line(host), nil, "is not in known_hosts"},
		"a negated pattern":                          {server{host}, "[127.0.0.*]:PORT,!HOST " + line(host), nil, "is not in known_hosts"},
		"the old key of two":                         {server{host}, "HOST " + line(host) + "\nHOST " + line(next), nil, ""},
		"the new key of two":                         {server{next}, "HOST " + line(host) + "\nHOST " + line(next), nil, ""},
		"neither of two":                             {server{other}, "HOST " + line(host) + "\nHOST " + line(next), nil, "f:1); ask who runs"},
		"revoked, though listed":                     {server{host}, "HOST " + line(host) + "\n@revoked * " + line(host), nil, "marked as revoked"},
		"the kind that is known is asked for":        {server{host, curve}, "HOST " + line(curve), nil, ""},
		"a kind that the server has not":             {server{host}, "HOST " + line(curve), nil, "it offers ssh-ed25519, and known_hosts asks for ecdsa-sha2-nistp256"},
		"RSA with SHA-2":                             {server{soundRSA}, "HOST " + line(soundRSA), nil, ""},
		"RSA with SHA-1":                             {server{sha1Only}, "HOST " + line(oldRSA), nil, "it offers ssh-rsa, and known_hosts asks for rsa-sha2-"},
		"RSA with SHA-1, pinned":                     {server{sha1Only}, "", []string{print(oldRSA)}, "it offers ssh-rsa, and hostKeys asks for"},
		"a certificate":                              {server{certify(t, host, authority, nil)}, "@cert-authority HOST " + line(authority), nil, ""},
		"a certificate of another kind of key":       {server{certify(t, curve, authority, nil)}, "@cert-authority HOST " + line(authority), nil, ""},
		"a certificate of another authority":         {server{certify(t, host, other, nil)}, "@cert-authority HOST " + line(authority), nil, "no authorities"},
		"a certificate for another host":             {server{certify(t, host, authority, func(c *ssh.Certificate) { c.ValidPrincipals = []string{"else"} })}, "@cert-authority HOST " + line(authority), nil, "principal"},
		"a certificate that has ended":               {server{certify(t, host, authority, func(c *ssh.Certificate) { c.ValidBefore = uint64(time.Now().Add(-time.Hour).Unix()) })}, "@cert-authority HOST " + line(authority), nil, "expired"},
		"a certificate of a user":                    {server{certify(t, host, authority, func(c *ssh.Certificate) { c.CertType = ssh.UserCert })}, "@cert-authority HOST " + line(authority), nil, "cert"},
		"a certificate of a revoked key":             {server{certify(t, host, authority, nil)}, "@cert-authority HOST " + line(authority) + "\n@revoked * " + line(host), nil, "revoked"},
		"a certificate of a revoked authority":       {server{certify(t, host, authority, nil)}, "@cert-authority HOST " + line(authority) + "\n@revoked * " + line(authority), nil, "revoked"},
		"the authority's own key is no host's":       {server{authority}, "@cert-authority HOST " + line(authority) + "\nHOST " + line(other), nil, "has changed"},
		"an unknown mark":                            {server{host}, "@trusted HOST " + line(host), nil, "known_hosts cannot be read"},
		"a pinned key":                               {server{host}, "", []string{line(next), line(host)}, ""},
		"a pinned key with a comment":                {server{host}, "", []string{line(host) + " of the year 2026"}, ""},
		"a pinned fingerprint":                       {server{host}, "", []string{print(next), print(host)}, ""},
		"a pinned fingerprint with padding":          {server{host}, "", []string{print(host) + "="}, ""},
		"a key and a fingerprint of another kind":    {server{curve}, "", []string{line(host), print(curve)}, ""},
		"a key that is not pinned":                   {server{host}, "", []string{line(next)}, "is not in auth.ssh.hostKeys; compare it"},
		"a fingerprint that is not pinned":           {server{host}, "", []string{print(next)}, "is not in auth.ssh.hostKeys; compare it"},
		"the pinned kind is asked for":               {server{curve, host}, "", []string{line(host)}, ""},
		"for a fingerprint ed25519 is asked for":     {server{curve, soundRSA, host}, "", []string{print(host)}, ""},
		"a pin trusts no certificate by its key":     {server{certify(t, host, authority, nil)}, "", []string{line(authority)}, "it offers"},
		"known_hosts does not count beside the pins": {server{host}, "HOST " + line(host), []string{line(next)}, "is not in auth.ssh.hostKeys"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			r.commit("main", map[string]node{"a.yaml": file("1")})
			s := newSSH(t, r, false, tt.shows...)
			_, port, _ := strings.Cut(s.addr, ":")
			text := strings.NewReplacer("HOST", "["+strings.ReplaceAll(s.addr, ":", "]:"), "HASHED", knownhosts.HashHostname(knownhosts.Normalize(s.addr)), "PORT", port).Replace(tt.hosts)
			cfg := s.config()
			cfg.SSH.KnownHosts = write(t, []byte(text+"\n"))
			if tt.pins != nil {
				t.Setenv("SSH_KNOWN_HOSTS", cfg.SSH.KnownHosts)
				cfg.SSH.KnownHosts, cfg.SSH.HostKeys = "", tt.pins
			}
			_, err := open(t, cfg).Snapshot(t.Context(), nil)
			if tt.says == "" {
				check(t, err)
				return
			}
			wantError(t, err, ErrUnreachable, tt.says)
			if len(s.asked) != 0 {
				t.Error("a command was sent to a host that is not trusted")
			}
			if !strings.Contains(tt.says, "offers") && !strings.Contains(tt.says, "cannot be read") {
				wantError(t, err, nil, ssh.FingerprintSHA256(hostkeys.Plain(tt.shows[0].PublicKey())))
			}
		})
	}
}

func TestARSAKeyLogsInWithSHA2Only(t *testing.T) {
	key := newRSA(t)
	got, err := sound(key)
	check(t, err)
	if algorithms := got.(ssh.MultiAlgorithmSigner).Algorithms(); slices.Contains(algorithms, ssh.KeyAlgoRSA) || len(algorithms) != 2 {
		t.Errorf("algorithms %v", algorithms)
	}
}
