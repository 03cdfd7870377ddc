package config

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/seed-6ca89210/sluice/gitsource"
)

// An editor shows the schema's defaults; the program has those of gitsource.
func TestTheDefaultsOfLimitsAreThoseThatTheSchemaTells(t *testing.T) {
	var schema struct {
		Defs struct {
			Repo struct {
				Properties struct {
					Limits struct {
						Properties map[string]struct{ Default any }
					}
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	written := map[string]any{}
	for name, field := range schema.Defs.Repo.Properties.Limits.Properties {
		written[name] = field.Default
	}
	text, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	cfg, problems := Load("sluice.yaml", fmt.Appendf(nil, "%sspecs: {url: \"https://h/x\", limits: %s}\n", head, text))
	if len(problems) > 0 || cfg.Specs.Limits != gitsource.DefaultLimits() {
		t.Errorf("the schema's defaults %s mean\n%+v, and without them hold\n%+v; %v", text, cfg.Specs.Limits, gitsource.DefaultLimits(), problems)
	}
}
