package policy

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2027, 1, 2, 12, 0, 0, 0, time.UTC)

// ruleFile is a rule of the given body with the METADATA that every rule has; the
// body starts on line 5.
func ruleFile(pkg, body string) File {
	name := pkg[strings.LastIndex(pkg, ".")+1:]
	return File{Path: name + ".rego", Data: []byte("# METADATA\n# title: A rule\npackage " + pkg + "\n\n" + body + "\n")}
}

func source(files ...File) Source { return Source{Name: "rules", Files: files} }

func file(path, data string) File { return File{Path: path, Data: []byte(data)} }

// loadProblems returns what Load says of the sources, and fails when it says nothing.
func loadProblems(t *testing.T, sources ...Source) []Problem {
	t.Helper()
	_, err := Load(t.Context(), sources, Options{})
	var le *LoadError
	if !errors.As(err, &le) {
		t.Fatalf("Load gave %v, want a *LoadError", err)
	}
	return le.Problems
}

func wantProblem(t *testing.T, problems []Problem, want string) {
	t.Helper()
	for _, p := range problems {
		if strings.Contains(p.String(), want) {
			return
		}
	}
	t.Errorf("no problem contains\n\t%s\nthe problems are\n\t%v", want, problems)
}

// specInput and the next two are inputs that the shipped library has nothing
// against.
func specInput() map[string]any {
	return map[string]any{
		"apiVersion": "sluice/v1", "kind": "NatGateway", "file": "gateways/a.yaml", "line": 1,
		"metadata": map[string]any{"name": "egress-a", "labels": map[string]any{"env": "prod"}},
		"spec": map[string]any{
			"id":         "nat-0ee3edd182361f662",
			"secondary":  map[string]any{"addresses": []any{"10.0.1.20", "10.0.1.21"}},
			"drain":      map[string]any{"maxDuration": "350s"},
			"minServing": 1,
		},
	}
}

func commitInput() map[string]any {
	person := map[string]any{"name": "Ada", "email": "ada@example.com"}
	return map[string]any{"id": "4b825dc6", "author": person, "committer": person, "signer": "", "time": noon.Format(time.RFC3339), "message": "add one"}
}

func actionInput() map[string]any {
	return map[string]any{
		"action": map[string]any{
			"verb": "unassign", "addresses": []any{"10.0.1.21"}, "prefixes": []any{}, "maxDrainSeconds": 350,
			"wave": 0, "from": "", "servingBefore": 3, "servingAfter": 2,
		},
		"resource": map[string]any{
			"target": "default", "kind": "NatGateway", "id": "nat-0ee3edd182361f662", "vpcId": "vpc-1", "subnetId": "subnet-1",
			"state": "available", "connectivityType": "private", "tags": map[string]any{"Name": "egress-a"},
			"primary": []any{"10.0.1.4"},
			"addresses": []any{
				map[string]any{"ip": "10.0.1.4", "primary": true, "status": "succeeded", "networkInterfaceId": "eni-1"},
				map[string]any{"ip": "10.0.1.20", "primary": false, "status": "succeeded"},
				map[string]any{"ip": "10.0.1.21", "primary": false, "status": "succeeded"},
			},
		},
		"document": specInput(), "commit": commitInput(), "mode": "dry-run", "time": noon.Format(time.RFC3339),
	}
}

func planInput() map[string]any {
	return map[string]any{
		"plan": map[string]any{
			"version": 1, "commit": "4b825dc6", "policyDigest": "sha256:0", "inventoryHash": "sha256:1", "planHash": "sha256:2", "mode": "dry-run",
			"resources": []any{map[string]any{
				"target": "default", "kind": "NatGateway", "id": "nat-0ee3edd182361f662",
				"spec":  map[string]any{"name": "egress-a", "file": "gateways/a.yaml", "line": 1},
				"state": "pending", "reason": "",
				"waves": []any{
					[]any{map[string]any{"verb": "assign", "addresses": []any{"10.0.1.22"}}},
					[]any{map[string]any{"verb": "unassign", "addresses": []any{"10.0.1.21"}, "maxDrainSeconds": 350}},
				},
				"verdicts": []any{map[string]any{"rule": "action.cap_drain", "decision": "cap", "msg": "capped"}},
			}},
			"summary": map[string]any{"inSync": 0, "pending": 1, "converging": 0, "blocked": 0, "held": 0, "denied": 0, "error": 0},
		},
		"commit": commitInput(), "mode": "dry-run", "time": noon.Format(time.RFC3339),
	}
}

func inputOf(scope Scope) map[string]any {
	return map[Scope]func() map[string]any{ScopeSpec: specInput, ScopeAction: actionInput, ScopePlan: planInput}[scope]()
}
