// Package realgit starts, for tests, the Git servers that people run: git
// http-backend behind nginx with TLS, and OpenSSH. They listen on loopback, know
// nothing of the machine's own configuration, and end with the test.
//
// The programs come from Debian's packages. Where one is missing the test is
// skipped and says which; with SLUICE_REQUIRE_SERVERS=1 it fails.
package realgit
