package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// standIn is an EC2 that says what a test says.
type standIn struct {
	reads   error // of each action that reads
	changes error
	skew    time.Duration
	undated bool
}

func (s standIn) ReadAccess(context.Context) []ec2.Access {
	return []ec2.Access{{Operation: "DescribeNatGateways", Err: s.reads, Skew: s.skew, Known: !s.undated}, {Operation: "DescribeSubnets", Err: s.reads, Skew: s.skew, Known: !s.undated}}
}

func (s standIn) ChangeAccess(context.Context, string) []ec2.Access {
	return []ec2.Access{{Operation: "AssignPrivateNatGatewayAddress", Err: s.changes}}
}

func (s standIn) Observe(context.Context, inventory.Query) inventory.Inventory {
	return inventory.Inventory{Target: "default",
		NatGateways:       []inventory.NatGateway{{ID: "nat-0ee3edd182361f662"}},
		NetworkInterfaces: []inventory.NetworkInterface{{ID: "eni-0065a61b324d1897a"}}}
}

// healthy is a doctor that finds nothing wrong, on the example's specs.
func healthy(t *testing.T) *doctor {
	t.Helper()
	newcomer(t)
	cfg := config.Default()
	cfg.Mode, cfg.Specs.Dir, cfg.History.File = "apply", "examples/quickstart/specs", filepath.Join(t.TempDir(), "history.db")
	d := newDoctor(&app{stderr: os.Stderr, getenv: os.Getenv, now: time.Now}, cfg)
	setEC2(d, standIn{})
	d.identify = func(context.Context, ec2.Config) (ec2.Identity, error) {
		return ec2.Identity{Partition: "aws", Region: "us-east-1", Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/ada"}, nil
	}
	d.simulate = func(_ context.Context, _ ec2.Config, _ ec2.Identity, operations, resources []string) ([]ec2.Decision, error) {
		return []ec2.Decision{{Operation: operations[0], Resource: resources[0], Allowed: true}, {Operation: operations[1], Resource: resources[0], Allowed: true}}, nil
	}
	d.space = func(string) (uint64, bool) { return 1 << 40, true }
	return d
}

func setEC2(d *doctor, s standIn) {
	d.client = func(context.Context, string, config.Target, string) (probed, error) { return s, nil }
}

func refusedAs(class inventory.Class) error {
	return &inventory.Fault{Operation: "X", Class: class, Code: "Code", Message: "why"}
}

func TestTheDoctorFindsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name  string
		wrong func(*testing.T, *doctor)
		state string
		check string
		said  string // of the check; "!" before it: of what to do
	}{
		{"specs that are not there", func(_ *testing.T, d *doctor) { d.cfg.Specs.Dir = "nowhere" }, "fail", "git", "no such file or directory"},
		{"a spec that is wrong", func(t *testing.T, _ *doctor) {
			write(t, "examples/quickstart/specs/bad.yaml", []byte("kind: NatGateway\n"))
		}, "fail", "specs", "1 of 4 cannot be carried out: bad.yaml:1"},
		{"a spec of another target", func(_ *testing.T, d *doctor) {
			d.cfg.Targets = map[string]config.Target{"prod": {}}
		}, "fail", "specs", `target "default" is not configured`},
		{"policies among the specs", func(_ *testing.T, d *doctor) {
			d.cfg.Policies = []config.Repo{{Dir: "examples/quickstart/specs"}}
		}, "fail", "git", "specs"},
		{"policies that do not compile", func(t *testing.T, d *doctor) {
			write(t, "rules/a.rego", []byte("package sluice.spec.x\ndeny contains 1 if nonsense\n"))
			d.cfg.Policies = []config.Repo{{Dir: "rules"}}
		}, "fail", "policy", "rules/a.rego:1:1"},
		{"a secret of a webhook that is not set", func(_ *testing.T, d *doctor) {
			d.cfg.Webhooks.Secrets = map[string]config.Secret{"github": {Env: "SLUICE_NO_SUCH"}}
		}, "fail", "configuration", "webhooks.github"},
		{"a target without a Region", func(_ *testing.T, d *doctor) {
			d.client = func(context.Context, string, config.Target, string) (probed, error) {
				return nil, errors.New("no AWS Region")
			}
		}, "fail", "credentials", "no AWS Region"},
		{"credentials that have ended", func(_ *testing.T, d *doctor) {
			d.identify = func(context.Context, ec2.Config) (ec2.Identity, error) {
				return ec2.Identity{}, errors.New("ExpiredToken")
			}
			setEC2(d, standIn{reads: refusedAs(inventory.ClassCredentials)})
		}, "fail", "credentials", "!set AWS_PROFILE"},
		{"STS out of reach, though EC2 answers", func(_ *testing.T, d *doctor) {
			d.identify = func(context.Context, ec2.Config) (ec2.Identity, error) { return ec2.Identity{}, errors.New("time-out") }
		}, "warn", "credentials", "!reach STS"},
		{"two targets that are one account and Region", func(_ *testing.T, d *doctor) {
			d.cfg.Targets = map[string]config.Target{"default": {}, "prod": {Profile: "prod"}}
		}, "fail", "account", "targets default and prod are both account 123456789012, us-east-1"},
		{"an endpoint that has no STS", func(_ *testing.T, d *doctor) {
			d.identify = func(context.Context, ec2.Config) (ec2.Identity, error) { return ec2.Identity{}, ec2.ErrElsewhere }
		}, "warn", "credentials", "not probed"},
		{"EC2 out of reach", func(_ *testing.T, d *doctor) { setEC2(d, standIn{reads: refusedAs(inventory.ClassLost)}) }, "fail", "ec2", "why"},
		{"an action that is denied", func(_ *testing.T, d *doctor) { setEC2(d, standIn{reads: refusedAs(inventory.ClassUnauthorized)}) }, "fail", "action", "!allow ec2:DescribeSubnets"},
		{"a change that is denied", func(_ *testing.T, d *doctor) { setEC2(d, standIn{changes: refusedAs(inventory.ClassUnauthorized)}) },
			"fail", "action", "!allow ec2:AssignPrivateNatGatewayAddress"},
		{"an answer that says nothing of permission", func(_ *testing.T, d *doctor) { setEC2(d, standIn{changes: refusedAs(inventory.ClassRefused)}) }, "warn", "action", "not known whether it is allowed"},
		{"an endpoint that ignores DryRun", func(_ *testing.T, d *doctor) { setEC2(d, standIn{changes: refusedAs(inventory.ClassDryRunLeak)}) }, "fail", "action", "!--mode observe"},
		{"interfaces that IAM denies", func(_ *testing.T, d *doctor) {
			d.simulate = func(context.Context, ec2.Config, ec2.Identity, []string, []string) ([]ec2.Decision, error) {
				return []ec2.Decision{{Operation: "UnassignPrivateIpAddresses", Resource: "arn:aws:ec2:us-east-1:123456789012:network-interface/eni-0065a61b324d1897a"}}, nil
			}
		}, "fail", "action", "UnassignPrivateIpAddresses is denied on eni-0065a61b324d1897a"},
		{"IAM that may not be asked", func(_ *testing.T, d *doctor) {
			d.simulate = func(context.Context, ec2.Config, ec2.Identity, []string, []string) ([]ec2.Decision, error) {
				return nil, errors.New("AccessDenied")
			}
		}, "warn", "action", "not probed: needs iam:SimulatePrincipalPolicy"},
		{"a clock that is a minute off", func(_ *testing.T, d *doctor) { setEC2(d, standIn{skew: 61 * time.Second}) }, "warn", "clock", "ours is 1m1s behind EC2's"},
		{"a clock that is five minutes off", func(_ *testing.T, d *doctor) { setEC2(d, standIn{skew: -5 * time.Minute}) }, "fail", "clock", "ours is 5m0s ahead of EC2's"},
		{"a clock that explains why nothing works", func(_ *testing.T, d *doctor) {
			setEC2(d, standIn{reads: refusedAs(inventory.ClassCredentials), skew: time.Hour})
		}, "fail", "clock", "1h0m0s behind"},
		{"answers without a date", func(_ *testing.T, d *doctor) { setEC2(d, standIn{undated: true}) }, "warn", "clock", "no date"},
		{"a record that is damaged", func(t *testing.T, d *doctor) { write(t, d.cfg.History.File, []byte("nonsense")) }, "fail", "history", "no sluice history"},
		{"a record that cannot be made", func(_ *testing.T, d *doctor) {
			d.cfg.History.File = "/proc/1/nowhere/history.db"
		}, "fail", "history", "none can be made"},
		{"a disk that is full", func(_ *testing.T, d *doctor) { d.space = func(string) (uint64, bool) { return 1 << 20, true } }, "fail", "disk", "1 MiB free"},
		{"a disk that is nearly full", func(_ *testing.T, d *doctor) { d.space = func(string) (uint64, bool) { return 100 << 20, true } }, "warn", "disk", "100 MiB free"},
		{"a check that breaks", func(_ *testing.T, d *doctor) {
			d.client = func(context.Context, string, config.Target, string) (probed, error) { panic("oh") }
		}, "fail", "ec2", "the check itself broke: oh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := healthy(t)
			c.wrong(t, d)
			found := d.run(t.Context(), "sluice.yaml")
			good, hit := 0, false
			for _, one := range found {
				text, want := one.Said, c.said
				if do, ok := strings.CutPrefix(c.said, "!"); ok {
					text, want = one.Do, do
				}
				hit = hit || one.State == c.state && one.Name == c.check && strings.Contains(text, want)
				if one.State == render.CheckOK {
					good++
				} else if one.Do == "" {
					t.Errorf("%+v does not say what to do", one)
				}
			}
			if !hit || good < 4 { // the others go on
				t.Errorf("no %s of %s that says %q among %d that are ok:\n%+v", c.state, c.check, c.said, good, found)
			}
		})
	}
}

func TestAHealthyInstallationHasNothingToDo(t *testing.T) {
	found := healthy(t).run(t.Context(), "sluice.yaml")
	var names []string
	for _, one := range found {
		names = append(names, one.Name)
		if one.State != render.CheckOK || one.Do != "" {
			t.Errorf("%+v", one)
		}
	}
	const want = "configuration git specs policy credentials action action clock action action action history disk"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("checked %s\nwant    %s", got, want)
	}
}

func TestTargetsOfOtherAccountsOrRegionsAreNotTheSame(t *testing.T) {
	d := healthy(t)
	d.cfg.Targets = map[string]config.Target{"default": {}, "prod": {Profile: "prod"}, "west": {Region: "us-west-2"}, "unknown": {Profile: "unknown"}}
	d.identify = func(_ context.Context, cfg ec2.Config) (ec2.Identity, error) {
		who := ec2.Identity{Partition: "aws", Region: "us-east-1", Account: "123456789012"}
		switch cfg.Target {
		case "prod":
			who.Account = "210987654321"
		case "west":
			who.Region = cfg.Region
		case "unknown":
			return ec2.Identity{}, errors.New("time-out")
		}
		return who, nil
	}
	for _, one := range d.run(t.Context(), "sluice.yaml") {
		if one.Name == "account" {
			t.Errorf("%+v", one)
		}
	}
}

func TestInModeObserveNoChangeIsAskedFor(t *testing.T) {
	d := healthy(t)
	d.cfg.Mode = "observe"
	var mode string
	d.client = func(_ context.Context, _ string, _ config.Target, m string) (probed, error) {
		mode = m
		return standIn{changes: refusedAs(inventory.ClassUnauthorized)}, nil
	}
	for _, one := range d.run(t.Context(), "sluice.yaml") {
		if one.State != render.CheckOK {
			t.Errorf("%+v", one)
		}
	}
	if mode != "observe" {
		t.Errorf("the client may go as far as %q", mode)
	}
}

func TestTheDoctorTellsAFolderThatHangsFromANetworkThatDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		d := &doctor{deadline: 30 * time.Second, writable: func(string) error { <-release; return nil }}
		d.cfg.History.Export = "/exports"
		found := d.within(t.Context(), group{"export", "/exports", d.export})
		if len(found) != 1 || found[0].State != render.CheckFail || found[0].Said != "no answer within 30s" || !strings.HasPrefix(found[0].Do, lookForServer+"; until then nothing is deleted") {
			t.Errorf("%+v", found)
		}
	})
}

// A check that hangs, whatever its context says, costs its own line and nothing else.
func TestACheckThatHangsEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doctor{deadline: 30 * time.Second}
		release := make(chan struct{})
		defer close(release)
		began := time.Now()
		found := d.within(t.Context(), group{"ec2", "prod", func(context.Context) []render.Check {
			<-release
			return nil
		}})
		if took := time.Since(began); took != d.deadline+grace || len(found) != 1 || found[0].State != render.CheckFail || !strings.Contains(found[0].Said, "no answer within 30s") {
			t.Errorf("after %s: %+v", took, found)
		}
	})
}
