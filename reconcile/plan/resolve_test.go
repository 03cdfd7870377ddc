package plan

import (
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func TestOnlyWhatSluiceMayManageIsTouched(t *testing.T) {
	run(t, []tableCase{
		{"a gateway that does not exist", "want nat-a .20", `nat-a error: nat-a does not exist in target "default"; check the id`},
		{"an interface that does not exist", "want eni-a .20", `eni-a error: eni-a does not exist in target "default"`},
		{"a gateway that is being created is waited for", "nat-a .10* state=pending\n want nat-a .20", "nat-a blocked: nat-a is still being created (state pending)"},
		{"a gateway that is being deleted", "nat-a .10* state=deleting\n want nat-a .20", "nat-a error: nat-a is deleting, not available"},
		{"a deleted gateway", "nat-a .10* state=deleted\n want nat-a .20", "nat-a error: nat-a is deleted, not available"},
		{"a gateway that could not be created, with EC2's reason",
			"nat-a .10* state=failed msg=NoRoom\n want nat-a .20", "nat-a error: nat-a is failed, not available (NoRoom)"},
		{"a gateway whose state EC2 does not name", "nat-a .10* state=\n want nat-a .20", "nat-a error: in a state that EC2 does not name"},
		{"a public gateway", "nat-a .10* type=public\n want nat-a .20", "nat-a error: nat-a is a public NAT gateway; sluice manages private ones only"},
		{"a gateway with an Elastic IP whose type EC2 does not name", "nat-a .10* eip=192.0.2.1 type=\n want nat-a .20", "nat-a error: public NAT gateway"},
		{"a gateway without an Elastic IP whose type EC2 does not name is private", "nat-a .10* type=\n want nat-a .20", "nat-a pending [+.20]"},
		{"a regional gateway", "nat-a .10* mode=regional\n want nat-a .20", "nat-a error: nat-a is a regional NAT gateway"},
		{"a gateway without a subnet", "nat-a .10* subnet=\n want nat-a .20", "nat-a error: regional NAT gateway"},
		{"the interface of a NAT gateway", "eni-a .10* type=natGateway managed\n want eni-a .20", "eni-a error: eni-a belongs to a NAT gateway; write a spec of kind NatGateway"},
		{"the same in EC2's other spelling", "eni-a .10* type=nat_gateway\n want eni-a .20", "eni-a error: belongs to a NAT gateway"},
		{"an interface that a service requested", "eni-a .10* managed description=ELB\n want eni-a .20", "eni-a error: eni-a is managed by an AWS service (ELB); sluice leaves it alone"},
		{"an interface that an operator manages", "eni-a .10* operator\n want eni-a .20", "eni-a error: managed by an AWS service"},
		{"a target that nobody configured", "target t2\n target default\n nat-a .10*\n want nat-a .20 in=prod",
			`nat-a error: target "prod" is not configured; known targets: default, t2`},
		{"gateways that could not be read are not missing", "unread NatGateways\n want nat-a .20",
			`nat-a error: NAT gateways of target "default" could not be read: the read failed`},
		{"interfaces that could not be read are not missing", "unread NetworkInterfaces\n want eni-a .20",
			`eni-a error: network interfaces of target "default" could not be read`},
		{"one failed read does not stop the other kind", "unread NetworkInterfaces\n nat-a .10*\n want nat-a .20\n want eni-b .21",
			"nat-a pending [+.20]\n eni-b error: could not be read"},
	})
}

func TestSelectors(t *testing.T) {
	run(t, []tableCase{
		{"one match is the resource", "nat-a .10* Name=x\n nat-b .11* Name=y\n want nat{Name=x} .20", "nat-a pending [+.20]"},
		{"an interface may be selected too", "eni-a .10* Name=x\n nat-b .11* Name=x\n want eni{Name=x} .20", "eni-a pending [+.20]"},
		{"no match is an error", "nat-a .10* Name=y\n want nat{Name=x} .20", `nat{Name=x} error: the selector {Name=x} matches no NatGateway in target "default"`},
		{"many matches are an error that names them", "nat-b .11* Name=x\n nat-a .10* Name=x\n want nat{Name=x} .20",
			"nat{Name=x} error: must match exactly one NatGateway, but matches 2: nat-a, nat-b"},
		{"a deleted twin does not count", "nat-a .10* Name=x\n nat-b .11* Name=x state=deleted\n want nat{Name=x} .20", "nat-a pending [+.20]"},
		{"nor does one that is being deleted or has failed",
			"nat-a .10* Name=x\n nat-b .11* Name=x state=deleting\n nat-c .12* Name=x state=failed\n want nat{Name=x} .20", "nat-a pending [+.20]"},
		{"a twin that is being created counts", "nat-a .10* Name=x\n nat-b .11* Name=x state=pending\n want nat{Name=x} .20", "nat{Name=x} error: matches 2"},
		{"a match in another target does not count", "nat-a .10* Name=x\n target t2\n nat-b .11* Name=x\n want nat{Name=x} .20", "nat-b pending [+.20]"},
	})
}

func TestASelectorMustMatchAllItsTags(t *testing.T) {
	in := parseWorld(t, "nat-a .10* Name=x\n nat-b .11* Name=x\n nat-c .12* Name=y\n want nat{Name=x} .20")
	gateways := in.Inventories[0].NatGateways
	gateways[0].Tags["Env"], gateways[1].Tags["Env"], gateways[2].Tags["Env"] = "test", "prod", "prod"
	wanted := in.Documents[0].SelectorTags
	wanted["Env"] = "prod"
	check(t, Make(in), "nat-b pending [+.20]")
	wanted["Env"] = "none"
	check(t, Make(in), "nat{Name=x} error: the selector {Env=none, Name=x} matches no NatGateway")
	delete(wanted, "Env")
	gateways[0], gateways[1] = gateways[1], gateways[0]
	check(t, Make(in), "nat{Name=x} error: matches 2: nat-a, nat-b") // in one order, whatever EC2's
	delete(wanted, "Name")
	in.Inventories[0].NatGateways = gateways[:1]
	check(t, Make(in), "nat{Name=x} error: matches no NatGateway") // no tags are not all resources
}

func TestClaims(t *testing.T) {
	run(t, []tableCase{
		{"two specs for one resource are both refused, and both files named",
			"nat-a .10* Name=x\n want nat-a .20\n want nat{Name=x} .21",
			"nat-a error: nat-a is claimed by two specs, nat-a (nat-a.yaml:1) and nat{Name=x} (nat{Name=x}.yaml:1); keep one\n nat-a error: nat-a.yaml:1"},
		{"three specs for one resource are all refused",
			"nat-a .10* Name=x\n want nat-a .20\n want nat{Name=x} .21\n want nat-a .22 file=c.yaml",
			"nat-a error: claimed by two\n nat-a error: claimed by two\n nat-a error: claimed by two"},
		{"one id in two targets is two resources",
			"nat-a .10*\n want nat-a .20\n target t2\n nat-a .10*\n want nat-a .20", "nat-a pending [+.20]\n nat-a pending [+.20]"},
		{"two specs for one address are both refused, and both files named",
			"nat-a .10*\n nat-b .11*\n want nat-a .20 .21\n want nat-b .20",
			"nat-a error: 10.0.1.20 is wanted by two specs, nat-a (nat-a.yaml:1) and nat-b (nat-b.yaml:1); keep it in one\n nat-b error: 10.0.1.20 is wanted by two specs"},
		{"that one of them holds it does not help",
			"nat-a .10* .20\n nat-b .11*\n want nat-a .20\n want nat-b .20", "nat-a error: wanted by two\n nat-b error: wanted by two"},
		{"three specs for one address are all refused",
			"nat-a .10*\n nat-b .11*\n eni-c .12*\n want nat-a .20\n want nat-b .20\n want eni-c .20",
			"nat-a error: wanted by two\n nat-b error: wanted by two\n eni-c error: wanted by two"},
		{"a gateway and an interface may not share an address",
			"nat-a .10*\n eni-b .11*\n want nat-a .20\n want eni-b .20", "nat-a error: wanted by two\n eni-b error: wanted by two"},
		{"an address inside another spec's prefix is refused on both sides",
			"nat-a .10*\n eni-b .11*\n want nat-a .70\n want eni-b cidrs=.64/28", "nat-a error: 10.0.1.70 is wanted by two\n eni-b error: 10.0.1.70 is wanted by two"},
		{"two specs for one prefix are refused",
			"eni-a .10*\n eni-b .11*\n want eni-a cidrs=.64/28\n want eni-b cidrs=.64/28", "eni-a error: 10.0.1.64/28 is wanted by two\n eni-b error: wanted by two"},
		{"an address inside the same spec's prefix is refused",
			"eni-b .11*\n want eni-b .70 cidrs=.64/28", "eni-b error: 10.0.1.70 lies inside 10.0.1.64/28, and the spec wants both on eni-b"},
		{"one address in two VPCs is two addresses",
			"subnet sub-2 10.0.1.0/24 vpc=vpc-2\n nat-a .10*\n nat-b .11* vpc=vpc-2 subnet=sub-2\n want nat-a .20\n want nat-b .20",
			"nat-a pending [+.20]\n nat-b pending [+.20]"},
		{"one address in two targets is two addresses",
			"nat-a .10*\n want nat-a .20\n target t2\n nat-b .10*\n want nat-b .20", "nat-a pending [+.20]\n nat-b pending [+.20]"},
		{"what a spec lists whose resource is gone is nobody else's, until a person has decided",
			"nat-a .10* state=deleted\n nat-b .11*\n want nat-a .20\n want nat-b .20 .21",
			"nat-a error: nat-a is deleted\n nat-b blocked: 10.0.1.20 is listed by nat-a (nat-a.yaml:1) too, which cannot be planned now"},
		{"nor what a spec lists whose resource EC2 does not show",
			"nat-b .11*\n want nat-a .20\n want nat-b .20", "nat-a error: nat-a does not exist\n nat-b blocked: keep it in one of the two"},
		{"what is held already stays",
			"nat-a .10* state=deleted\n nat-b .11* .20\n want nat-a .20\n want nat-b .20", "nat-a error: nat-a is deleted\n nat-b in-sync"},
		{"a resource that is gone from another VPC claims nothing here",
			"subnet sub-2 10.0.1.0/24 vpc=vpc-2\n nat-a .10*\n nat-b .11* vpc=vpc-2 subnet=sub-2 state=deleted\n want nat-a .20\n want nat-b .20",
			"nat-a pending [+.20]\n nat-b error: nat-b is deleted"},
		{"what a count keeps may not be listed elsewhere",
			"nat-a .10* .20\n nat-b .11*\n want nat-a count=1\n want nat-b .20", "nat-a error: wanted by two\n nat-b error: wanted by two"},
		{"what a count gives up may be listed elsewhere",
			"nat-a .10* .20 .21\n nat-b .11*\n want nat-a count=1\n want nat-b .21",
			"nat-a pending [-.21]\n nat-b converging [+.21]: 10.0.1.21 follows when nat-a has given it up"},
		{"what a count gives up may be listed elsewhere, also while it does not show yet",
			"nat-a .10* .20 .21\n nat-b .11*\n want nat-a count=1\n want nat-b .21\n intent unassign nat-a .21",
			"nat-a converging: the unassign of\n nat-b converging [+.21]: 10.0.1.21 follows when nat-a has given it up"},
	})
}

func TestOneBadSpecDoesNotStopTheOthers(t *testing.T) {
	in := parseWorld(t, `
		nat-a .10*
		nat-b .11* type=public
		nat-c .12* .40/assigning
		eni-d .13* .31
		want nat-a .20
		want nat-b .21
		want nat-c .40
		want nat-e .22 bad=this-is-wrong
		want eni-d .30`)
	p := Make(in)
	check(t, p, `
		nat-a pending [+.20]
		nat-b error: public
		nat-c converging: is assigning
		nat-e error: nat-e.yaml:3:5: this-is-wrong
		eni-d pending [+.30] [-.31]`)
	if want := (Summary{Pending: 2, Converging: 1, Error: 2}); p.Summary != want {
		t.Errorf("summary %+v, want %+v", p.Summary, want)
	}
	for _, r := range p.Resources {
		if r.Spec.File == "" || r.Spec.Line == 0 {
			t.Errorf("%s does not say where its spec stands", r.ID)
		}
	}
}

func TestAllProblemsOfADocumentAreTold(t *testing.T) {
	p := Make(parseWorld(t, "nat-a .10*\n want nat-a .20 bad=first bad=second"))
	if r := p.Resources[0].Reason; !strings.Contains(r, "first") || !strings.Contains(r, "second") {
		t.Errorf("reason %q", r)
	}
}

func TestSubnetsAsksForNoMoreThanIsNeeded(t *testing.T) {
	in := parseWorld(t, `
		subnet sub-2 10.0.2.0/24
		subnet sub-3 10.0.3.0/24
		nat-a .10* .20
		nat-b 10.0.2.10* subnet=sub-2
		nat-c 10.0.3.10* subnet=sub-3
		nat-d 10.0.4.10* .5/assigning subnet=sub-4
		nat-e 10.0.5.10* type=public subnet=sub-5
		eni-f 10.0.6.10* subnet=sub-6
		eni-g 10.0.7.10* subnet=sub-7
		want nat-a none
		want nat-b 10.0.2.20
		want nat-c count=1
		want nat-d .6
		want nat-e .7
		want eni-f cidrs=10.0.6.64/28
		want eni-g prefixes=1`)
	got := Subnets(in)["default"]
	want := inventory.SubnetQuery{IDs: []string{"sub-2", "sub-3", "sub-6", "sub-7"}, Reservations: []string{"sub-3", "sub-7"}}
	if strings.Join(got.IDs, " ") != strings.Join(want.IDs, " ") || strings.Join(got.Reservations, " ") != strings.Join(want.Reservations, " ") {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if q := Subnets(parseWorld(t, "nat-a .10* .20\n want nat-a .20\n nat-b .11* .21 .22\n want nat-b count=1")); len(q) != 0 {
		t.Errorf("a plan that adds nothing looks at %v", q)
	}
}

func TestNoSpecIsAnEmptyPlan(t *testing.T) {
	for _, in := range []Input{{}, {Documents: []spec.Document{}}, parseWorld(t, "nat-a .10* .20")} {
		if p := Make(in); p.Resources == nil || len(p.Resources) != 0 || p.Summary != (Summary{}) {
			t.Errorf("got %+v", p)
		}
	}
}
