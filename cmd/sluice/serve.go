package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
)

// serveHelp is what serve --help says before its example.
const serveHelp = `Pull the specs, judge, plan and apply them, and watch for drift, until SIGTERM or
SIGINT: then stop between two calls and say what is still draining. A process
that is killed loses nothing; the next one looks at EC2 and goes on.

The status page, and the API below /api/v1, are on http://127.0.0.1:8080 unless
listen in the configuration says otherwise. On loopback whoever is on the machine
may read; with web.tokenFile everybody needs the token, and a button on the page
makes the daemon look at Git at once.

Where the configuration names a secret for it, a signed POST /webhook/github
(gitlab, gitea, bitbucket, generic) makes it look at Git at once. The last
example signs one for generic.

With commitStatus in the configuration, the Git host is told what became of each
commit, as the status sluice/TARGET:

  commitStatus: {provider: github, tokenFile: status.token}

notify tells Slack, or whoever receives CloudEvents, what is new; traces names an
OpenTelemetry collector:

  notify: [{slack: {tokenFile: slack.token, channel: C0123456789}}]
  traces: {url: "https://collector.example.com:4318/v1/traces"}

On SIGHUP the configuration and the files that it names are read again. All of it
takes effect, between two calls; or, when anything is wrong with it, nothing does,
and the log says what. history.file, history.dynamodb, listen and web need a restart.

With history.dynamodb in place of history.file as many daemons as are started share
the targets: each target has one that works for it, and another one when that dies.
The pages of any of them show the record of all, and who works for which target.

  history: {dynamodb: {table: sluice}}

Targets may come and go with SIGHUP, in one daemon after another: one that does not
have a target yet leaves it to those that do, and one that has it no more gives it
back when its call has ended.

history.keep and history.export, in a file as in a table, have records that are older
exported, verified, and only then deleted:

  history: {dynamodb: {table: sluice}, keep: 400d, export: "s3://records/sluice"}`

func (a *app) serveCommand() *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "The daemon: pull, judge, plan, apply, watch for drift",
		Long:  serveHelp,
		Example: `  sluice serve --config sluice.yaml
  sluice serve --config sluice.yaml --mode observe
  kill -HUP $(pidof sluice)       after a change of sluice.yaml

  curl -H "Authorization: Bearer $(cat token)" -X POST http://127.0.0.1:8080/api/v1/look

  id=$(cat /proc/sys/kernel/random/uuid) time=$(date +%s)
  curl -d push -H "X-Sluice-Delivery: $id" -H "X-Sluice-Timestamp: $time" \
    -H "X-Sluice-Signature: sha256=$(printf %s "$id.$time.push" |
      openssl dgst -sha256 -hmac "$SECRET" -r | cut -d ' ' -f 1)" \
    http://127.0.0.1:8080/webhook/generic`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			hangup := make(chan os.Signal, 1)
			signal.Notify(hangup, syscall.SIGHUP)
			defer signal.Stop(hangup)
			a.collectGarbage(100)
			return a.serve(cmd.Context(), hangup, func() (config.Config, error) { return c.settings(cmd.Context(), a.getenv) })
		},
	}
	c.where(cmd)
	c.historyFlag(cmd)
	cmd.Flags().StringVar(&c.mode, "mode", "", "observe, dry-run or apply (default: the configuration's, dry-run)")
	return cmd
}

// background runs f beside what follows; the function it returns ends f and waits
// for it.
func background(ctx context.Context, f func(context.Context)) func() {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// runBoth runs the loop and the server until ctx ends or one of them fails; the
// other is then stopped too.
func runBoth(ctx context.Context, l net.Listener, h http.Handler, loop func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		served <- serveHTTP(ctx, l, h)
		cancel()
	}()
	err := loop(ctx)
	cancel()
	if e := <-served; err == nil {
		err = e
	}
	return err
}
