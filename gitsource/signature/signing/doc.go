// Package signing is for tests: it makes keys, and commits that are signed with them, well or badly.
package signing
