package ec2sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// accepted is the answer of an EC2 that does what is asked.
const accepted = "accepted"

// Behaviour is what AWS answered to questions that its documentation leaves open, as `sluice
// conformance` asks them. What is absent is answered as the table of the package comment says.
type Behaviour struct {
	Run    string `json:"run,omitempty"`    // the run's id; for people
	Region string `json:"region,omitempty"` // where it asked; for people
	Asked  string `json:"asked,omitempty"`  // when, RFC 3339; for people

	Codes             map[string]string `json:"codes,omitempty"`             // by question: the error code, or accepted
	DryRun            map[string]string `json:"dryRun,omitempty"`            // the same questions, asked with DryRun
	DryRunTakesTokens *bool             `json:"dryRunTakesTokens,omitempty"` // nil: not asked, and it takes them
	PartialSuccess    *bool             `json:"partialSuccess,omitempty"`    // a call with one bad address does the others; nil: not asked, and it does none
	DrainEnds         Duration          `json:"drainEnds,omitempty"`         // when the drain of an idle address ends; its maximum when absent
	Assign            Duration          `json:"assign,omitempty"`            // how long an address was assigning; see [Timing]
	Create            Duration          `json:"create,omitempty"`            // how long a gateway was pending; see [Timing]
	Unasked           map[string]string `json:"unasked,omitempty"`           // question: why it has no answer; for people
}

// questions are those of Codes and DryRun.
var questions = []string{
	"gateway-missing", "gateway-pending", "gateway-deleting", "gateway-interface",
	"unassign-primary", "unassign-not-there", "address-outside-subnet", "address-taken", "address-on-gateway-already",
	"ninth-address", "several-one-taken", "busy-assigning", "busy-draining",
	"interface-address-taken", "interface-address-not-there",
}

type behaviourFile struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Behaviour  Behaviour `json:"behaviour"`
}

// ParseBehaviour reads a file of kind Behaviour, as `sluice conformance` writes it. The
// error joins every problem, each with file, line and column: text that is no such file,
// an unknown field or question, an empty code.
func ParseBehaviour(file string, data []byte) (Behaviour, error) {
	docs, problems := strictyaml.Parse(file, data)
	switch {
	case len(problems) > 0:
		return Behaviour{}, join(problems)
	case len(docs) != 1:
		return Behaviour{}, fmt.Errorf("%s: has %d documents; a file of answers has exactly one, of kind Behaviour", file, len(docs))
	}
	var doc behaviourFile
	var value map[string]any
	if err := json.Unmarshal(docs[0].JSON(), &value); err != nil {
		return Behaviour{}, fmt.Errorf("%s: %w", file, err)
	}
	k := checker{doc: docs[0]}
	if value["apiVersion"] != "sluice/v1" || value["kind"] != "Behaviour" {
		k.bad(path{"kind"}, "must be Behaviour of sluice/v1, as `sluice conformance` writes it")
		return Behaviour{}, join(k.problems) // a file of another kind has no use for the rest
	}
	if k.form(nil, value, reflect.TypeFor[behaviourFile]()); len(k.problems) > 0 {
		return Behaviour{}, join(k.problems)
	}
	if err := docs[0].Decode(&doc); err != nil {
		return Behaviour{}, err
	}
	k.behaviour(path{"behaviour"}, doc.Behaviour)
	return doc.Behaviour, join(k.problems)
}

// behaviour checks that each answer is to a question that there is.
func (k *checker) behaviour(at path, b Behaviour) {
	for field, answers := range map[string]map[string]string{"codes": b.Codes, "dryRun": b.DryRun} {
		for question, code := range answers {
			k.oneOf(at.at(field, question), question, questions...)
			if code == "" {
				k.bad(at.at(field, question), "must be an error code of EC2, or accepted")
			}
		}
	}
}

func (b Behaviour) clone() Behaviour {
	b.Codes, b.DryRun, b.Unasked = maps.Clone(b.Codes), maps.Clone(b.DryRun), maps.Clone(b.Unasked)
	return b
}

// answer is the failure that AWS answers a question with: otherwise's code where nobody has asked; nil
// where AWS does what is asked.
func (w *World) answer(question, otherwise, format string, args ...any) *failure {
	code := w.Behaviour.Codes[question]
	if code == accepted {
		return nil
	}
	orElse(&code, otherwise)
	f := fail(code, format, args...)
	f.of = question
	return f
}

// dryRun is what a request with DryRun is answered, when without it problem would be.
func (w *World) dryRun(problem *failure) *failure {
	if problem != nil {
		if code := w.Behaviour.DryRun[problem.of]; code != "" && code != codeDryRun && code != accepted {
			return fail(code, "%s", problem.message)
		}
	}
	return fail(codeDryRun, "Request would have succeeded, but DryRun flag is set.")
}

// assigning is how long an address is assigning. It is asked for when an address is, and no
// default of the world: answers may come after the world was read.
func (w *World) assigning() Duration {
	return cmp.Or(w.Timing.Assign, w.Behaviour.Assign, Duration(3*time.Second))
}

// creating is how long a gateway is pending, and deleting.
func (w *World) creating() Duration {
	return cmp.Or(w.Timing.Create, w.Behaviour.Create, Duration(10*time.Second))
}
