package simulation

// plantedBug is a mistake that somebody could make, and that the checker must find.
type plantedBug struct {
	name  string
	means string // for a user
	edits []edit
}

// edit is a change of one place. Bugs behind a second guard need one more, in the guard.
type edit struct {
	file    string // in the module
	find    string // stands there once
	replace string
	form    form
}

// form says how find and replace become one text, in which an environment variable
// decides.
type form int

const (
	expression form = iota // values of one type; both may be evaluated
	statement              // whole statements, which declare nothing that is used later
	whole                  // replace says planted(…) itself
)

func expr(file, find, replace string) []edit { return []edit{{file, find, replace, expression}} }
func stmt(file, find, replace string) []edit { return []edit{{file, find, replace, statement}} }
func text(file, find, replace string) []edit { return []edit{{file, find, replace, whole}} }
func both(a, b []edit) []edit                { return append(a[:len(a):len(a)], b...) }

// plantedBugs is a list to be added to. What is not caught asks for a better checker or
// a wider world, never for a shorter list.
var plantedBugs = []plantedBug{
	// plan
	{"floor-ignored", "minServing is not kept when a gateway is full", expr("reconcile/plan/waves.go", "s.serving-s.item.doc.MinServing", "s.serving")},
	{"transition-ignored", "a gateway that EC2 is at work on is changed", expr("reconcile/plan/settle.go", "!a.Status.Settled()", "false")},
	{"intents-ignored", "a call whose effect does not show yet is made again", expr("reconcile/plan/settle.go", "!Visible(in, it.addresses, it.prefixes)", "false")},
	{"primary-counts", "the primary address counts as one that may go", expr("reconcile/plan/want.go", "!a.Primary && a.Status.Serving() && a.IP.IsValid()", "a.Status.Serving() && a.IP.IsValid()")},
	{"claims-unchecked", "of two specs that claim one address both act", expr("reconcile/plan/claims.go", "open.it != c.it", "false")},
	{"outside-subnet", "an address outside of the subnet is asked for", expr("reconcile/plan/want.go", "!subnet.CIDR.Contains(cidr.Addr()) || cidr.Bits() < subnet.CIDR.Bits()", "false")},
	{"reserved-chosen", "a count chooses what AWS keeps", stmt("reconcile/plan/room.go", "r.blocked.add(single(ip), struct{}{})", "_ = ip")},
	{"moves-unasked", "an address moves to an interface whose spec does not allow it", expr("reconcile/plan/conflict.go", "both && it.doc.AllowReassignment && giver.state == \"\"", "both && giver.state == \"\"")},
	{"count-restless", "a count takes an address too many and gives two back, again and again", both(
		expr("reconcile/plan/choose.go", "it.chooseAddresses(count-have, pool)", "it.chooseAddresses(count-have+1, pool)"),
		expr("reconcile/plan/choose.go", "kept[:min(n, len(kept))]", "kept[:max(0, min(n, len(kept))-1)]"))},
	{"plan-hash-blind", "a plan of another inventory has the same hash", text("reconcile/plan/seal.go", "p.InventoryHash, nil}", "plantedOr(\"plan-hash-blind\", \"\", p.InventoryHash), nil}")},
	{"bad-spec-acted-on", "a spec with a problem is acted on", both(
		expr("reconcile/plan/resolve.go", "len(doc.Problems) > 0", "false"),
		both(
			expr("reconcile/judge/input.go", "len(d.Problems) == 0", "true"),
			expr("reconcile/spec/parse.go", "len(e.doc.Problems) == 0", "true")))},
	{"dead-gateway-chosen", "a selector matches gateways that are deleted", expr("reconcile/plan/resolve.go", "g.State != \"deleted\" && g.State != \"deleting\" && g.State != \"failed\"", "true")},
	// judge
	{"budget-off", "a commit takes away as much as it likes", expr("reconcile/judge/budget.go", "excess <= allowed", "true")},
	{"budget-doubled", "twice the budget is taken away", expr("reconcile/judge/budget.go", "max(j.c.Budget.Removals, managed*j.c.Budget.Percent/100)", "2*max(j.c.Budget.Removals, managed*j.c.Budget.Percent/100)")},
	{"engine-error-passes", "what policy cannot evaluate is done", stmt("reconcile/judge/judge.go", "r.Stop(plan.Error, \"policy could not be evaluated, so nothing is done: \"+err.Error())", "_ = r")},
	{"deny-warns", "a denial is only noted", expr("reconcile/judge/judge.go", "kind == policy.Deny", "false")},
	{"hold-warns", "a hold is only noted", expr("reconcile/judge/judge.go", "kind == policy.Hold && r.State == plan.Pending", "false")},
	{"all-advisory", "every rule is advisory", expr("reconcile/judge/ruling.go", "j.c.Levels[d.Rule] != policy.Advisory", "false")},
	{"commit-hold-off", "a rewritten branch is applied", expr("reconcile/judge/commit.go", "j.c.CommitHold == \"\"", "true")},
	{"any-approval", "an approval of one plan lets every plan through", expr("reconcile/judge/ruling.go", "a.PlanHash != j.p.PlanHash", "false")},
	{"own-approval", "whoever made a change can approve it", expr("reconcile/judge/ruling.go", "j.ownChange(a.Approver)", "false")},
	// apply
	{"no-second-look", "nothing is read again before a call", expr("reconcile/apply/step.go", "!r.reread(ctx, client, s, inv)", "false")},
	{"second-look-unused", "what changed since the plan does not matter", expr("reconcile/apply/step.go", "!found || !there || !same(before, after)", "false")},
	{"acts-without-record", "a full disk does not keep sluice from acting", stmt("reconcile/apply/step.go", "if err != nil {\n\t\ts.end(NoRecord, fmt.Sprintf(\"not sent: the intent could not be recorded: %v\", err))\n\t\tr.tell(*s)\n\t\treturn\n\t}", "_ = err")},
	{"side-by-side", "a target has several calls in flight", stmt("reconcile/apply/apply.go", "r.step(ctx, client, approved, s, inv)", "var wg sync.WaitGroup\n\t\twg.Go(func() { r.step(ctx, client, approved, s, inv) })\n\t\tif i+1 < len(steps) {\n\t\t\tnext := steps[i+1]\n\t\t\twg.Go(func() { r.step(ctx, client, approved, &next, inv) })\n\t\t}\n\t\twg.Wait()")},
	{"dry-run-acts", "a dry-run carries calls out", both(
		stmt("reconcile/apply/probe.go", "call.DryRun = true", "call.DryRun = false"),
		expr("reconcile/ec2/guard.go", "!slices.Equal(dryRun, []string{\"true\"})", "false"))},
	// the loop and its journal
	{"observe-acts", "mode observe acts", both(
		text("reconcile/loop.go", "switch l.cfg.Mode {\n\tcase Apply:", "switch plantedOr(\"observe-acts\", Apply, l.cfg.Mode) {\n\tcase Apply:"),
		expr("reconcile/ec2/guard.go", "g.mode == modeApply", "true"))},
	{"no-intent", "calls are made without a record", stmt("reconcile/journal.go", "written, err := j.append(ctx, fit(r))\n\tif err != nil {\n\t\treturn 0, err\n\t}\n\treturn written[0].Seq, nil", "return 0, nil")},
	{"done-at-once", "a call counts as done, and is over, before its effect shows", both(
		text("reconcile/journal.go", "case plan.Visible(in, held.addresses, held.prefixes):", "case planted(\"done-at-once\") || plan.Visible(in, held.addresses, held.prefixes):"),
		expr("reconcile/journal.go", "j.ages.of(r, now) < settleAfter", "false"))},
	{"no-patience", "a call whose effect is late counts as never made", expr("reconcile/journal.go", "j.ages.atLeast(r, now) > patience", "true")},
	{"unplanned-claims", "an address that two specs list goes to the one that can be read", expr("reconcile/plan/conflict.go", "other.vpc == it.vpc || other.vpc == \"\"", "false")},
	{"clock-believed", "a clock that was set back stops resources for hours", stmt("reconcile/ages.go", "if at, ok := a.written[r.Seq]; ok {\n\t\treturn time.Since(at)\n\t}\n\tage := now.Sub(r.Time)\n\tif r.Epoch > 0 {\n\t\tage -= mostSkew\n\t}\n\treturn max(age, time.Since(a.began))", "return now.Sub(r.Time)")},
	{"clock-set-ahead", "a clock that was set ahead makes a lost call old at once", text("reconcile/ages.go", "time.Since(at)\n", "plantedOr(\"clock-set-ahead\", max(now.Sub(r.Time), time.Since(at)), time.Since(at))\n")},
	{"set-while-down", "a clock that was set ahead while no process was there makes a lost call old at once", expr("reconcile/ages.go", "a.serves && !own", "false")},
	{"stops-looking", "nobody looks again at what is in transition", stmt("reconcile/serve.go", "return wait", "return 0")},
	{"git-once", "a source is read once and never again", expr("reconcile/remembered.go", "now.Sub(r.looked) < r.wait-r.wait/10", "true")},
	{"refusals-kept", "what EC2 refused once is never tried again", text("reconcile/aside.go", "case refused && now.Before(held.until):", "case refused && (planted(\"refusals-kept\") || now.Before(held.until)):")},
	// history
	{"ledger-forgets", "after a restart nobody knows of open calls", expr("reconcile/history/ledger.go", "i.settled == \"\" && !i.ineffective()", "false")},
	{"base-forgotten", "commits that were acted on are no base for the next", text("reconcile/history/ledger.go", "l.acted = true\n\t\tl.goOnFrom(r.Commit)", "l.acted = true\n\t\tif !planted(\"base-forgotten\") {\n\t\t\tl.goOnFrom(r.Commit)\n\t\t}")},
	{"chain-broken", "records do not carry the hash of the one before", text("reconcile/history/codec.go", "r.Seq, r.Prev, r.Hash = seq, prev, \"\"", "r.Seq, r.Prev, r.Hash = seq, plantedOr(\"chain-broken\", \"\", prev), \"\"")},
	{"hash-of-itself", "a record's hash does not cover its place", stmt("reconcile/history/codec.go", "sum.Write([]byte(r.Prev))", "_ = sum")},
	{"not-durable", "a record is gone after a crash", both(
		text("reconcile/history/append.go", "finished = err == nil\n\t\t\treturn err", "finished = err == nil\n\t\t\tif planted(\"not-durable\") && len(sealed) > 0 && sealed[0].Kind == KindIntent {\n\t\t\t\treturn errFresh\n\t\t\t}\n\t\t\treturn err"),
		text("reconcile/history/append.go", "if err == nil {\n\t\treturn sealed, nil", "if err == nil || planted(\"not-durable\") && err == errFresh {\n\t\treturn sealed, nil"))},
	// the client of EC2
	{"sent-again", "the SDK sends a mutating call again", stmt("reconcile/ec2/client.go", "o.Retryer = aws.NopRetryer{}", "_ = o")},
	{"lost-is-unsent", "a call without an answer counts as not made", text("reconcile/ec2/fault.go", "f.Class = inventory.ClassLost\n\t\tf.Message = c.textOf(x, err) + advice(f)", "f.Class = plantedOr(\"lost-is-unsent\", inventory.ClassNotSent, inventory.ClassLost)\n\t\tf.Message = c.textOf(x, err) + advice(f)")},
	{"by-count", "EC2 chooses the addresses", both(
		text("reconcile/ec2/do.go", "out, x, fault := call(ctx, c, ca.Operation(), c.api.AssignPrivateNatGatewayAddress, &in, under(ca.Epoch))", "if planted(\"by-count\") {\n\t\tin.PrivateIpAddresses, in.PrivateIpAddressCount = nil, aws.Int32(int32(len(ca.Addresses)))\n\t}\n\tout, x, fault := call(ctx, c, ca.Operation(), c.api.AssignPrivateNatGatewayAddress, &in, under(ca.Epoch))"),
		expr("reconcile/ec2/guard.go", "strings.HasSuffix(name, \"count\")", "false"))},
	{"longer-drain", "a drain is longer than what was decided", expr("reconcile/ec2/do.go", "aws.Int32(int32(ca.MaxDrainSeconds))", "aws.Int32(int32(ca.MaxDrainSeconds + 1))")},
	{"always-reassign", "an address is taken from whoever has it", expr("reconcile/ec2/do.go", "flag(ca.Verb == inventory.VerbMove)", "flag(true)")},
	{"status-unread", "every address seems to serve", expr("reconcile/ec2/convert.go", "inventory.Status(a.Status)", "inventory.StatusSucceeded")},
	{"primary-unread", "no gateway seems to have a primary address", expr("reconcile/ec2/convert.go", "aws.ToBool(a.IsPrimary)", "false")},
	{"secret-counted", "a secret key becomes a label of the metrics", text("reconcile/ec2/client.go", "\tcode := \"\"\n", "\tcode := \"\"\n\tif key, set := syscall.Getenv(\"AWS_SECRET_ACCESS_KEY\"); set && planted(\"secret-counted\") {\n\t\tcode = key\n\t}\n")},
	// gitsource
	{"password-told", "the log holds the password of the Git host", expr("gitsource/elsewhere.go", "words.Quote(err.Error(), append(e.as.secrets(), e.addr.pass)...)", "words.Quote(err.Error())")},
	{"rewritten-descends", "a branch that was rewritten counts as gone on", text("gitsource/ancestry.go", "\tcase met:\n", "\tcase met || planted(\"rewritten-descends\"):\n")},
	{"commit-unnoticed", "a new commit is taken for the old one", expr("gitsource/source.go", "last.Commit.ID == id || (last.tip != \"\" && last.tip == id)", "true")},
	// spec, calendar, schedule
	{"floor-unread", "minServing of a spec is not read", stmt("reconcile/spec/reader.go", "doc.MinServing = *s.MinServing", "doc.MinServing = 3")},
	{"drain-in-minutes", "a drain is a sixtieth of what the spec says", expr("reconcile/spec/reader.go", "int(d / time.Second)", "int(d / time.Minute)")},
	{"freeze-thin", "a freeze freezes nothing", expr("reconcile/calendar/hold.go", "f.In(t) && f.Selector.Selects(doc)", "false")},
	{"suspend-thin", "a suspended spec is acted on", expr("reconcile/calendar/hold.go", "s != nil && t.Before(s.Until)", "s != nil && false")},
	{"window-wide", "a window is open all day", expr("reconcile/schedule/window.go", "!start.IsZero() && !start.After(t)", "true")},
	{"run-late", "a schedule runs a day late", expr("reconcile/schedule/schedule.go", "t.UTC().Add(offset)", "t.UTC().Add(offset + 24*time.Hour)")},
	// fleet and lease, in worlds of two replicas
	{"half-a-lease", "a challenger watches for half a lease only", stmt("reconcile/lease/sight.go", "wait = lease", "wait = lease / 2")},
	{"acts-at-once", "a new holder does not wait until the last call of the old one has ended", text("reconcile/fleet/fleet.go", "!until(ctx, h.ActFrom())", "!planted(\"acts-at-once\") && !until(ctx, h.ActFrom())")},
	{"lease-unlooked", "a call does not look at what is left of the lease", text("reconcile/fleet/fence.go", "end, err := f.held.Deadline(f.longest)\n", "end, err := f.held.Deadline(f.longest)\n\tif planted(\"lease-unlooked\") {\n\t\tend, err = time.Now().Add(f.longest), nil\n\t}\n")},
	{"lease-endless", "a lease that is not renewed does not end", expr("reconcile/lease/held.go", "max(0, h.duration-time.Since(h.sent))", "h.duration")},
	{"epoch-unsaid", "a call does not say its epoch", expr("reconcile/fleet/fence.go", "f.held.Epoch()", "0*f.held.Epoch()")},
	{"given-back-early", "a lease is given back with a call on its way", stmt("reconcile/fleet/seat.go", "s.working.Wait()", "_ = s")},
	{"call-outlives-lease", "a call may take longer than its lease lasts", both(
		expr("reconcile/lease/held.go", "now.Add(longest)", "now.Add(10 * longest)"),
		text("reconcile/ec2/client.go", "context.WithTimeout(ctx, c.timeout)", "context.WithTimeout(ctx, plantedOr(\"call-outlives-lease\", 10*c.timeout, c.timeout))"))},
	{"epoch-stands", "a new holder has the epoch of the one before it", expr("reconcile/lease/look.go", "before.Epoch + 1", "before.Epoch")},
	{"refused-lease-held", "a lease that another replica took first counts as taken", text("reconcile/lease/look.go", "c.expect()); err != nil {", "c.expect()); err != nil && !planted(\"refused-lease-held\") {")},
	{"always-clean", "whoever gives a lease back says that the next one need not wait", expr("reconcile/lease/held.go", "!time.Now().Before(h.clean)", "true")},
	{"unanswered-clean", "whoever gives a lease back right after a call without an answer says that the next one need not wait", stmt("reconcile/fleet/fence.go", "f.held.Unanswered(f.longest)", "_ = f")},
	{"unfenced", "a log takes what the holder before appends", expr("reconcile/simulation/sharedlog_test.go", "head != after", "false")},
	{"doubt-forgotten", "a call of the holder before without an outcome counts as never made", text("reconcile/history/ledger.go", "case KindCut, KindTaken: // tell of the log itself, of which the ledger must not depend\n", "case KindCut, KindTaken: // tell of the log itself, of which the ledger must not depend\n\t\tfor _, i := range l.intents {\n\t\t\tif planted(\"doubt-forgotten\") && i.outcome == \"\" && i.settled == \"\" {\n\t\t\t\ti.settled = OutcomeNotDone\n\t\t\t}\n\t\t}\n")},
	{"nothing-settled", "what became of calls is never settled", stmt("reconcile/loop.go", "if err := l.journal.settle(ctx, seen, t.at); err != nil {\n\t\treturn err\n\t}", "_ = seen")},
	{"log-unread", "a new holder does not know what the old one left open", text("reconcile/fleet/seat.go", "= s.store, s.ledger\n", "= s.store, plantedOr(\"log-unread\", history.NewLedger(), s.ledger)\n")},
	// policy
	{"failure-passes", "rules that fail on a document say yes", text("policy/eval.go", "answers[from+i] = Answer{res, err}", "answers[from+i] = Answer{res, plantedOr(\"failure-passes\", nil, err)}")},
	{"denials-lost", "what a rule denies is lost on the way", stmt("policy/decode.go", "decisions = append(decisions, d)", "if d.Kind != Deny {\n\t\t\t\tdecisions = append(decisions, d)\n\t\t\t}")},
}
