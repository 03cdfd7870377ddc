package conformance

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"sigs.k8s.io/yaml"
)

// Answers is what EC2 answered, in the form of the simulator's file of kind Behaviour. By question there is EC2's
// error code, or accepted.
type Answers struct {
	Run    string `json:"run"` // the run's id
	Region string `json:"region"`
	Asked  string `json:"asked"` // RFC 3339

	Codes             map[string]string `json:"codes,omitempty"`
	DryRun            map[string]string `json:"dryRun,omitempty"`            // asked with DryRun=true
	DryRunTakesTokens *bool             `json:"dryRunTakesTokens,omitempty"` // nil: not found out
	PartialSuccess    *bool             `json:"partialSuccess,omitempty"`    // a call with one bad address did the good one; nil: not found out
	DrainEnds         string            `json:"drainEnds,omitempty"`         // how long the drain of an idle address took, a Go duration in whole seconds; empty: about as long as it may, or not found out
	Assign            string            `json:"assign,omitempty"`            // how long an address was assigning, likewise; empty: not found out
	Create            string            `json:"create,omitempty"`            // how long the gateway was pending, likewise
	Unasked           map[string]string `json:"unasked,omitempty"`           // question: why there is no answer
}

func newAnswers(cfg Config) *Answers {
	return &Answers{
		Run: cfg.Run, Region: cfg.AWS.Region, Asked: time.Now().UTC().Format(time.RFC3339),
		Codes: map[string]string{}, DryRun: map[string]string{}, Unasked: maps.Clone(neverAsked),
	}
}

// neverAsked are the questions that no client can ask of what is its own and cheap.
var neverAsked = map[string]string{
	"failed-rows":    "no client can make an assignment fail after it was accepted; look at one that did",
	"public-gateway": "it would need an Elastic IP address and an internet gateway",
}

// YAML is the file, which the simulator reads with --behaviour. An error would be a bug:
// the answers are plain values.
func (a *Answers) YAML() ([]byte, error) {
	data, err := yaml.Marshal(map[string]any{"apiVersion": "sluice/v1", "kind": "Behaviour", "behaviour": a})
	if err != nil {
		return nil, err
	}
	head := "# What EC2 answered where its documentation says nothing. `sluice sim --behaviour FILE` answers the same.\n"
	return append([]byte(head), data...), nil
}

// Missing lists the questions without an answer that a client could have got, with the reason.
func (a *Answers) Missing() (list []string) {
	for _, q := range slices.Sorted(maps.Keys(a.Unasked)) {
		if _, never := neverAsked[q]; !never {
			list = append(list, fmt.Sprintf("%s: %s", q, a.Unasked[q]))
		}
	}
	return list
}

// seconds writes a measured time as the simulator reads it.
func seconds(d time.Duration) string { return d.Round(time.Second).String() }
