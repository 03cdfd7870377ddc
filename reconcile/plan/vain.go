package plan

import "slices"

// blockVain blocks every item that waits for what will not happen: an address
// that a stopped resource holds, and, once the waves are known, a circle in
// which each waits for the next and none may begin. Without it such items would
// be called converging for ever.
func (b *builder) blockVain() {
	var takers []*item
	for _, it := range b.items {
		if len(it.needs) > 0 && !it.stopped() {
			takers = append(takers, it)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, it := range takers {
			for _, n := range it.needs {
				if !it.stopped() && n.giver.stopped() {
					it.override("%s is held by %s, whose spec gives it up but which is stopped itself (%s); see the reason there", n.ip, n.giver.id, n.giver.state)
					changed = true
				}
			}
		}
	}
	waiting := map[*item]bool{}
	for _, it := range takers {
		if it.waits {
			waiting[it] = true
		}
	}
	// Whoever waits for one that can begin is not in vain.
	for changed := true; changed; {
		changed = false
		for _, it := range takers {
			if waiting[it] && slices.ContainsFunc(it.needs, func(n need) bool { return !waiting[n.giver] }) {
				delete(waiting, it)
				changed = true
			}
		}
	}
	for _, it := range takers {
		if waiting[it] {
			n := it.needs[0]
			it.override("%s is held by %s, which waits for an address in turn: a circle in which nobody may begin; lower a minServing, or change one spec after the other", n.ip, n.giver.id)
		}
	}
	for _, it := range takers { // what nobody takes away is not in sync
		for _, n := range it.needs {
			if n.move && it.stopped() && n.giver.state == InSync {
				n.giver.override("%s is to move to %s, which is stopped (%s); see the reason there", n.ip, it.id, it.state)
			}
		}
	}
}
