package gitsource

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Snapshot is what one commit holds. It is never changed after it was returned,
// and may be shared: treat Files and their Data as read-only.
type Snapshot struct {
	Commit Commit
	Files  []File // sorted by Path, at least one

	// tip is the object that the ref names. It differs from the commit for an
	// annotated tag on a server that does not say which commit the tag is for.
	tip string
}

// Commit says where the files of a Snapshot come from.
type Commit struct {
	ID        string // 40 hex digits, or "dir:" and the SHA-256 of a plain folder
	Author    Person // empty for a plain folder
	Committer Person // empty for a plain folder
	// Time is the committer's, in UTC: a claim. It is zero for a plain folder, where there
	// is none and where it lies before the year 1. After the year 9999 it is that year's
	// last second: JSON and RFC 3339 can write no later one, and it is still later than now.
	Time    time.Time
	Message string // whole, as valid UTF-8; a commit has 1 MiB at most

	// Signer is who signed the commit with one of Config.Keys: the e-mail address of
	// a PGP key's primary user id, or the principal of an SSH key. Empty when that is
	// not known; SignatureProblem says why then.
	Signer string
	// SignerKey is the fingerprint of that key: of PGP's primary key in upper-case
	// hexadecimal digits, of an SSH key as ssh-keygen -l shows it, SHA256:….
	SignerKey string
	// SignatureProblem is why Signer is empty, as a part of a sentence about the
	// commit: "it is not signed".
	SignatureProblem string
}

// Person is an author or a committer, as the commit has it: a claim, not a proof. A name
// or an address of more than 1 KiB is cut there, and ends in "…".
type Person struct{ Name, Email string }

// File is one regular file.
type File struct {
	Path string // in the repository or folder, from its root, with slashes
	Data []byte
}

// folderID names the content of a plain folder. Lengths go in front of paths and
// contents so that no two sets of files give the same stream of bytes.
func folderID(files []File) string {
	sum := sha256.New()
	var size [8]byte
	put := func(b []byte) {
		binary.BigEndian.PutUint64(size[:], uint64(len(b)))
		sum.Write(size[:])
		sum.Write(b)
	}
	for _, f := range files {
		put([]byte(f.Path))
		put(f.Data)
	}
	return "dir:" + hex.EncodeToString(sum.Sum(nil))
}
