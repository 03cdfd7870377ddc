package render

import (
	"net/netip"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

const (
	sampleID     = "7f3c2a1b9d04e5f60718293a4b5c6d7e8f901234"
	sampleHash   = "3f9c01ab42de556677889900aabbccddeeff00112233445566778899aabbccdd"
	samplePolicy = "sha256:" + sampleHash
	requestA     = "59dbff89-35bd-4eac-99ed-be587ed86825"
	requestB     = "7a62c49f-347e-4fc4-9331-6e8e1a2b3c4d"
	gatewayA     = "nat-0ee3edd182361f662"
	vip          = "eni-0065a61b324d1897a"
)

var (
	sampleTime   = time.Date(2027, 1, 10, 12, 4, 5, 0, time.UTC)
	sampleCommit = Commit{
		ID: sampleID, Author: "Ada Lovelace",
		Message: "Swap an address of egress-a\n\nThe old one is wanted elsewhere.",
	}
	egressA = plan.SpecRef{Name: "egress-a", File: "gateways/a.yaml", Line: 1}
)

func ips(list ...string) (out []netip.Addr) {
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func assign(list ...string) plan.Action {
	return plan.Action{Verb: inventory.VerbAssign, Addresses: ips(list...)}
}

func unassign(list ...string) plan.Action {
	return plan.Action{Verb: inventory.VerbUnassign, Addresses: ips(list...), MaxDrainSeconds: 350}
}

func sealed(mode string, resources ...plan.Resource) plan.Plan {
	p := plan.Plan{
		Version: plan.Version, Commit: sampleID, PolicyDigest: samplePolicy,
		InventoryHash: "sha256:00" + sampleHash[2:], Mode: mode, Resources: resources,
	}
	p.Seal()
	p.PlanHash = "sha256:14" + sampleHash[2:] // the golden files are not about how a plan is hashed
	return p
}

func gateway(state plan.State, reason string, waves ...[]plan.Action) plan.Resource {
	return plan.Resource{
		Target: "default", Kind: inventory.KindNatGateway, ID: gatewayA,
		Spec: egressA, State: state, Reason: reason, Waves: waves,
	}
}

func inSync(name string, kind inventory.Kind, id string) plan.Resource {
	return plan.Resource{
		Target: "default", Kind: kind, ID: id, State: plan.InSync,
		Spec: plan.SpecRef{Name: name, File: "gateways/" + name + ".yaml", Line: 1},
	}
}

func swapPlan() plan.Plan {
	swap := gateway(plan.Pending, "assign 10.0.1.21, then unassign 10.0.1.20",
		[]plan.Action{assign("10.0.1.21")}, []plan.Action{unassign("10.0.1.20")})
	swap.Verdicts = []plan.Verdict{{Rule: "action.cap_drain", Decision: "cap", Msg: "drains are capped at 350 s, 600 s were asked for"}}
	return sealed("dry-run", swap,
		inSync("egress-b", inventory.KindNatGateway, "nat-0b7c1d2e3f4a5b6c7"),
		inSync("vip-db", inventory.KindNetworkInterface, vip))
}

func syncedPlan() plan.Plan {
	p := sealed("observe", inSync("egress-a", inventory.KindNatGateway, gatewayA),
		inSync("egress-b", inventory.KindNatGateway, "nat-0b7c1d2e3f4a5b6c7"))
	p.Commit = "dir:" + sampleHash
	return p
}

// mixedPlan has a resource in each state, and a long list of those in sync.
func mixedPlan() plan.Plan {
	full := gateway(plan.Pending, "assign 10.0.1.21, 10.0.1.22, 10.0.1.23, 10.0.1.24, 10.0.1.25, 10.0.1.26, 10.0.1.27, then unassign 10.0.1.20; 10.0.1.28 follows when nat-0b7c1d2e3f4a5b6c7 has given it up",
		[]plan.Action{assign("10.0.1.21", "10.0.1.22", "10.0.1.23", "10.0.1.24", "10.0.1.25", "10.0.1.26", "10.0.1.27")},
		[]plan.Action{unassign("10.0.1.20")})
	move := plan.Resource{
		Target: "prod-use1", Kind: inventory.KindNetworkInterface, ID: vip, State: plan.Denied,
		Spec:   plan.SpecRef{Name: "vip-db", File: "interfaces/databases/primary/vip-db.yaml", Line: 112},
		Reason: "action.no_moves: addresses move by hand",
		Waves:  [][]plan.Action{{assign("10.0.2.31"), {Verb: inventory.VerbMove, Addresses: ips("10.0.2.30"), From: "eni-0123456789abcdef0"}}},
		Verdicts: []plan.Verdict{
			{Rule: "action.no_moves", Decision: "deny", Msg: "addresses move by hand"},
			{Rule: "spec.required_labels", Decision: "warn", Msg: "the label owner is missing; without it nobody is told when this interface changes"},
		},
	}
	held := gateway(plan.Held, "budget.removals: the specs take away 9 addresses in target \"default\", and the budget is 4: split the commit, or raise the budget",
		[]plan.Action{{Verb: inventory.VerbUnassign, Addresses: ips("10.0.3.20"), MaxDrainSeconds: 4000}})
	held.ID, held.Spec = "nat-0aaaaaaaaaaaaaaa1", plan.SpecRef{Name: "egress-held", File: "gateways/held.yaml", Line: 14}
	held.Verdicts = []plan.Verdict{{Rule: "budget.removals", Decision: "hold", Msg: "the specs take away 9 addresses in target \"default\", and the budget is 4: split the commit, or raise the budget"}}
	draining := gateway(plan.Converging, "10.0.4.20 is unassigning")
	draining.ID, draining.Spec = "nat-0aaaaaaaaaaaaaaa2", plan.SpecRef{Name: "egress-c", File: "gateways/c.yaml", Line: 1}
	blocked := gateway(plan.Blocked, "nat-0aaaaaaaaaaaaaaa3 holds 8 of 8 addresses and minServing is 8: no address can be added before one is removed, and none can be removed; lower minServing or want fewer addresses")
	blocked.ID, blocked.Spec = "nat-0aaaaaaaaaaaaaaa3", plan.SpecRef{Name: "egress-d", File: "gateways/d.yaml", Line: 1}
	wrong := gateway(plan.Error, "gateways/e.yaml:7:5: unknown field \"adresses\" (did you mean \"addresses\"?)\ngateways/e.yaml:9:10: drain.maxDuration is 4001s: it must be 1s to 4000s")
	wrong.ID, wrong.Spec = "", plan.SpecRef{Name: "egress-e", File: "gateways/e.yaml", Line: 3}
	resources := []plan.Resource{wrong, move, held, blocked, draining, full}
	for _, name := range []string{"egress-f", "egress-g", "egress-h", "egress-i", "egress-j", "egress-k", "egress-l", "egress-m"} {
		resources = append(resources, inSync(name, inventory.KindNatGateway, "nat-0bbbbbbbbbbbbbbb"+name[7:]))
	}
	return sealed("dry-run", resources...)
}

func sampleProbes() []apply.Probe {
	at := func(a plan.Action, wave int) apply.Probe {
		return apply.Probe{
			Target: "default", Kind: inventory.KindNatGateway, ID: gatewayA, Spec: egressA,
			Wave: wave, Action: a, Feasible: "yes", Operation: "AssignPrivateNatGatewayAddress",
		}
	}
	yes, no := at(assign("10.0.1.21"), 0), at(unassign("10.0.1.20"), 1)
	yes.Authorised, yes.Code, yes.RequestID = "yes", "DryRunOperation", requestA
	no.Authorised, no.Code, no.RequestID = "no", "UnauthorizedOperation", requestB
	no.Operation, no.Message = "UnassignPrivateNatGatewayAddress", "You are not authorized to perform this operation."
	eni := at(assign("10.0.2.31"), 0)
	eni.Kind, eni.ID, eni.Spec = inventory.KindNetworkInterface, vip, plan.SpecRef{Name: "vip-db", File: "vip.yaml", Line: 1}
	eni.Operation, eni.Authorised, eni.Message = "AssignPrivateIpAddresses", "not probed", "EC2 has no DryRun for network interfaces"
	busy := at(assign("10.0.2.21"), 0)
	busy.ID, busy.Spec.Name = "nat-0b7c1d2e3f4a5b6c7", ""
	busy.Authorised, busy.Feasible, busy.Message = "not probed", "no", "10.0.2.20 is unassigning"
	lost := at(assign("10.0.2.22"), 0)
	lost.Spec.Name, lost.Authorised, lost.Message = "egress-c", "unknown", "no answer within 30s"
	return []apply.Probe{yes, no, eni, busy, lost}
}

func step(a plan.Action, outcome apply.Outcome) apply.Step {
	return apply.Step{
		Commit: sampleID, PolicyDigest: samplePolicy, PlanHash: swapPlan().PlanHash, Target: "default",
		Kind: inventory.KindNatGateway, ID: gatewayA, Spec: egressA, Action: a, Outcome: outcome,
	}
}

func sampleSteps() []apply.Step {
	accepted, refused := step(assign("10.0.1.21"), apply.Accepted), step(unassign("10.0.1.20"), "refused")
	accepted.RequestID, refused.RequestID = requestA, requestB
	refused.Code, refused.Message = "InvalidParameterValue", "The address <10.0.1.20> & others are not assigned."
	return []apply.Step{accepted, refused}
}

func sampleAudit() AuditReport {
	return AuditReport{
		PolicyDigest: samplePolicy,
		Problems:     []string{"gateways/broken.yaml:3:1: this is no YAML: a tab stands where spaces must"},
		Documents: []AuditDocument{
			{File: "gateways/a.yaml", Line: 1, Kind: "NatGateway", Name: "egress-a", Rules: []AuditRule{
				{ID: "spec.allowed_cidrs", Decision: "deny", Msg: "secondary.addresses 8.8.8.8 is outside the allowed ranges (10.0.0.0/8, 172.16.0.0/12)"},
				{ID: "spec.required_labels", Decision: "warn", Msg: "the label owner is missing"},
				{ID: "spec.cap_drain", Decision: "hold", Msg: "a drain of more than 10 minutes wants an approval"},
				{ID: "spec.min_serving", Decision: "pass"},
				{ID: "spec.names", Decision: "pass"},
			}},
			{File: "gateways/e.yaml", Line: 3, Kind: "NatGateway", Name: "egress-e", Problems: []string{
				"gateways/e.yaml:7:5: unknown field \"adresses\" (did you mean \"addresses\"?)",
				"gateways/e.yaml:9:10: drain.maxDuration is 4001s: it must be 1s to 4000s",
			}},
			{File: "interfaces/vip.yaml", Line: 1, Kind: "NetworkInterface", Name: "vip-db", Rules: []AuditRule{
				{ID: "spec.allowed_cidrs", Decision: "pass"}, {ID: "spec.required_labels", Decision: "pass"},
			}},
		},
	}
}

// sampleDiff is an audit of what changed, with EC2.
func sampleDiff() AuditReport {
	return AuditReport{
		PolicyDigest: samplePolicy,
		Diff: &AuditDiff{Base: "origin/main", Commit: sampleID, Unchanged: 41, Gone: []AuditGone{
			{File: "gateways/old.yaml", Line: 3, Kind: "NatGateway", Name: "egress-old", Was: "warn"},
		}},
		Documents: []AuditDocument{
			{File: "gateways/a.yaml", Line: 1, Kind: "NatGateway", Name: "egress-a", Change: Changed, Was: "pass", Now: "deny",
				Live: &AuditState{Target: "prod-use1", ID: gatewayA, State: plan.Denied}, Rules: []AuditRule{
					{ID: "spec.allowed_cidrs", Decision: "deny", Msg: "8.8.8.8 is outside the allowed ranges", Line: 9, Column: 17, Was: "pass"},
					{ID: "spec.names", Decision: "pass", Was: "hold"},
					{ID: "spec.min_serving", Decision: "pass", Was: "pass"},
				}},
			{File: "gateways/n.yaml", Line: 1, Kind: "NatGateway", Name: "egress-n", Change: Added, Now: "pass",
				Live: &AuditState{Target: "default", ID: "nat-n", State: plan.Pending, Reason: "assign 10.0.1.21, then unassign 10.0.1.20"},
				Rules: []AuditRule{
					{ID: "spec.names", Decision: "pass"},
					{ID: "guard.removal_budget", Decision: "hold", Msg: "the specs take away 9 addresses"},
					{ID: "approval", Decision: "allow", Msg: "approved by lead@example.com in a (approvals.yaml:1): agreed"},
				}},
			{File: "gateways/x.yaml", Line: 1, Kind: "NatGateway", Name: "egress-x", Change: Changed, Was: "error", Now: "error",
				Live: &AuditState{Target: "default", ID: "nat-x", State: plan.Error, Reason: "nat-x does not exist in target \"default\""}, Rules: []AuditRule{
					{ID: "spec.names", Decision: "pass"},
				}},
		},
		Live: &AuditLive{Plan: swapPlan(), Unnamed: []AuditAddresses{
			{Target: "prod-use1", Kind: "NatGateway", ID: gatewayA, Addresses: []AuditAddress{{IP: "10.0.1.20"}, {IP: "10.0.1.28", Status: "unassigning"}}, Spec: &egressA, Why: "not wanted by its spec, egress-a"},
			{Target: "default", Kind: "NatGateway", ID: "nat-spare", Name: "spare", Addresses: []AuditAddress{{IP: "10.0.1.40"}}, Why: "no spec names the gateway"},
		}},
	}
}

func sampleRecords() []history.Record {
	at := func(seq uint64, seconds int, r history.Record) history.Record {
		r.Seq, r.Time, r.Commit = seq, sampleTime.Add(time.Duration(seconds)*time.Second), sampleID
		return r
	}
	on := func(kind history.Kind, a plan.Action) history.Record {
		return history.Record{
			Kind: kind, Target: "default", ResourceKind: "NatGateway", ResourceID: gatewayA,
			PlanHash: swapPlan().PlanHash, PolicyDigest: samplePolicy,
			Verb: string(a.Verb), Addresses: a.Addresses, MaxDrainSeconds: a.MaxDrainSeconds, From: a.From,
		}
	}
	intent := on(history.KindIntent, assign("10.0.1.21"))
	intent.SpecName, intent.SpecFile, intent.SpecLine = egressA.Name, egressA.File, egressA.Line
	intent.Decision, intent.Verdicts = "allow", []history.Verdict{{Rule: "action.cap_drain", Decision: "cap", Msg: "drains are capped at 350 s"}}
	accepted, refused := on(history.KindOutcome, assign("10.0.1.21")), on(history.KindOutcome, unassign("10.0.1.20"))
	accepted.Intent, accepted.Outcome, accepted.RequestID = 3, history.OutcomeAccepted, requestA
	done, notDone := on(history.KindSettled, assign("10.0.1.21")), on(history.KindSettled, unassign("10.0.1.20"))
	done.Intent, done.Outcome, notDone.Outcome = 3, history.OutcomeDone, history.OutcomeNotDone
	refused.Outcome, refused.Code, refused.RequestID = history.OutcomeRefused, "UnauthorizedOperation", requestB
	refused.Message = "You are not authorized to perform this operation."
	drift := on(history.KindDrift, plan.Action{})
	drift.SpecName, drift.Target, drift.Message = "egress-a", "prod-use1", "assign 10.0.1.21"
	return []history.Record{
		at(1, 0, history.Record{Kind: history.KindCommit, Author: "Ada Lovelace <ada@example.com>", Message: sampleCommit.Message}),
		at(2, 0, history.Record{
			Kind: history.KindDecision, PlanHash: swapPlan().PlanHash, Decision: "allow", Verdicts: intent.Verdicts,
			Message: "mode apply: 1 pending, 0 held, 0 denied, 0 blocked, 0 in error",
		}),
		at(3, 1, intent), at(4, 2, accepted), at(5, 6, done), at(6, 7, refused), at(7, 40, notDone),
		at(8, 41, history.Record{Kind: history.KindReached, Reached: map[string]string{"default/NatGateway/nat-0aaaaaaaaaaaaaaa3": "sha256:1"}}), at(123, 86400, drift),
	}
}
