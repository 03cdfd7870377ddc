package spec

// Selector picks documents: all that is set must fit, and the zero value fits all.
type Selector struct {
	Labels map[string]string `json:"labels,omitempty"` // metadata.labels: the document has all of these
	Target string            `json:"target,omitempty"` // spec.target, "default" where a document names none
	Kind   string            `json:"kind,omitempty"`   // NatGateway or NetworkInterface
	Name   string            `json:"name,omitempty"`   // metadata.name
}

// Selects reports whether the selector fits a document.
func (s Selector) Selects(doc Document) bool {
	if s.Target != "" && s.Target != doc.Target || s.Kind != "" && s.Kind != string(doc.Kind) || s.Name != "" && s.Name != doc.Name {
		return false
	}
	for k, v := range s.Labels {
		if got, ok := doc.Labels[k]; !ok || got != v {
			return false
		}
	}
	return true
}
