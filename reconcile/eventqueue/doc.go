// Package eventqueue takes EventBridge's events from an SQS queue as hints that
// somebody may have changed an address: "look now".
//
// That is all that a message can do. Whoever may write to the queue can say when
// sluice looks at EC2, within the loop's own least interval, and nothing else: what a
// message says of resources, addresses or people is not read. So a forged, repeated
// or lost one costs one look, or a wait until the next.
//
// A message is deleted once it was looked at, whatever it was: none can come back for
// ever. Calls of sluice's own come back as events too, and cost a look in which there
// is nothing to do.
package eventqueue
