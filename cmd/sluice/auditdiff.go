package main

import (
	"bytes"
	"context"
	"slices"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// compare judges the documents that are not as they were at the base, and those
// with problems, and notes what is gone. Both are judged by the policy of today.
func (au *audit) compare(ctx context.Context, base auditBase, docs []spec.Document, audited *render.AuditReport) {
	diff := &render.AuditDiff{Base: base.revision, Commit: base.commit}
	audited.Diff = diff
	before := map[string][]spec.Document{}
	for _, doc := range base.docs {
		before[doc.Name] = append(before[doc.Name], doc)
	}
	var changed []spec.Document // and what each was, if it was there
	var was []*spec.Document
	var changes []string
	unread, names := map[string]bool{}, map[string]bool{}
	elsewhere := au.otherElsewhere(ctx, docs, before)
	for n, doc := range docs {
		names[doc.Name] = true
		if doc.Name == "" {
			unread[doc.File] = true
		}
		old, change := changeOf(doc, before[doc.Name])
		if elsewhere[n] {
			change = render.Changed
		}
		if change == render.Unchanged && len(doc.Problems) == 0 {
			diff.Unchanged++
			continue
		}
		changed, was, changes = append(changed, doc), append(was, old), append(changes, change)
	}
	audited.Documents = au.documents(ctx, changed)
	au.addBefore(ctx, audited.Documents, was)
	for i := range audited.Documents {
		d := &audited.Documents[i]
		d.Change, d.Now = changes[i], d.Decision()
	}
	var gone []spec.Document
	for _, doc := range base.docs {
		if doc.Name != "" && !names[doc.Name] && base.asked[doc.File] && !unread[doc.File] { // of a file that cannot be read, nothing is known to be gone
			names[doc.Name] = true
			gone = append(gone, doc)
		}
	}
	for _, d := range au.offline().documents(ctx, gone) {
		diff.Gone = append(diff.Gone, render.AuditGone{File: d.File, Line: d.Line, Kind: d.Kind, Name: d.Name, Was: d.Decision()})
	}
}

// changeOf finds what a document was among those of its name. Where it stands in
// which file does not count; neither do comments.
func changeOf(doc spec.Document, before []spec.Document) (*spec.Document, string) {
	if doc.Name == "" { // what cannot be read cannot be found again
		return nil, render.Changed
	}
	for i, old := range before {
		if bytes.Equal(old.JSON, doc.JSON) {
			return &before[i], render.Unchanged
		}
	}
	if len(before) > 0 {
		return &before[0], render.Changed
	}
	return nil, render.Added
}

// otherElsewhere finds the documents that are as they were, but in another file, of
// which rules now say something else: rules may go by folders.
func (au *audit) otherElsewhere(ctx context.Context, docs []spec.Document, before map[string][]spec.Document) map[int]bool {
	var at []int
	var now, was []spec.Document
	for n, doc := range docs {
		if old, change := changeOf(doc, before[doc.Name]); change == render.Unchanged && len(doc.Problems) == 0 && old.File != doc.File {
			at, now, was = append(at, n), append(now, doc), append(was, *old)
		}
	}
	found := map[int]bool{}
	old := au.offline().documents(ctx, was)
	for i, d := range au.offline().documents(ctx, now) {
		found[at[i]] = !slices.EqualFunc(d.Rules, old[i].Rules, func(a, b render.AuditRule) bool {
			return a.ID == b.ID && a.Decision == b.Decision
		})
	}
	return found
}

// addBefore adds what the rules said of the documents that there were.
func (au *audit) addBefore(ctx context.Context, now []render.AuditDocument, was []*spec.Document) {
	var old []spec.Document
	var of []*render.AuditDocument
	for i, doc := range was {
		if doc != nil {
			old, of = append(old, *doc), append(of, &now[i])
		}
	}
	for i, d := range au.offline().documents(ctx, old) {
		of[i].Was = d.Decision()
		said := map[string]string{}
		for _, rule := range d.Rules {
			said[rule.ID] = render.Gravest(said[rule.ID], rule.Decision)
		}
		for n, rule := range of[i].Rules {
			of[i].Rules[n].Was = said[rule.ID]
		}
	}
}

// offline is the audit without EC2: of what there was, nothing is live.
func (au *audit) offline() *audit { return &audit{Auditor: au.Auditor, rules: au.rules} }
