// Package hostkeys says which keys an ssh server may show: those of OpenSSH's known_hosts,
// with hashed names, patterns, ports, certificate authorities and revoked keys, or those
// that are pinned. What proves nothing (DSA, RSA with SHA-1) is never asked for.
//
// It opens no connection. Files are read anew at each call, so that a key can be replaced
// while a process runs.
package hostkeys
