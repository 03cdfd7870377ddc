package lease

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// Retarget says what there are leases for from now on. What is held of other targets is
// given back, when its hold has returned; a new target is competed for from the next look
// at the table on, which follows at once. Other replicas learn of it by this one's beat:
// one that does not have a target does nothing for it, and is given none.
func (k *Keeper) Retarget(targets []string) error {
	targets, err := ordered(targets)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.Equal(targets, k.targets) {
		return nil
	}
	k.targets = targets
	for target, o := range k.holding {
		if !k.has(target) {
			o.move()
		}
	}
	maps.DeleteFunc(k.sights, func(target string, s sight) bool { // what nobody ever held
		return !k.has(target) && s.item.Version == 0 && !s.gone
	})
	select {
	case k.changed <- struct{}{}:
	default: // the next look is due already
	}
	return nil
}

// ordered returns the names of targets in order, and refuses what cannot be a set of them.
func ordered(targets []string) ([]string, error) {
	targets = slices.Sorted(slices.Values(targets))
	switch {
	case len(targets) == 0 || targets[0] == "":
		return nil, errors.New("leases need targets, each with a name")
	case len(unique(targets)) != len(targets):
		return nil, errors.New("a target is named twice: there is one lease for each")
	}
	return targets, nil
}

// has reports whether this replica has a target. The caller holds the lock.
func (k *Keeper) has(target string) bool {
	_, found := slices.BinarySearch(k.targets, target)
	return found
}

// live returns the replicas whose beat was new within one lease, and this one, each with
// the targets that it has. One that does not say has the same as this one, as it was with
// older releases. The caller holds the lock.
func (k *Keeper) live(now time.Time) members {
	has := members{k.cfg.ID: k.targets}
	for id, p := range k.peers {
		if now.Sub(p.from) >= k.cfg.Duration {
			continue
		}
		if has[id] = p.Targets; len(p.Targets) == 0 {
			has[id] = k.targets
		}
	}
	return has
}

// members are replicas, and the targets that each has.
type members map[string][]string

// key is the same for the same members alone.
func (m members) key() string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(m)) {
		b.WriteString(id)
		for _, t := range m[id] {
			b.WriteString("\x00" + t)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
