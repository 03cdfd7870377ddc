package policy

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
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
