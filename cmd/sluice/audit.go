package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func (a *app) auditCommand() *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "audit [DIR]",
		Short: "Judge specs by policy, without AWS",
		Long: `Judge specs by the sluice.spec rules, without AWS and without credentials: for
pull requests. Every rule is named, those that pass too.`,
		Example: `  sluice audit specs/ --policy policies/
  sluice audit --repo https://git.example.com/net/addresses.git --ref my-change -o json`,
		Args: upToOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if c.dir != "" {
					return fmt.Errorf("the folder is given twice, as %q and with --dir", args[0])
				}
				c.dir = args[0]
			}
			cfg, err := c.settings(a.getenv)
			if err != nil {
				return err
			}
			return a.audit(cmd.Context(), cfg, c.output)
		},
	}
	c.where(cmd)
	c.outputFlag(cmd, "text", "json")
	return cmd
}

func (a *app) audit(ctx context.Context, cfg config.Config, output string) error {
	specs, policies, err := a.sources(cfg)
	if err != nil {
		return err
	}
	progress := a.progress(a.stderr, nil)
	endProgress := background(ctx, progress.Run)
	progress.Event(reconcile.Event{Kind: reconcile.EventReading, What: specs.String()})
	d, err := reconcile.Look(ctx, specs, policies)
	endProgress()
	if err != nil {
		return err
	}
	if d.Engine == nil {
		return d.Err
	}
	report := render.AuditReport{PolicyDigest: d.Engine.Digest()}
	for _, doc := range d.Specs.Documents {
		report.Documents = append(report.Documents, auditDocument(ctx, d.Engine, doc, a.now()))
	}
	if err := d.Specs.Err(); err != nil {
		report.Problems = append(report.Problems, err.Error())
	}
	if output == "json" {
		err = render.AuditJSON(a.stdout, report)
	} else {
		err = render.New(a.stdout, a.getenv).Audit(report)
	}
	if err != nil {
		return err
	}
	return status(auditStatus(report))
}

func auditDocument(ctx context.Context, engine *policy.Engine, doc spec.Document, now time.Time) render.AuditDocument {
	out := render.AuditDocument{File: doc.File, Line: doc.Line, Kind: string(doc.Kind), Name: doc.Name}
	for _, p := range doc.Problems {
		out.Problems = append(out.Problems, p.Error())
	}
	if len(doc.Problems) > 0 {
		return out
	}
	res, err := engine.Eval(ctx, policy.ScopeSpec, judge.SpecInput(doc), now)
	if err != nil {
		out.Rules = append(out.Rules, render.AuditRule{ID: judge.EngineRule, Decision: "error", Msg: err.Error()})
		return out
	}
	said := map[string]bool{}
	for _, d := range res.Decisions {
		said[d.Rule] = true
		out.Rules = append(out.Rules, render.AuditRule{ID: d.Rule, Decision: d.Kind, Msg: d.Msg})
	}
	for _, id := range res.Evaluated {
		if !said[id] {
			out.Rules = append(out.Rules, render.AuditRule{ID: id, Decision: "pass"})
		}
	}
	return out
}

func auditStatus(r render.AuditReport) int {
	s := r.Count()
	switch {
	case s.Faulty+s.Problems > 0 || s.Documents == 0:
		return exitFailed
	case s.Denied+s.Held > 0:
		return exitDenied
	}
	return exitDone
}
