package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/notify"
)

func TestReceiversAreRead(t *testing.T) {
	got, problems := Load("/etc/sluice.yaml", []byte(head+`specs: {dir: specs}
notify:
  - {slack: {tokenFile: bot, channel: C1, apiUrl: "https://slack-gov.com/api", caFile: ca.pem}, on: [failed, held], targets: [default]}
  - {slack: {urlEnv: HOOK}}
  - {cloudEvents: {url: "http://broker.events.svc/default", caFile: /ca.pem}}
traces: {url: "https://collector.example.com:4318/v1/traces", tokenEnv: OTLP}
`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	etc := func(name string) string { return filepath.Join("/etc", name) }
	want := []Notify{
		{Slack: &Slack{Token: Secret{File: etc("bot")}, Channel: "C1", API: "https://slack-gov.com/api", CAFile: etc("ca.pem")}, On: []string{"failed", "held"}, Targets: []string{"default"}},
		{Slack: &Slack{URL: Secret{Env: "HOOK"}}},
		{CloudEvents: &Receiver{URL: "http://broker.events.svc/default", CAFile: "/ca.pem"}},
	}
	if !reflect.DeepEqual(got.Notify, want) {
		t.Errorf("notify %+v", got.Notify)
	}
	if *got.Traces != (Traces{URL: "https://collector.example.com:4318/v1/traces", Token: Secret{Env: "OTLP"}}) {
		t.Errorf("traces %+v", got.Traces)
	}
}

func TestTheSchemaKnowsEveryKind(t *testing.T) {
	var schema struct {
		Properties struct {
			Notify struct {
				Items struct {
					Properties struct {
						On struct{ Items struct{ Enum []notify.Kind } }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	if got := schema.Properties.Notify.Items.Properties.On.Items.Enum; !reflect.DeepEqual(got, notify.Kinds()) {
		t.Errorf("the schema has %v, and there are %v", got, notify.Kinds())
	}
}

func TestTheExampleOfReceiversLoads(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "observability", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "```yaml\nnotify:\n")
	block, _, found := strings.Cut(rest, "```")
	got, problems := Load("sluice.yaml", []byte(head+"specs: {dir: x}\ntargets: {prod-use1: {region: us-east-1}}\nnotify:\n"+block))
	if !found || len(problems) > 0 || len(got.Notify) != 3 {
		t.Errorf("%v, %+v", problems, got.Notify)
	}
}
