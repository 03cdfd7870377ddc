package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render/report"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// auditOptions are the flags of an audit.
type auditOptions struct {
	common
	warnAsError bool
}

func (a *app) auditCommand() *cobra.Command {
	var c auditOptions
	cmd := &cobra.Command{
		Use:   "audit [DIR]",
		Short: "Judge specs by policy, without AWS",
		Long: `Judge specs by the sluice.spec rules, without AWS and without credentials: for
pull requests. Every rule is named, those that pass too.`,
		Example: `  sluice audit specs/ --policy policies/
  sluice audit --repo https://git.example.com/net/addresses.git --ref my-change -o json
  sluice audit specs/ -o sarif > sluice.sarif`,
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
			return a.audit(cmd.Context(), cfg, c)
		},
	}
	c.where(cmd)
	c.outputFlag(cmd, append([]string{"text", "json"}, slices.Sorted(maps.Keys(report.Formats()))...)...)
	cmd.Flags().BoolVar(&c.warnAsError, "warn-as-error", false, "end with 3 when a rule warns")
	return cmd
}

func (a *app) audit(ctx context.Context, cfg config.Config, opts auditOptions) error {
	specs, policies, err := a.sources(cfg)
	if err != nil {
		return err
	}
	progress := a.progress(a.stderr, nil)
	endProgress := background(ctx, progress.Run)
	progress.Event(reconcile.Event{Kind: reconcile.EventReading, What: specs.String()})
	d, err := reconcile.Look(ctx, specs, policies, isolated(cfg))
	endProgress()
	if err != nil {
		return err
	}
	defer d.Close()
	if d.Engine == nil {
		return d.Err
	}
	auditor := judge.Auditor{Engine: d.Engine, Levels: d.Levels, Rulings: d.Rulings, Now: a.now()}
	audited := render.AuditReport{PolicyDigest: d.Engine.Digest(), Titles: map[string]string{}}
	for _, r := range d.Engine.Rules() {
		audited.Titles[r.ID] = r.Title
	}
	for _, doc := range d.Specs.Documents {
		audited.Documents = append(audited.Documents, auditDocument(ctx, auditor, doc))
	}
	if err := d.Specs.Err(); err != nil {
		audited.Problems = append(audited.Problems, err.Error())
	}
	if err := a.printAudit(audited, opts.output); err != nil {
		return err
	}
	return status(auditStatus(audited, opts.warnAsError))
}

func (a *app) printAudit(audited render.AuditReport, output string) error {
	switch output {
	case "text":
		return render.New(a.stdout, a.getenv).Audit(audited)
	case "json":
		audited.Titles = nil
		return render.AuditJSON(a.stdout, audited)
	}
	return report.Formats()[output](a.stdout, audited)
}

func auditDocument(ctx context.Context, auditor judge.Auditor, doc spec.Document) render.AuditDocument {
	out := render.AuditDocument{File: doc.File, Line: doc.Line, Kind: string(doc.Kind), Name: doc.Name}
	for _, p := range doc.Problems {
		out.Problems = append(out.Problems, p.Error())
	}
	if len(doc.Problems) > 0 {
		return out
	}
	verdicts, err := auditor.Spec(ctx, doc)
	if err != nil {
		out.Rules = append(out.Rules, render.AuditRule{ID: judge.EngineRule, Decision: "error", Msg: err.Error()})
		return out
	}
	for _, v := range verdicts {
		out.Rules = append(out.Rules, render.AuditRule{ID: v.Rule, Decision: v.Decision, Msg: v.Msg})
	}
	return out
}

func auditStatus(r render.AuditReport, warnAsError bool) int {
	s := r.Count()
	switch {
	case s.Faulty+s.Problems > 0 || s.Documents == 0:
		return exitFailed
	case s.Denied+s.Held > 0, warnAsError && s.Warnings > 0:
		return exitDenied
	}
	return exitDone
}
