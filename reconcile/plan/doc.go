// Package plan turns what is wanted (specs) and what there is (inventories) into
// what is to be done: a [Plan], plain data.
//
// It is pure. It has no context, no logger and no clock, makes no call, and puts
// everything into one order: the same input gives the same bytes. The steps of
// [Make], each a file:
//
//	resolve   which resource a spec means, and whether sluice may touch it
//	settle    whether something is in transition there, so that all waits
//	want      the addresses the spec asks for; for a count, which ones (choose, room)
//	claims    no address and no resource is wanted by two specs
//	conflict  who holds an added address now: wait, move, or blocked
//	vain      nobody waits for what will not happen
//	waves     the order of the calls, within the gateway's limit and minServing
//
// How a resource's state comes about:
//
//	spec wrong, resource missing or not manageable, read failed   error
//	address in transition, or an earlier call's effect not seen   converging
//	an added address is given up by another spec's resource       converging
//	no room, address held elsewhere, primary not known            blocked
//	something to add or remove                                    pending
//	nothing                                                       in-sync
//
// Policy turns pending into held or denied later (reconcile/judge); the hashes
// and the summary are set by [Plan.Seal], which whoever changes a plan calls last.
package plan
