package spec

// Selector picks documents: all that is set must fit, and the zero value fits all.
type Selector struct {
	Labels map[string]string `json:"labels,omitempty"`
	Target string            `json:"target,omitempty"`
	Kind   string            `json:"kind,omitempty"`
	Name   string            `json:"name,omitempty"`
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
