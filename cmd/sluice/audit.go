package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render/report"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// auditOptions are the flags and arguments of an audit.
type auditOptions struct {
	common
	paths       []string
	diff        string
	live        bool
	warnAsError bool
	explain     bool
}

func (a *app) auditCommand() *cobra.Command {
	var c auditOptions
	cmd := &cobra.Command{
		Use:   "audit [PATH…]",
		Short: "Judge specs by policy, without AWS: for pull requests",
		Long: `Judge specs by the sluice.spec rules, without AWS and without credentials: for
pull requests. Paths are folders and files; they are one snapshot, so that two
specs for one resource are found wherever they lie. Every rule is named, those
that pass too, and a place in a file is named as the path was given: run it from
the root of the repository, and code hosts link it. With --config, paths stand in
place of the specs that the file names.

--diff BASE judges only the documents that changed since a revision of the
repository that holds them: a branch, a tag, a commit, with ~2 or ^2 behind it.
Documents are compared by name, so that a file that was moved is no change unless
rules say something else of it in its new place; the decision before is that of the spec rules of today. Nothing is fetched. Where the branch is behind BASE, what changed there counts too; give
$(git merge-base origin/main HEAD) then. With --repo, BASE is a branch, a tag or a
whole commit id of that repository.

--live plans against EC2 as plan does, calls nothing that changes anything, and
judges actions and the plan as well. It lists the secondary addresses that no spec
names: those of NAT gateways without a spec (one read a target), and those that a
resource's spec does not want. Network interfaces without a spec are not read. What the
record says of drains, drift and calls that are undecided counts; where replicas share
targets in a table, each target is planned for by its own, as its replica does.

Exit status: 1 when a spec has problems, a rule or a plan could not be made, or no
rule was evaluated; 3 when policy denies or holds something (with --warn-as-error,
also when a rule warns); else 0. Changes that are pending are no failure here, and
neither are addresses that no spec names. With --diff the new decisions on what
changed count, and the problems of any spec.`,
		Example: `  sluice audit specs/ --policy policies/
  sluice audit gateways/ interfaces/vip-db.yaml --policy ../rules --warn-as-error
  sluice audit specs/ --diff origin/main -o github
  sluice audit specs/egress-a.yaml --policy policies/ --explain
  sluice audit specs/ --live --config sluice.yaml -o markdown
  sluice audit --repo https://git.example.com/net/addresses.git --ref my-change -o json
  sluice audit specs/ -o sarif > sluice.sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.paths = args
			return a.audit(cmd.Context(), c)
		},
	}
	c.where(cmd)
	c.historyFlag(cmd)
	c.outputFlag(cmd, append([]string{"text", "json"}, slices.Sorted(maps.Keys(report.Formats()))...)...)
	cmd.Flags().StringVar(&c.diff, "diff", "", "judge only what changed since this revision, and show the decisions before and now")
	cmd.Flags().BoolVar(&c.live, "live", false, "plan against EC2, judge the plan too, and list live addresses that no spec names")
	cmd.Flags().StringVar(&c.mode, "mode", "", "with --live: mode that policy is told: observe, dry-run or apply (default dry-run)")
	cmd.Flags().BoolVar(&c.explain, "explain", false, "say of what is denied or held which conditions of each rule hold, and where they end")
	cmd.Flags().BoolVar(&c.warnAsError, "warn-as-error", false, "end with 3 when a rule warns")
	return cmd
}

func (a *app) audit(ctx context.Context, opts auditOptions) error {
	place, err := a.placeOf(ctx, opts)
	if err != nil {
		return err
	}
	d, live, err := a.auditLook(ctx, place, opts)
	if err != nil {
		return err
	}
	defer d.Close()
	au := audit{Auditor: judge.Auditor{Engine: d.Engine, Levels: d.Levels, Rulings: d.Rulings, Now: a.now()}, rules: d.Engine.Rules()}
	au.why, _ = d.Engine.(*explaining)
	audited := render.AuditReport{PolicyDigest: d.Engine.Digest(), Titles: map[string]string{}}
	for _, r := range au.rules {
		audited.Titles[r.ID] = r.Title
	}
	if err := d.Specs.Err(); err != nil {
		audited.Problems = append(audited.Problems, err.Error())
	}
	docs := d.Specs.Documents
	if live != nil {
		au.resources = map[plan.SpecRef]plan.Resource{}
		for _, r := range live.plan.Resources {
			au.resources[r.Spec] = r
		}
		place.unnamed(ctx, live, &audited)
	}
	if opts.diff != "" {
		base, err := a.auditBase(ctx, place, opts.diff)
		if err != nil {
			return fmt.Errorf("--diff %s: %w", opts.diff, err)
		}
		au.compare(ctx, base, docs, &audited)
	} else {
		audited.Documents = au.documents(ctx, docs)
	}
	if ctx.Err() != nil { // what could not be evaluated in time was not judged
		return context.Cause(ctx)
	}
	if err := a.printAudit(audited, opts.output); err != nil {
		return err
	}
	return status(auditStatus(audited, opts.warnAsError))
}

// auditLook reads specs and policies and, with --live, EC2; without, the second is nil.
func (a *app) auditLook(ctx context.Context, place auditPlace, opts auditOptions) (*reconcile.Desired, *liveLook, error) {
	progress := a.progress(a.stderr, nil)
	endProgress := background(ctx, progress.Run)
	defer endProgress()
	if opts.live {
		place.loop.Events = reading(progress)
		live, err := place.liveLook(ctx)
		if err != nil {
			return nil, nil, err
		}
		return live.desired, live, nil
	}
	progress.Event(reconcile.Event{Kind: reconcile.EventReading, What: place.loop.Specs.String()})
	d, err := reconcile.Look(ctx, place.loop.Specs, place.loop.Policies, place.loop.LoadPolicies)
	if err == nil && d.Engine == nil {
		err = d.Err
	}
	return d, nil, err
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

// audit judges documents one by one.
type audit struct {
	judge.Auditor
	rules     []policy.Rule
	resources map[plan.SpecRef]plan.Resource // of the judged plan; nil when EC2 was not asked
	why       *explaining                    // nil: nobody asked
}

// documents are all that is said of some documents, in their order.
func (au *audit) documents(ctx context.Context, docs []spec.Document) []render.AuditDocument {
	good := slices.DeleteFunc(slices.Clone(docs), func(d spec.Document) bool { return len(d.Problems) > 0 })
	found := au.Specs(ctx, good)
	var list []render.AuditDocument
	for _, doc := range docs {
		out := render.AuditDocument{File: doc.File, Line: doc.Line, Kind: string(doc.Kind), Name: doc.Name}
		for _, p := range doc.Problems {
			out.Problems = append(out.Problems, p.Error())
		}
		if len(doc.Problems) == 0 {
			au.add(&out, found[0])
			au.explain(ctx, doc, &out)
			found = found[1:]
		}
		list = append(list, out)
	}
	return list
}

// add puts what the rules say of a good document into a report.
func (au *audit) add(out *render.AuditDocument, found judge.Findings) {
	if found.Err != nil {
		out.Rules = append(out.Rules, render.AuditRule{ID: judge.EngineRule, Decision: "error", Msg: found.Err.Error()})
	}
	for _, f := range found.List {
		out.Rules = append(out.Rules, render.AuditRule{ID: f.Rule, Decision: f.Decision, Msg: f.Msg, Line: f.Line, Column: f.Column})
	}
	if r, ok := au.resources[plan.SpecRef{Name: out.Name, File: out.File, Line: out.Line}]; ok {
		au.addLive(out, r)
	}
}

// auditStatus is the exit status of a report. Nothing to judge is no pass, but
// where nothing changed.
func auditStatus(r render.AuditReport, warnAsError bool) int {
	s := r.Count()
	switch {
	case s.Faulty+s.Problems > 0 || s.Documents == 0 && !r.NothingChanged():
		return exitFailed
	case s.Denied+s.Held > 0, warnAsError && s.Warnings > 0:
		return exitDenied
	}
	return exitDone
}
