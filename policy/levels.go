package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// levelsPlace is how problems call [Options].Levels: the setting that it comes from.
const levelsPlace = "levels"

// lower takes the levels of a roll-out into the rules, and into the digest: what
// was approved or saved under another level was decided by other rules.
//
// A shipped rule keeps its level, for the library is what nobody can talk away. No
// rule can be raised: whoever may write rules says in METADATA how firm they are.
func (e *Engine) lower(to map[string]Level) error {
	var ps problems
	var ids []string
	for _, r := range e.rules {
		ids = append(ids, r.ID)
	}
	changed := []string{e.digest}
	for _, id := range slices.Sorted(maps.Keys(to)) {
		i := slices.Index(ids, id)
		switch {
		case i < 0:
			ps.add(levelsPlace, 0, 0, "%s: there is no rule of this id%s", id, didYouMean(id, ids))
		case e.rules[i].Shipped:
			ps.add(levelsPlace, 0, 0, "%s is a shipped rule and stays %s: only rules of your own can be lowered", id, e.rules[i].Level)
		case to[id] != Advisory:
			ps.add(levelsPlace, 0, 0, "%s: %q is no level to lower a rule to: write %s", id, string(to[id]), Advisory)
		case e.rules[i].Level != Advisory: // else nothing changes
			e.rules[i].LoweredFrom, e.rules[i].Level = e.rules[i].Level, Advisory
			changed = append(changed, "advisory "+id)
		}
	}
	if len(changed) > 1 {
		sum := sha256.Sum256([]byte(strings.Join(changed, "\n")))
		e.digest = "sha256:" + hex.EncodeToString(sum[:])
	}
	return ps.err()
}

// Own returns the level that the rule's METADATA gives it.
func (r Rule) Own() Level {
	if r.LoweredFrom != "" {
		return r.LoweredFrom
	}
	return r.Level
}
