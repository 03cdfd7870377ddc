package spec

import (
	_ "embed"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// What holds when a spec does not say.
const (
	defaultTarget       = "default"
	defaultDrainSeconds = 350 // AWS's own default
	defaultMinServing   = 1
)

// ErrEmpty is the error of a snapshot without a single spec.
var ErrEmpty = errors.New("no spec found: no .yaml, .yml or .json file holds a document of kind NatGateway or NetworkInterface; " +
	"check the repository, ref and path (to stop managing a resource, leave at least one other spec)")

// File is one file of a snapshot. The path has slashes and is relative to the
// snapshot's root.
type File struct {
	Path string
	Data []byte
}

// Set is all that a snapshot says.
type Set struct {
	Documents []Document           // by file, then line
	Problems  []strictyaml.Problem // of all documents, by file, line and column
}

// Err returns ErrEmpty for a set without documents. Problems of documents are
// not an error of the set: they stop their own resources only.
func (s Set) Err() error {
	if len(s.Documents) == 0 {
		return ErrEmpty
	}
	return nil
}

// Document is one spec. When it has problems, the other fields hold what could
// be read of it, for reports only.
type Document struct {
	Kind        inventory.Kind
	Name        string            // unique in the snapshot
	Labels      map[string]string // for selectors and rules; may be nil
	Annotations map[string]string // for rules and people; may be nil
	File        string            // within the snapshot, with slashes
	Line        int               // where the document begins, from 1

	Target       string            // "default" when the spec does not say
	ID           string            // nat-… or eni-…, or empty when SelectorTags is set
	SelectorTags map[string]string // of EC2: all of these, matching exactly one resource

	Secondary         *Secondary // nil: addresses are not managed
	Prefixes          *Prefixes  // nil: prefixes are not managed; network interfaces only
	MaxDrainSeconds   int        // EC2's MaxDrainDurationSeconds, 1 to 4000; 350 when the spec does not say; means nothing for network interfaces
	MinServing        int        // primary included; 0 for network interfaces
	AllowReassignment bool       // network interfaces only
	Suspend           *Suspend   // nil: not suspended

	JSON     json.RawMessage      // the document as it is written; read only
	Problems []strictyaml.Problem // empty when the document is good

	yaml strictyaml.Document // of a good document, for positions
}

// Fields returns a good document as it is written: what JSON decodes to. The caller
// must not change it.
func (d Document) Fields() map[string]any { return d.yaml.Fields() }

// Locate returns the line and column of what a JSON pointer (RFC 6901) names in a
// good document, such as "/spec/secondary/addresses/0": of the value, or of the key
// where the value is a mapping or a list. Where the pointer leads to nothing, it is
// the last part on its way that exists; in the end the document itself.
func (d Document) Locate(pointer string) (line, column int) {
	if line, column = d.yaml.Locate(pointer); line > 0 {
		return line, column
	}
	return d.Line, 1
}

// Secondary is the secondary addresses that are wanted: exactly Addresses (none: all
// are given back), or, when Count is not nil, that many.
type Secondary struct {
	Addresses []netip.Addr   // sorted; IPv4
	Count     *int           // without the primary; 0: all are given back
	Pool      []netip.Prefix // where Count may choose, sorted; the subnet when empty
}

// Prefixes is the /28 prefixes that are wanted: exactly CIDRs, or, when Count is
// not nil, that many.
type Prefixes struct {
	CIDRs []netip.Prefix // sorted; none: all are given back
	Count *int           // 0: all are given back
}

//go:embed spec.schema.json
var schemaJSON []byte

// Schema returns the JSON Schema (draft 2020-12) of all kinds of spec.
func Schema() []byte { return slices.Clone(schemaJSON) }
