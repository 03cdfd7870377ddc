// Package conformance asks AWS itself what its documentation leaves open, and writes the
// answers down as the simulator reads them.
//
// It is the one place of sluice that makes and deletes resources: a private NAT gateway and a
// network interface, in a VPC that its user names, each with the tag sluice:conformance and
// the run's id from its first moment on. A fence in the HTTP transport lets nothing else out:
// creations without that tag, and changes of anything that this run did not make, stay here.
//
// What was made is deleted whatever happens: after a failure, an interrupt or a panic. A run
// that was killed leaves the tag behind, by which [Clean] finds what it made.
//
// The package shares no code with reconcile/ec2, whose guard knows no creation, nor with the
// simulator: with that it meets on the wire and in the file of answers.
package conformance
