package iampolicy

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The fence of reconcile/conformance names all that it lets out; all of that must be allowed, and no more.
func TestAConformanceRunMayDoWhatItDoesAndNoMore(t *testing.T) {
	source, err := os.ReadFile("../conformance/fence.go")
	if err != nil {
		t.Fatal(err)
	}
	let := map[string]bool{"CreateTags": true} // part of each creation
	for _, m := range regexp.MustCompile(`"((?:Describe|Get|Create|Delete|Assign|Unassign)[A-Za-z]+)"`).FindAllStringSubmatch(string(source), -1) {
		let[m[1]] = true
	}
	policy, err := json.Marshal(Conformance("sluice:conformance", []Target{{Partition: "aws", Region: "eu-central-1", Account: "123456789012"}}))
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{}
	for _, m := range regexp.MustCompile(`"ec2:([A-Z][a-z]+[A-Za-z]*)"`).FindAllStringSubmatch(string(policy), -1) {
		if m[1] != "Region" && m[1] != "CreateAction" {
			allowed[m[1]] = true
		}
	}
	for name := range let {
		if !allowed[name] {
			t.Errorf("%s is not allowed", name)
		}
	}
	for name := range allowed {
		if !let[name] {
			t.Errorf("%s is allowed for nothing", name)
		}
	}
	if len(let) < 13 || strings.Count(string(policy), `"aws:ResourceTag/sluice:conformance":["*"]`) != 2 {
		t.Errorf("%d calls, in %s", len(let), policy)
	}
}
