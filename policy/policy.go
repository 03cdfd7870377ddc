package policy

import (
	"time"
)

// Scope says what a rule judges. It is the second part of a rule's package.
type Scope string

// The scopes.
const (
	ScopeSpec   Scope = "spec"   // one document as it is written
	ScopeAction Scope = "action" // one EC2 call to be made
	ScopePlan   Scope = "plan"   // a whole plan
)

var scopes = []Scope{ScopeSpec, ScopeAction, ScopePlan}

// The decisions: the names of the sets that a rule may define, and a
// [Decision]'s Kind.
const (
	Deny = "deny"
	Hold = "hold"
	Warn = "warn"
	Cap  = "cap"
)

var kinds = []string{Cap, Deny, Hold, Warn}

// Level says how firmly a rule binds. It is METADATA's custom.level; soft when a
// rule does not say.
type Level string

// The levels.
const (
	Advisory  Level = "advisory"  // it only warns, whatever it decides
	Soft      Level = "soft"      // a waiver may take it off a resource
	Mandatory Level = "mandatory" // nothing takes it off
)

var levels = []string{string(Advisory), string(Soft), string(Mandatory)}

// File is one file of a source. Path is slash-separated and relative to it.
type File struct {
	Path string
	Data []byte // read only, also after [Load]
}

// Source is one policy folder or repository. Name is how problems call it: a
// folder's path, or a URL without credentials. Rego modules end in .rego, their
// tests in _test.rego, and data.yaml, data.yml or data.json set parameters; other
// files belong to somebody else and are left alone.
type Source struct {
	Name  string
	Files []File
}

// Options are the limits of an engine, and what its configuration says of rules.
type Options struct {
	EvalTimeout time.Duration // of one evaluation; 0 means five seconds
	// Levels lowers rules by their ids, to Advisory and no other level. A shipped
	// rule cannot be lowered.
	Levels map[string]Level
}

func (o Options) evalTimeout() time.Duration {
	if o.EvalTimeout <= 0 {
		return 5 * time.Second // of wall clock: a loaded machine is no reason to deny
	}
	return o.EvalTimeout
}

// Rule describes one rule that is in force.
type Rule struct {
	ID          string         `json:"id"` // <scope>.<name>
	Scope       Scope          `json:"scope"`
	Title       string         `json:"title"` // of its METADATA, as is the next
	Description string         `json:"description,omitempty"`
	Level       Level          `json:"level"`                 // in force
	LoweredFrom Level          `json:"loweredFrom,omitempty"` // its own level, where Options.Levels lowered it
	File        string         `json:"file"`                  // the source's name and the path in it
	Line        int            `json:"line"`                  // of the package clause
	Shipped     bool           `json:"shipped"`               // of the library, which is always in force
	Params      map[string]any `json:"params,omitempty"`      // data.params.<name>, as JSON decodes it
}

// Result is what the rules of one scope said of one input.
type Result struct {
	Decisions []Decision `json:"decisions"` // by rule, kind, message
	Evaluated []string   `json:"evaluated"` // the id of every rule of the scope, passed ones too
}

// Decision is one entry of a rule's deny, hold, warn or cap.
type Decision struct {
	Rule            string `json:"rule"`                      // its id
	Kind            string `json:"kind"`                      // [Deny], [Hold], [Warn] or [Cap]
	Msg             string `json:"msg"`                       // for people, as the rule wrote it
	MaxDrainSeconds int    `json:"maxDrainSeconds,omitempty"` // cap only: 1 to 4000
	// Path is a JSON pointer (RFC 6901) to the part of the spec document that the
	// decision is about: the entry's own "path", else the deepest field that the
	// rule names. Empty when neither is known.
	Path string `json:"path,omitempty"`
}
