// Package history is what sluice remembers: an append-only log of what was seen,
// judged, called, answered and observed, in which every record carries the hash
// of the one before.
//
// It may touch one file and the side file next to it, and nothing else: no
// network, no clock (a record's time comes from the caller), nothing of sluice's
// own packages.
//
// # What it promises
//
// An append is atomic and on the disk before [Store].Append returns: without a
// durable intent no call is made. A crash at any instant leaves a log whose chain
// verifies. Whatever is wrong with a file is an error that says so; a file that
// this package did not write is never changed.
//
// # The chain
//
// Hash is the hex SHA-256 of Prev followed by the record's JSON without its hash;
// Prev is the hash of the record before, empty in the first. A record is stored as
// its JSON, byte for byte. A separate head entry holds the last number and hash,
// so that a tail that was cut off is missed. [Verify] finds any change that was
// not followed by a rewrite of everything after it; against that, keep the head's
// hash somewhere else too.
//
// # What is cut off
//
// A [Cutting] takes old records off the beginning of a [Cutter], one part after another,
// each only after an [Archive] gave back what was put there and [VerifyExport] found it
// whole. A [Checkpoint] stays in their place: the hash that the log goes on with, and
// the ledger that they fold to. [Fold] begins with it, and so does [Verify]; a record of
// kind cut, further on in the chain, holds its hash. Who reads meanwhile begins again
// ([FromBeginning]).
//
// # Who reads what
//
// The loop folds the records into a [Ledger], which is small enough to keep.
// [Explain] tells one address's story. Decisions are never taken from the log
// alone: what EC2 reports comes first.
package history
