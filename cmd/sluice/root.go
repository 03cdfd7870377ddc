package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile"
)

// app is the world a command runs in.
type app struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	pace           reconcile.Pace    // of the loop; its own when zero
	simulated      bool              // EC2 is the demo's simulator
	transport      http.RoundTripper // to EC2, in place of the network; for tests
	faster         int               // how many times as fast a simulated EC2 runs, for conformance
}

// execute runs one command line and returns its exit status.
func (a *app) execute(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if stray := root.Flags().Args(); err == nil && len(stray) > 0 { // --help behind what is no command
		err = noSuchCommand(root, stray)
	}
	var s statusError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &s):
		return int(s)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil && !errors.Is(err, context.Cause(ctx)) {
		err = fmt.Errorf("ended before it was done: %w", context.Cause(ctx)) // whatever was just being read
	}
	fmt.Fprintf(a.stderr, "sluice: %s\n", printable(err.Error()))
	return exitFailed
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sluice",
		Short: "Keep the private IP addresses of AWS NAT gateways and network interfaces as Git says",
		Long: `sluice keeps the private IP addresses of AWS NAT gateways and network interfaces
as a Git repository says they should be, and lets a change through only when
policy agrees.

Exit status: 0 done, nothing pending; 2 changes are pending or still converging;
3 policy denied or held something; 1 could not do its work.`,
		Example: `  sluice demo                                       see all of it, no AWS account needed
  sluice plan --dir specs/                          what would change, and what policy says
  sluice apply --dir specs/ --mode apply --wait     carry it out, and wait for the drains
  sluice audit specs/ --policy policies/            judge specs in CI, without AWS
  sluice serve --config sluice.yaml                 the daemon`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.AddCommand(
		a.serveCommand(), a.planCommand(), a.applyCommand(), a.auditCommand(), a.historyCommand(), a.healthCommand(), a.ackCommand(),
		a.explainCommand(), a.policyCommand(), a.importCommand(), a.doctorCommand(), a.iamPolicyCommand(), a.conformanceCommand(), a.scheduleCommand(), a.schemaCommand(), a.simCommand(), a.demoCommand(), a.versionCommand(),
	)
	helpful(root)
	return root
}

// logger writes text on a terminal and JSON elsewhere.
func (a *app) logger() *slog.Logger {
	options := &slog.HandlerOptions{ReplaceAttr: withUnits}
	if isTerminal(a.stderr) {
		return slog.New(slog.NewTextHandler(a.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(a.stderr, options))
}

// withUnits has JSON say 8s, as text does, and not 8000000000.
func withUnits(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// printable cleans a text line by line: an error may quote what a server or a file said.
func printable(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = render.Clean(line)
	}
	return strings.Join(lines, "\n")
}
