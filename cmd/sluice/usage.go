package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// noArgs refuses arguments in words that say what the command is given instead.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q is one argument too many: %s takes only flags; %s lists them", args[0], cmd.CommandPath(), help(cmd))
	}
	return nil
}

// upToOne refuses more than one argument.
func upToOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%q is one argument too many; %s shows what %s takes", args[1], help(cmd), cmd.CommandPath())
	}
	return nil
}

// noSuchCommand is the answer of a command that only has others below it.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		hint = fmt.Sprintf(" (did you mean %q?)", strings.Join(like, `" or "`))
	}
	return fmt.Errorf("there is no command %q%s; %s lists the commands", strings.TrimPrefix(cmd.CommandPath()+" "+args[0], "sluice "), hint, help(cmd))
}

func help(cmd *cobra.Command) string { return fmt.Sprintf("`%s --help`", cmd.CommandPath()) }

// helpful makes cobra's own commands and errors keep to our rules: nothing that is
// misspelt ends with status 0, and every message says where to look.
func helpful(root *cobra.Command) {
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; %s lists the flags", err, help(cmd))
	})
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion":
			cmd.Args = noSuchCommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		case "help":
			cmd.Run = nil
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				about, rest, err := root.Find(args)
				if err != nil || len(rest) > 0 {
					return noSuchCommand(root, args)
				}
				return about.Help()
			}
		}
	}
}
