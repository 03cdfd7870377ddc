package spec

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// Suspend is a stop that stands in the document itself: until then sluice makes no
// call for its resource.
type Suspend struct {
	Until  time.Time // UTC; from then on it does not count
	Reason string    // for people
	Owner  string    // whom to ask
}

// suspend reads spec.suspend.
func (r *reader) suspend(until, reason, owner string) {
	at, err := strictyaml.Instant(until)
	if err != nil {
		r.problem([]string{"spec", "suspend", "until"}, "until %v; write one such as 2027-03-01T18:00:00Z, after which the suspend does not count", err)
		return
	}
	r.doc.Suspend = &Suspend{Until: at, Reason: reason, Owner: owner}
}

// Asks is what a document asks for: its spec as JSON, without a suspend, which asks
// for nothing. So a suspend makes no drift a request, nor the other way round.
func (d Document) Asks() json.RawMessage {
	var whole struct {
		Spec json.RawMessage `json:"spec"`
	}
	if json.Unmarshal(d.JSON, &whole) != nil || d.Suspend == nil {
		return whole.Spec
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(whole.Spec, &fields) != nil {
		return whole.Spec
	}
	delete(fields, "suspend")
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // as it is written without a suspend
	if enc.Encode(fields) != nil {
		return whole.Spec
	}
	return bytes.TrimSpace(b.Bytes())
}
