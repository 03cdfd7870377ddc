// Package tracing makes OpenTelemetry traces of the loop's work and sends them over
// OTLP/HTTP: one trace a commit of a repository, whose id follows from the two, so that
// turns over hours and processes are in it. A turn after nothing was left to do is a
// trace of its own that links to the commit's: else a commit of last year would grow
// with every look for drift.
//
// The loop knows nothing of it: it tells a [reconcile.Around] of its parts, and EC2's
// client tells of its attempts. Ended spans wait in a bounded queue; what has no room
// there is dropped. The exporter is OpenTelemetry's own but for the last step, the
// request, which is package post's: theirs would link gRPC.
package tracing
