package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

const neverRule = "# METADATA\n# title: Never\npackage sluice.spec.never\n\ndeny contains \"never\" if input.metadata.name == \"never\"\n"

// pushedTo is a branch to which somebody has pushed whenever it is looked at.
type pushedTo struct {
	looks int
	files []gitsource.File
	err   error
}

func (p *pushedTo) String() string { return "branch" }

func (p *pushedTo) Snapshot(context.Context, *gitsource.Snapshot) (*gitsource.Snapshot, error) {
	p.looks++
	return &gitsource.Snapshot{Commit: gitsource.Commit{ID: fmt.Sprintf("%040x", p.looks)}, Files: p.files}, p.err
}

// slowEC2 holds nothing, and takes two minutes to say so.
type slowEC2 struct {
	reconcile.EC2
	target string
}

func (e slowEC2) Observe(context.Context, inventory.Query) inventory.Inventory {
	time.Sleep(2 * time.Minute)
	return inventory.Inventory{Target: e.target}
}

func TestAnAuditOfSeveralTargetsIsOfOneLookAtGit(t *testing.T) {
	unreadable := errors.New("no answer")
	for name, tt := range map[string]struct {
		why bool
		err error
	}{
		"side by side":              {},
		"one at a time, to explain": {why: true},
		"one that fails":            {why: true, err: unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				specs, policies := &pushedTo{err: tt.err}, &pushedTo{files: []gitsource.File{{Path: "a.rego", Data: []byte(neverRule)}}}
				p := &auditPlace{why: tt.why, ledgers: map[string]*history.Ledger{}, loop: reconcile.Config{
					Mode: reconcile.Observe, LookOnly: true, Specs: specs, Interval: time.Minute,
					Policies: []reconcile.Source{pacedSource{policies, time.Second}}, Targets: map[string]reconcile.Target{},
				}}
				for i := range turnsAtOnce + 2 {
					target := fmt.Sprintf("t%02d", i)
					p.ledgers[target] = history.NewLedger()
					p.loop.Targets[target] = reconcile.Target{EC2: slowEC2{target: target}}
					specs.files = append(specs.files, gitsource.File{Path: target + ".yaml", Data: []byte("apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: egress-" + target + "}\nspec: {target: " + target + ", id: nat-0123456789abcdef0, secondary: {addresses: [10.0.1.20]}}\n")})
				}
				turns, err := p.turnsApart(t.Context())
				if !errors.Is(err, tt.err) {
					t.Fatal(err)
				}
				for _, turn := range turns {
					if tt.err == nil && turn.Desired.Commit.ID != fmt.Sprintf("%040x", 1) {
						t.Errorf("judged at commit %s", turn.Desired.Commit.ID)
					}
				}
				if specs.looks != 1 || tt.err == nil && policies.looks != 1 {
					t.Errorf("%d looks at the specs and %d at the policies", specs.looks, policies.looks)
				}
			})
		})
	}
}
