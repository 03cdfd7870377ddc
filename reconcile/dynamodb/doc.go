// Package dynamodb keeps the record of each target, and the leases by which several
// replicas share the targets, in one DynamoDB table. It is the only importer of the SDK's
// DynamoDB.
//
// # What stands where
//
// The table has the keys pk and sk, both strings.
//
//	pk            sk                             holds
//	log#TARGET    number of its first record,    records (gzip of JSON lines, as history hashes
//	              20 digits                      them), count, epoch
//	cut#TARGET    number of the record that      a checkpoint without its ledger
//	              tells of it, its hash
//	state#TARGET  number of its last record,     a piece of a checkpoint's ledger
//	              the ledger's hash, piece
//	lease         TARGET                         holder, url, epoch, version, ms, clean, headSeq, headHash
//	replica       ID                             url, version, targets
//
// Every read is strongly consistent, and every write is of one item: nothing needs a
// transaction. The table must not be a global one, whose replicas may each take a write.
//
// # The fence
//
// One append is one item, which must not be there yet, at the number after the last
// record that the writer knows. So of two that append at once one is refused, and that
// is all that keeps a replica out that lost its lease: the first thing that a new holder
// appends is a record that says so, at the number that the old one would write to next.
//
// A write without an answer is never taken for done or not done: the item is read back,
// and the same bytes are ours. Where nobody can know, the log is closed to its writer,
// and the next holder finds out, because it begins with what the table has.
//
// The lease names the end of the log, so that a log that was cut at its end is noticed.
//
// # What is cut off
//
// The holder of a lease takes old records off the log's beginning ([Log.CutBefore]), once
// they were exported. A checkpoint counts when a record of the log has its hash, and what
// stands before one that counts may be deleted by anybody, at any time. The first item of
// each epoch is left: an older holder finds it in the place of its next record.
package dynamodb
