// Package cloudtrail asks CloudTrail who made the calls that changed addresses:
// LookupEvents, and nothing else.
//
// CloudTrail allows two lookups a second for an account and Region, to everybody in
// it together; a [Client] makes one a second at most, and reads two pages of an
// answer. Events show minutes after the call: an answer without one means nothing.
//
// What an event says was written by others, users' names and agents among it. It is
// bounded, and free of control characters; where addresses stand in it differs from
// call to call, so all of its request and its answer is searched for them.
package cloudtrail
