package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// schemas are the published JSON Schemas by name.
func schemas() map[string]func() []byte {
	input := func(scope policy.Scope) func() []byte { return func() []byte { return policy.Schema(scope) } }
	return map[string]func() []byte{
		"spec": spec.Schema, "config": config.Schema, "ruling": ruling.Schema,
		"input.spec": input(policy.ScopeSpec), "input.action": input(policy.ScopeAction), "input.plan": input(policy.ScopePlan),
	}
}

func (a *app) schemaCommand() *cobra.Command {
	names := slices.Sorted(maps.Keys(schemas()))
	return &cobra.Command{
		Use:   "schema " + strings.Join(names, "|"),
		Short: "Print a JSON Schema: of specs, of the configuration, of what rules see",
		Long: `Print a JSON Schema. Editors complete and check specs with it: put this line at
the top of a file, with the path of what this command printed.

  # yaml-language-server: $schema=spec.schema.json`,
		Example: `  sluice schema spec > spec.schema.json
  sluice schema input.action`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || schemas()[args[0]] == nil {
				return fmt.Errorf("name one schema: %s", strings.Join(names, ", "))
			}
			return nil
		},
		ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error {
			_, err := a.stdout.Write(schemas()[args[0]]())
			return err
		},
	}
}
