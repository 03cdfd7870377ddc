package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// schemaNames are the published JSON Schemas, in the order that one meets them.
var schemaNames = []string{"spec", "config", "input", "ruling"}

// schemaText returns a schema by the words of a command line.
func schemaText(words []string) ([]byte, error) {
	name := ""
	if len(words) > 0 {
		name = words[0]
	}
	schemas := map[string]func() []byte{"spec": spec.Schema, "config": config.Schema, "input": policy.Schemas, "ruling": ruling.Schema}
	text := schemas[name]
	switch {
	case text == nil:
		return nil, fmt.Errorf("name one schema: %s", strings.Join(schemaNames, ", "))
	case len(words) == 1:
		return text(), nil
	case name != "input" || len(words) > 2:
		return nil, fmt.Errorf("%q is one argument too many; only input takes another: %s", words[len(words)-1], scopeNames())
	}
	if data := policy.Schema(policy.Scope(words[1])); data != nil {
		return data, nil
	}
	return nil, fmt.Errorf("rules have no input %q; it is one of %s, or all of them without a name", words[1], scopeNames())
}

func scopeNames() string {
	var names []string
	for _, s := range policy.Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema spec|config|input [spec|action|plan]|ruling",
		Short: "Print a JSON Schema: of specs, of the configuration, of what rules see",
		Long: `Print a JSON Schema: of specs, of the configuration, of waivers and approvals
(ruling), or of what rules see as their input, all scopes in one document or one.

Editors complete and check specs and configurations with it: put this line at the
top of a file, with the path of what this command printed.

  # yaml-language-server: $schema=spec.schema.json`,
		Example: `  sluice schema spec > spec.schema.json
  sluice schema config > config.schema.json
  sluice schema input action`,
		Args: func(_ *cobra.Command, args []string) error {
			_, err := schemaText(args)
			return err
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			switch {
			case len(args) == 0:
				return slices.Clone(schemaNames), cobra.ShellCompDirectiveNoFileComp
			case len(args) == 1 && args[0] == "input":
				return strings.Split(scopeNames(), ", "), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := schemaText(args)
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(data)
			return err
		},
	}
}
