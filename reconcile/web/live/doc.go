// Package live tells open pages that something changed, by server-sent events.
//
// Whoever has news pokes the [Hub], which never makes anybody wait: pokes that come
// together are one. One goroutine then asks what changed, and puts the answer into
// the small buffer of every stream. A stream whose buffer is full is ended, since a
// browser comes back by itself and looks anew; for the same reason a Last-Event-ID
// means nothing here, and no event is kept.
//
// It knows nothing of sluice.
package live
