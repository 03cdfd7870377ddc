// Package outbox sends news without anybody waiting for it: one goroutine, bounded
// memory, and of each subject only the newest news.
//
//	Put(subject, news)   returns at once; replaces what still waits on that subject
//	send                 called by Run for one subject at a time, with a deadline
//	the same news again  is not sent twice
//	an error that may pass (Later) is tried again, further and further apart, a few times
//	any other error      is told once; the same news may be sent again after a rest
//	the end of Run       what waits is still sent, for a bounded time
//
// It knows nothing of sluice: what a subject is, and how it is sent, are its user's.
package outbox
