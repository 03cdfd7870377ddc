package spec

import (
	"cmp"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

const apiVersion = "sluice/v1"

// schemas compiles the schema of each kind once. Validating against one kind
// gives better words than against "one of these kinds".
var schemas = sync.OnceValue(func() map[inventory.Kind]*jsonschema.Schema {
	compiled := map[inventory.Kind]*jsonschema.Schema{}
	for _, kind := range []inventory.Kind{inventory.KindNatGateway, inventory.KindNetworkInterface} {
		compiled[kind] = strictyaml.MustCompile(schemaJSON, "/$defs/"+string(kind))
	}
	return compiled
})

// entry is a document and the text that it was read from.
type entry struct {
	doc  Document
	yaml strictyaml.Document
}

// Parse reads all specs of a snapshot. A file whose text cannot be read gives one
// document with only File, Line and Problems. See [Set.Err] for a snapshot
// without specs. What is wrong never stops it: it stands among the problems of its
// document, and with those of all others in the set's.
func Parse(files []File) Set {
	all := parseFiles(files)
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.doc.File, b.doc.File), cmp.Compare(a.doc.Line, b.doc.Line))
	})
	refuseClashes(all)
	var set Set
	for _, e := range all {
		e.doc.Problems = strictyaml.SortProblems(e.doc.Problems)
		if len(e.doc.Problems) == 0 { // a bad one may be large, and nobody asks
			e.doc.yaml = e.yaml
		}
		set.Documents = append(set.Documents, e.doc)
		set.Problems = append(set.Problems, e.doc.Problems...)
	}
	set.Problems = strictyaml.SortProblems(set.Problems)
	if err := set.Err(); err != nil {
		set.Problems = append(set.Problems, strictyaml.Problem{Message: err.Error()})
	}
	return set
}

// parseFiles reads files side by side, on as many processors as there are: most of
// the time of an audit goes here.
func parseFiles(files []File) []entry {
	parsed := make([][]entry, len(files))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				if isSpecFile(files[i].Path) {
					parsed[i] = parseFile(files[i])
				}
			}
		})
	}
	workers.Wait()
	return slices.Concat(parsed...)
}

// isSpecFile tells specs from other files of the same snapshot, by their names.
func isSpecFile(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

func parseFile(f File) []entry {
	parsed, problems := strictyaml.Parse(f.Path, f.Data)
	if len(parsed) == 0 && len(problems) > 0 {
		return []entry{{doc: Document{File: f.Path, Line: max(1, problems[0].Line), Problems: problems}}}
	}
	var entries []entry
	for _, d := range parsed {
		entries = append(entries, entry{doc: parseDocument(d), yaml: d})
	}
	return entries
}

// parseDocument reads what it can of a document, good or bad: a report about a bad one
// needs its name, and two bad ones that claim one resource are told so as well.
func parseDocument(d strictyaml.Document) Document {
	doc := Document{File: d.File, Line: d.Line, JSON: d.JSON(), Problems: slices.Clone(d.Problems)}
	r := reader{yaml: d, doc: &doc}
	// What has the wrong shape is left out here, and reported by the schema.
	decodeErr := d.Decode(&r.raw)
	r.header()
	if kind := inventory.Kind(r.raw.Kind); r.raw.APIVersion == apiVersion && schemas()[kind] != nil {
		doc.Kind = kind
		doc.Problems = append(doc.Problems, d.Validate(schemas()[kind])...)
	}
	r.spec()
	if decodeErr != nil && len(doc.Problems) == 0 {
		r.problem(nil, "%v", decodeErr)
	}
	return doc
}

// raw is a document as it is written.
type raw struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name        string            `json:"name"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		Target   string `json:"target"`
		ID       string `json:"id"`
		Selector struct {
			Tags map[string]string `json:"tags"`
		} `json:"selector"`
		Secondary *struct {
			Addresses []string `json:"addresses"`
			Count     *int     `json:"count"`
			Pool      []string `json:"pool"`
		} `json:"secondary"`
		Prefixes *struct {
			CIDRs []string `json:"cidrs"`
			Count *int     `json:"count"`
		} `json:"prefixes"`
		Drain struct {
			MaxDuration *string `json:"maxDuration"`
		} `json:"drain"`
		MinServing        *int `json:"minServing"`
		AllowReassignment bool `json:"allowReassignment"`
		Suspend           *struct {
			Until  string `json:"until"`
			Reason string `json:"reason"`
			Owner  string `json:"owner"`
		} `json:"suspend"`
	} `json:"spec"`
}
