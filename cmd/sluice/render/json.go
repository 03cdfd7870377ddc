package render

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// PlanJSON writes a plan's stable JSON form, which can be read back.
func PlanJSON(w io.Writer, p plan.Plan) error { return writeJSON(w, p.WholeLists()) }

// ApplyJSON writes what a pass of apply came to: the last plan, the calls in the
// order in which they ended, and the probes of a dry-run.
func ApplyJSON(w io.Writer, p plan.Plan, steps []apply.Step, probes []apply.Probe) error {
	out := struct {
		Plan   plan.Plan     `json:"plan"`
		Calls  []call        `json:"calls"`
		Probes []apply.Probe `json:"probes"`
	}{p.WholeLists(), []call{}, append([]apply.Probe{}, probes...)}
	for _, s := range steps {
		out.Calls = append(out.Calls, call{
			Commit: s.Commit, PolicyDigest: s.PolicyDigest, PlanHash: s.PlanHash, Target: s.Target, Kind: s.Kind, ID: s.ID,
			Spec: s.Spec, Action: s.Action, Outcome: s.Outcome, Code: s.Code, RequestID: s.RequestID, Message: s.Message,
		})
	}
	return writeJSON(w, out)
}

// call is the JSON form of an [apply.Step]. It names the plan that it belongs to:
// a pass that waits plans anew after each call.
type call struct {
	Commit       string         `json:"commit"`
	PolicyDigest string         `json:"policyDigest"`
	PlanHash     string         `json:"planHash"`
	Target       string         `json:"target"`
	Kind         inventory.Kind `json:"kind"`
	ID           string         `json:"id"`
	Spec         plan.SpecRef   `json:"spec"`
	Action       plan.Action    `json:"action"`
	Outcome      apply.Outcome  `json:"outcome"`
	Code         string         `json:"code,omitempty"`
	RequestID    string         `json:"requestId,omitempty"`
	Message      string         `json:"message,omitempty"`
}

// writeJSON writes v indented, with a line break at the end.
func writeJSON(w io.Writer, v any) error { return encode(w, v, "  ") }

// writeJSONLine writes v on one line.
func writeJSONLine(w io.Writer, v any) error { return encode(w, v, "") }

// encode writes once, so that a failure leaves no half a document. Angle brackets
// stay readable: this JSON is no part of a web page.
func encode(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(cleanJSON(b.Bytes()))
	return err
}
