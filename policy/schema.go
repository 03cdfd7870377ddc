package policy

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

// Schema returns the JSON Schema (draft 7) of a scope's input, or nil for a scope
// that does not exist. Rules are type-checked against it when they are loaded.
func Schema(scope Scope) []byte {
	data, err := schemaFiles.ReadFile("schemas/" + string(scope) + ".json")
	if err != nil {
		return nil
	}
	return bytes.Clone(data)
}

// Scopes returns the scopes, in the order in which they judge a change.
func Scopes() []Scope { return slices.Clone(scopes) }

// Schemas returns one JSON Schema (draft 7) with the inputs of all scopes: an input
// fits one of its definitions, which have the scopes' names.
func Schemas() []byte {
	all := struct {
		Schema      string                    `json:"$schema"`
		Title       string                    `json:"title"`
		Description string                    `json:"description"`
		AnyOf       []map[string]string       `json:"anyOf"`
		Definitions map[Scope]json.RawMessage `json:"definitions"`
	}{
		Schema:      "http://json-schema.org/draft-07/schema#",
		Title:       "inputs of sluice rules",
		Description: "What the rules of each scope see as their input. Definitions are by scope.",
		Definitions: map[Scope]json.RawMessage{},
	}
	for _, scope := range scopes {
		all.AnyOf = append(all.AnyOf, map[string]string{"$ref": "#/definitions/" + string(scope)})
		all.Definitions[scope] = definition(Schema(scope))
	}
	out, _ := json.MarshalIndent(all, "", "  ") // it holds what is embedded, which a test reads
	return append(out, '\n')
}

// definition takes the line that names the draft out of a schema: only the top of a
// document may have it. The order of the rest stays as it was written for people.
func definition(schema []byte) json.RawMessage {
	const draft = `"$schema": "http://json-schema.org/draft-07/schema#",`
	return bytes.Replace(schema, []byte(draft), nil, 1)
}

// parsedSchema returns the schema as OPA takes it, and the fields that every
// input of the scope has.
func parsedSchema(scope Scope) (schema any, required []string, err error) {
	data := Schema(scope)
	if err := json.Unmarshal(data, &schema); err != nil {
		return nil, nil, fmt.Errorf("the schema of scope %s: %w", scope, err)
	}
	var top struct {
		Required []string `json:"required"`
	}
	if err := json.Unmarshal(data, &top); err != nil {
		return nil, nil, fmt.Errorf("the schema of scope %s: %w", scope, err)
	}
	return schema, top.Required, nil
}
