package ruling

import (
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

//go:embed ruling.schema.json
var schemaJSON []byte

// Schema returns the JSON Schema (draft 2020-12) of waivers and approvals.
func Schema() []byte { return slices.Clone(schemaJSON) }

var schemas = sync.OnceValue(func() map[string]*jsonschema.Schema {
	return map[string]*jsonschema.Schema{
		"Waiver":   strictyaml.MustCompile(schemaJSON, "/$defs/Waiver"),
		"Approval": strictyaml.MustCompile(schemaJSON, "/$defs/Approval"),
	}
})

// File is one file of a policy source.
type File struct {
	Path string
	Data []byte
}

// raw is a document as it is written.
type raw struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Rule     string   `json:"rule"`
		Selector Selector `json:"selector"`
		Owner    string   `json:"owner"`
		PlanHash string   `json:"planHash"`
		Approver string   `json:"approver"`
		Reason   string   `json:"reason"`
		Expires  string   `json:"expires"`
	} `json:"spec"`
}

// Parse reads the YAML files of a policy source that are not parameters of rules
// (data.yaml). All problems are returned at once; with any of them nothing may be
// judged, because a ruling that is not understood must not be half believed.
// rule says whether a rule exists, and whether it may be waived.
func Parse(files []File, rule func(id string) (waivable, known bool)) (Set, []strictyaml.Problem) {
	var set Set
	var problems []strictyaml.Problem
	names := map[string]string{}
	for _, f := range files {
		if !isRulingFile(f.Path) {
			continue
		}
		docs, bad := strictyaml.Parse(f.Path, f.Data)
		problems = append(problems, bad...)
		for _, d := range docs {
			if len(d.Problems) == 0 { // else they are in bad already
				problems = append(problems, set.add(d, rule, names)...)
			}
		}
	}
	return set, strictyaml.SortProblems(problems)
}

// isRulingFile leaves out parameters, which are the rule engine's, and JSON,
// which in policy folders is test data.
func isRulingFile(name string) bool {
	base := strings.ToLower(path.Base(name))
	ext := path.Ext(base)
	return (ext == ".yaml" || ext == ".yml") && strings.TrimSuffix(base, ext) != "data" && !strings.HasPrefix(base, ".")
}

// add takes a document over, or says what is wrong with it. A waiver of a rule that does
// not exist, or cannot be waived, is refused: it would look as if it did something.
func (s *Set) add(d strictyaml.Document, rule func(string) (waivable, known bool), names map[string]string) []strictyaml.Problem {
	var r raw
	_ = d.Decode(&r) // what has the wrong shape is the schema's to say
	schema := schemas()[r.Kind]
	if r.APIVersion != "sluice/v1" || schema == nil {
		return []strictyaml.Problem{d.Problemf([]string{"kind"}, "a policy source holds rules, data.yaml, and documents of apiVersion sluice/v1 and kind Waiver or Approval; this is kind %q", r.Kind)}
	}
	if problems := d.Validate(schema); len(problems) > 0 {
		return problems
	}
	var problems []strictyaml.Problem
	expires, err := strictyaml.Instant(r.Spec.Expires)
	if err != nil {
		problems = append(problems, d.Problemf([]string{"spec", "expires"}, "expires %v; write one such as 2027-03-01T00:00:00Z", err))
	}
	key := r.Kind + " " + r.Metadata.Name
	here := fmt.Sprintf("%s:%d", d.File, d.Line)
	if other, taken := names[key]; taken {
		problems = append(problems, d.Problemf([]string{"metadata", "name"}, "%s %q exists already at %s; give this one another name", r.Kind, r.Metadata.Name, other))
	}
	names[key] = here
	if r.Kind == "Approval" {
		s.Approvals = append(s.Approvals, Approval{
			Name: r.Metadata.Name, PlanHash: r.Spec.PlanHash, Approver: r.Spec.Approver, Reason: r.Spec.Reason, Expires: expires, File: d.File, Line: d.Line,
		})
		return problems
	}
	waivable, known := rule(r.Spec.Rule)
	switch scope, _, _ := strings.Cut(r.Spec.Rule, "."); {
	case !known:
		problems = append(problems, d.Problemf([]string{"spec", "rule"}, "there is no rule %q; give its id, such as spec.allowed_cidrs", r.Spec.Rule))
	case scope == "plan":
		problems = append(problems, d.Problemf([]string{"spec", "rule"}, "%s judges whole plans, so no resource can be waived; approve the plan instead", r.Spec.Rule))
	case !waivable:
		problems = append(problems, d.Problemf([]string{"spec", "rule"}, "%s is mandatory and cannot be waived", r.Spec.Rule))
	}
	s.Waivers = append(s.Waivers, Waiver{
		Name: r.Metadata.Name, Rule: r.Spec.Rule, Selector: r.Spec.Selector, Owner: r.Spec.Owner, Reason: r.Spec.Reason, Expires: expires, File: d.File, Line: d.Line,
	})
	return problems
}
