package history

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Filter picks records: all that is set must fit.
type Filter struct {
	Resource string     // an id, nat-… or eni-…, or a spec's name
	Address  netip.Addr // named by itself or as part of a prefix
	Commit   string     // its id or the beginning of it
	Kinds    []Kind     // any of them; none: all
	Outcome  string
	Since    time.Time // at or after
	Until    time.Time // before
}

// Match reports whether a record fits.
func (f Filter) Match(r Record) bool {
	switch {
	case len(f.Kinds) > 0 && !slices.Contains(f.Kinds, r.Kind),
		f.Outcome != "" && f.Outcome != r.Outcome,
		!f.Since.IsZero() && r.Time.Before(f.Since),
		!f.Until.IsZero() && !r.Time.Before(f.Until),
		f.Commit != "" && !strings.HasPrefix(r.Commit, f.Commit),
		f.Address.IsValid() && !r.Names(f.Address.Unmap()),
		f.Resource != "" && !r.about(f.Resource):
		return false
	}
	return true
}

// about reports whether the record names a resource: by its id or its spec's name,
// as the interface that a move takes from, or among those that were reached.
func (r Record) about(resource string) bool {
	if r.ResourceID == resource || r.SpecName == resource || r.From == resource {
		return true
	}
	for key := range r.Reached { // target/kind/id
		if strings.HasSuffix(key, "/"+resource) {
			return true
		}
	}
	return false
}
