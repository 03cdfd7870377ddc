package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render/report"
	"github.com/seed-6ca89210/sluice/reconcile/adopt"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// imported is the outcome of an import.
type imported struct {
	specs   []adopt.Spec
	changed []spec.File
	left    []adopt.Left
}

// handOut writes what was imported to where the flags say.
func (a *app) handOut(c importCall, there existing, found imported) error {
	switch {
	case c.pr:
		return report.Patch(a.stdout, patch(there, found))
	case c.out != "":
		return a.writeSpecs(c, found.specs)
	}
	for i, s := range found.specs {
		if i > 0 {
			fmt.Fprintln(a.stdout, "---")
		}
		if _, err := a.stdout.Write(s.Text); err != nil {
			return err
		}
	}
	return nil
}

// patch lists changed files, then new ones, from the root of the repository.
func patch(there existing, found imported) []report.Change {
	var list []report.Change
	for _, f := range found.changed {
		i := slices.IndexFunc(there.files, func(old spec.File) bool { return old.Path == f.Path })
		list = append(list, report.Change{Path: path.Join(there.prefix, f.Path), Before: there.files[i].Data, After: f.Data})
	}
	for _, s := range found.specs {
		list = append(list, report.Change{Path: path.Join(there.prefix, s.File), After: s.Text})
	}
	return list
}

// writeSpecs writes a file for each spec, all or, when one is there already, none.
func (a *app) writeSpecs(c importCall, specs []adopt.Spec) error {
	if len(specs) == 0 {
		return nil
	}
	if err := os.MkdirAll(c.out, 0o777); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	root, err := os.OpenRoot(c.out) // a link below it must not lead elsewhere
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer root.Close()
	var taken []string
	for _, s := range specs {
		if _, err := root.Lstat(filepath.FromSlash(s.File)); err == nil {
			taken = append(taken, filepath.Join(c.out, filepath.FromSlash(s.File)))
		}
	}
	if len(taken) > 0 {
		return fmt.Errorf("nothing is written, since no file is overwritten; these exist already: %s", strings.Join(taken, ", "))
	}
	for _, s := range specs {
		if err := writeNew(root, filepath.FromSlash(s.File), s.Text); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		fmt.Fprintln(a.stdout, filepath.Join(c.out, filepath.FromSlash(s.File)))
	}
	fmt.Fprintln(a.stderr, "Planning shows no change for these. Read them, set drain and minServing where the defaults do not fit, and commit them.")
	return nil
}

// writeNew writes a file that must not be there, and the folders above it.
func writeNew(root *os.Root, name string, data []byte) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// complain prints what went wrong, and returns the status that it makes.
func (a *app) complain(lists ...[]string) int {
	code := exitDone
	for _, line := range slices.Concat(lists...) {
		fmt.Fprintf(a.stderr, "sluice: %s\n", printable(line))
		code = exitFailed
	}
	return code
}

// folded is how those are counted of which a large account has thousands.
var folded = map[adopt.Why]string{
	adopt.Named:   "named by specs already",
	adopt.Service: "managed by AWS services",
	adopt.Bare:    "network interfaces without a secondary address",
}

// tellLeft lists what was left out, and why.
func (a *app) tellLeft(c importCall, there existing, left []adopt.Left) {
	counts := map[adopt.Why]int{}
	for _, l := range left {
		if _, many := folded[l.Why]; many && !c.verbose && len(c.ids) == 0 {
			counts[l.Why]++
			continue
		}
		reason := l.Reason
		if l.By != nil {
			reason = fmt.Sprintf("%s:%d: %s", path.Join(there.prefix, l.By.File), l.By.Line, l.Reason)
			if l.Why == adopt.Named && !c.pr && len(c.ids) > 0 {
				reason += "; with --pr the change is printed that makes it say what is live"
			}
		}
		who := l.ID
		if name := l.Tags["Name"]; name != "" {
			who += " (" + name + ")"
		}
		fmt.Fprintf(a.stderr, "left out: %s: %s\n", printable(strings.ReplaceAll(who, "\n", " ")), printable(reason))
	}
	for _, why := range []adopt.Why{adopt.Named, adopt.Service, adopt.Bare} {
		if counts[why] > 0 {
			fmt.Fprintf(a.stderr, "left out: %d %s; -v lists them\n", counts[why], folded[why])
		}
	}
}
