package policy

import (
	"strings"
	"testing"
)

const denyAll = `deny contains "no"`

func TestARuleModuleIsRefusedWhen(t *testing.T) {
	const pkg = "sluice.action.mine"
	for _, tc := range []struct{ name, body, want string }{
		{"a decision is misspelt", `denny contains "no"`, `rules/mine.rego:5:1: "denny" is no decision (did you mean "deny"?)`},
		{"a helper set has no underscore", denyAll + "\nbad contains 1", `rules/mine.rego:6:1: "bad" is no decision`},
		{"a helper object has no underscore", denyAll + "\nbad[x] := 1 if some x in [1]", `rules/mine.rego:6:1: "bad" is no decision`},
		{"a decision is in upper case", denyAll + "\nDeny if true", `rules/mine.rego:6:1: "Deny" is no decision (did you mean "deny"?)`},
		{"deny is assigned", `deny := true`, `rules/mine.rego:5:1: deny must be a set of messages`},
		{"deny is a condition", `deny if input.mode == "apply"`, `rules/mine.rego:5:1: deny must be a set`},
		{"deny is a default", denyAll + "\ndefault hold := false", `rules/mine.rego:6:1: hold must be a set`},
		{"deny is an object", `deny["x"] := 1`, `rules/mine.rego:5:1: deny must be a set`},
		{"deny is an object of sets", `deny.x contains 1`, `rules/mine.rego:5:1: deny must be a set`},
		{"deny is a function", `deny(x) := x`, `rules/mine.rego:5:1: deny must be a set`},
		{"it decides nothing", `_x := 1`, `rules/mine.rego:3:1: the package decides nothing`},
		{"it uses a name of the engine", denyAll + "\n__sluice_decisions contains 1", `rules/mine.rego:6:1: names that start with __sluice`},
		{"a field of input does not exist", `deny contains "no" if input.acton.verb == "move"`, `rules/mine.rego:5:23: undefined ref: input.acton.verb: there is no acton (did you mean "action"?), valid here: action, commit, document, mode, resource, time`},
		{"object.get asks for a field that does not exist", `deny contains "no" if object.get(input.action, "verbb", "move") != "move"`, `rules/mine.rego:5:34: undefined ref: input.action.verbb: there is no verbb (did you mean "verb"?)`},
		{"object.get asks for a path that does not exist", `deny contains "no" if { x := object.get(input, ["document", "spec", "secondry", "count"], 2); x < 2 }`, `there is no secondry (did you mean "secondary"?)`},
		{"object.get asks behind an import", "import input.action as a\n" + `deny contains "no" if not object.get(a, "verbb", false)`, `there is no verbb`},
		{"a nested field of input does not exist", `deny contains "no" if { some a in input.resource.addresses; a.primry }`, `rules/mine.rego:5:61`},
		{"a field does not exist behind a function", `deny contains "no" if _f(input.document.spec)` + "\n_f(s) if s.secondry.count > 8", `rules/mine.rego:6:10: s has no field "secondry" in any call of the function (did you mean "secondary"?)`},
		{"a field does not exist behind two functions", `deny contains "no" if _f(input.document)` + "\n_f(d) if _g(d.spec)\n_g(s) := s.secondary.cuont", `rules/mine.rego:7:10: s.secondary has no field "cuont" in any call of the function (did you mean "count"?)`},
		{"a field does not exist behind an iteration and a function", `deny contains "no" if { some a in input.resource.addresses; _f(a) }` + "\n_f(a) if a.primry", `rules/mine.rego:6:10: a has no field "primry" in any call of the function (did you mean "primary"?)`},
		{"a field does not exist behind every and a function", `deny contains "no" if { every a in input.resource.addresses { _f(a) } }` + "\n_f(a) if a.primry", `a has no field "primry"`},
		{"a field does not exist behind a variable of a function", `deny contains "no" if _f(input)` + "\n_f(i) if { some a in i.resource.addresses; x := a; x.primry }", `rules/mine.rego:6:52: x has no field "primry"`},
		{"object.get in a function asks for what does not exist", `deny contains "no" if _f(input.document)` + "\n_f(d) if object.get(d, [\"spec\", \"secondry\"], {}) == {}", `d.spec has no field "secondry"`},
		{"no call of a function has a field", `deny contains "no" if _f(input.document)` + "\ndeny contains \"n\" if _f(input.resource)\n_f(d) if d.kinds", `d has no field "kinds"`},
		{"a string is compared with a number", `deny contains "no" if input.action.wave == "0"`, `rules/mine.rego:5:23: match error`},
		{"it calls the network", `deny contains "no" if http.send({"method": "get", "url": "http://x"})`, `rules/mine.rego:5:23: undefined function http.send (it exists in Rego`},
		{"it looks up a name", `deny contains "no" if net.lookup_ip_addr("x")`, `undefined function net.lookup_ip_addr`},
		{"it reads the environment", `deny contains "no" if opa.runtime().env.X`, `undefined function opa.runtime`},
		{"it throws dice", `deny contains "no" if rand.intn("x", 2) == 1`, `undefined function rand.intn`},
		{"it makes an id", `deny contains uuid.rfc4122("x")`, `undefined function uuid.rfc4122`},
		{"it signs a token", `deny contains io.jwt.encode_sign({}, {}, {})`, `undefined function io.jwt.encode_sign`},
		{"it prints", `deny contains "no" if print(input.mode)`, `rules/mine.rego:5:23: undefined function print`},
		{"it traces", `deny contains "no" if trace("x")`, `undefined function trace`},
		{"it mocks the network", `deny contains "no" if input.mode == "x" with http.send as 1`, `rules/mine.rego:5:46: with keyword target must reference existing`},
		{"a field never has that value", `deny contains "no" if input.action.verb == "unasign"`, `rules/mine.rego:5:44: input.action.verb is never "unasign" (did you mean "unassign"?): it is assign, unassign, move`},
		{"a field never differs so", `deny contains "no" if "NatGatway" != input.resource.kind`, `rules/mine.rego:5:23: input.resource.kind is never "NatGatway" (did you mean "NatGateway"?)`},
		{"one of several values never is", `deny contains "no" if input.mode in {"apply", "dryrun"}`, `input.mode is never "dryrun" (did you mean "dry-run"?): it is observe, dry-run, apply`},
		{"a value in a list never is", `deny contains "no" if not input.document.kind in ["NatGateway", "Nic"]`, `input.document.kind is never "Nic"`},
		{"a value in a comprehension never is", `deny contains "no" if count([1 | input.mode == "prod"]) > 0`, `input.mode is never "prod"`},
		{"it replaces a parameter for itself", `deny contains "no" if input.mode == "x" with data.params.cap_drain.maxDrainSeconds as 1`, `rules/mine.rego:5:41: with data.params.cap_drain.maxDrainSeconds: rules cannot replace data`},
		{"it calls what does not exist", `deny contains "no" if nope(1)`, `rules/mine.rego:5:23: undefined function nope`},
		{"it is Rego v0", `deny[msg] { msg := "no" }`, "rules/mine.rego:5"},
		{"a variable is unused", `deny contains "no" if { x := 1 }`, `rules/mine.rego:5:25: assigned var x unused`},
		{"a parameter does not exist", `deny contains "no" if data.params.cap_drain.maxDrain > 1`, `there is no maxDrain`},
		{"a parameter's rule does not exist", `deny contains "no" if data.params.cap_drian.maxDrainSeconds > 1`, `there is no cap_drian (did you mean "cap_drain"?)`},
		{"a parameter is misspelt behind a variable", `deny contains "no" if { p := data.params.cap_drain; p.nope > 1 }`, `rules/mine.rego:5:53`},
		{"it reads data that is not there", `deny contains "no" if data.allowed.x`, `rules/mine.rego:5:23: data.allowed.x does not exist`},
		{"it reads a helper that is not there", `deny contains "no" if data.sluice.lib.net.x`, `data.sluice.lib.net.x does not exist`},
		{"it imports a package that is not there", "import data.sluice.lib.net\n" + `deny contains "no" if net.x`, `data.sluice.lib.net`},
		{"it reads a rule of another scope", `deny contains "no" if count(data.sluice.spec.allowed_cidrs.deny) > 0`, `is of another scope`},
		{"it reads all rules at once", `deny contains "no" if data.sluice.lib[_].deny`, `name package and rule in full`},
		{"sprintf stands in a condition", `deny contains msg if { msg := sprintf("%s", [input.mode]); msg != "" }`, `rules/mine.rego:5:31: sprintf in a condition`},
		{"sprintf stands in an iteration", `deny contains msg if { some msg in [sprintf("%s", [input.mode])] }`, `sprintf in a condition`},
		{"sprintf stands in a comprehension of a condition", `deny contains "no" if count({m | m := sprintf("%s", [input.mode])}) > 0`, `sprintf in a condition`},
		{"sprintf stands in a helper set", denyAll + "\n" + `_m contains sprintf("%s", [input.mode])`, `rules/mine.rego:6:13: sprintf in a helper set`},
		{"sprintf stands in a comprehension of a helper", denyAll + "\n" + `_m := {m | m := sprintf("%s", [input.mode])}`, `sprintf in a comprehension`},
		{"brackets are nested without end", `deny contains ` + strings.Repeat("[", 300) + strings.Repeat("]", 300), `rules/mine.rego:5: brackets are nested`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantProblem(t, loadProblems(t, source(ruleFile(pkg, tc.body))), tc.want)
		})
	}
}

// What nobody can tell to be wrong is not refused.
func TestFieldsBehindFunctionsAreAcceptedWhen(t *testing.T) {
	for _, tc := range []struct{ name, body string }{
		{"the function is called with two shapes", `deny contains "no" if _f(input.document)` + "\ndeny contains \"n\" if _f(input.resource)\n_f(x) if x.id\n_f(x) if x.metadata.name"},
		{"one call brings what no schema knows", `deny contains "no" if _f(input.action)` + "\ndeny contains \"n\" if _f({\"nope\": 1})\n_f(x) if x.nope"},
		{"one call brings what another function made", `deny contains "no" if _f(input.action)` + "\ndeny contains \"n\" if _f(json.unmarshal(\"{}\"))\n_f(x) if x.nope"},
		{"labels are open", `deny contains "no" if _f(input.document.metadata)` + "\n_f(m) if m.labels.whatever"},
		{"tags are open behind a variable", `deny contains "no" if { t := input.resource.tags; _f(t) }` + "\n_f(t) if t.whatever"},
		{"the key is computed", `deny contains "no" if { some k in ["verb"]; _f(input.action, k) }` + "\n_f(a, k) if a[k] == \"move\""},
		{"elements are read by number", `deny contains "no" if _f(input.action.addresses)` + "\n_f(list) if list[0] == \"10.0.0.1\""},
		{"nobody calls it", denyAll + "\n_f(x) if x.nope"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Load(t.Context(), []Source{source(ruleFile("sluice.action.mine", tc.body))}, Options{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestACapIsRefusedWhereNothingDrains(t *testing.T) {
	const capAll = `cap contains {"msg": "short", "maxDrainSeconds": 60}`
	for _, scope := range []string{"spec", "plan"} {
		wantProblem(t, loadProblems(t, source(ruleFile("sluice."+scope+".mine", capAll))),
			"rules/mine.rego:5:1: a cap shortens the drain of an action: in scope "+scope+" it would change nothing")
	}
	mustLoad(t, source(ruleFile("sluice.action.mine", capAll)))
}

func TestAPackageIsRefusedWhen(t *testing.T) {
	for _, tc := range []struct{ name, pkg, want string }{
		{"its scope is misspelt", "sluice.actoin.mine", `rules/mine.rego:3:1: package sluice.actoin.mine is not known: the second part is spec, action, plan, lib (did you mean "action"?)`},
		{"it is not sluice's", "main.action.mine", `a package here is sluice.<scope>.<name>`},
		{"it has no name", "sluice.action", `it has exactly three parts`},
		{"it has a part too many", "sluice.action.net.mine", `it has exactly three parts`},
		{"its name is no word", `sluice.action["a-b"]`, `letters, digits and underscores`},
		{"it is a shipped one", "sluice.action.cap_drain", `sluice.action.cap_drain is already in library/cap_drain.rego`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := ruleFile(tc.pkg, denyAll)
			f.Path = "mine.rego"
			wantProblem(t, loadProblems(t, source(f)), tc.want)
		})
	}
}

func TestASourceIsRefusedWhen(t *testing.T) {
	ok := ruleFile("sluice.spec.mine", denyAll)
	for _, tc := range []struct {
		name  string
		files []File
		want  string
	}{
		{"it is empty", nil, "rules: no rule found in rules"},
		{"it has only other files", []File{file("README.md", "x"), file("waiver.yaml", "kind: Waiver")}, "no rule found in rules"},
		{"it has only tests", []File{file("a_test.rego", "package sluice.spec.a_test\ntest_x if true")}, "no rule found in rules"},
		{"a file is empty", []File{file("a.rego", "")}, "rules/a.rego: empty module"},
		{"a file is no Rego", []File{file("a.rego", "package sluice.spec.a\n}{")}, "rules/a.rego:2"},
		{"a file is not UTF-8", []File{file("a.rego", "\xff\xfe")}, "rules/a.rego: the file is not valid UTF-8"},
		{"a file is too large", []File{file("a.rego", strings.Repeat("#", maxFileBytes+1))}, "rules/a.rego: the file has 1048577 bytes"},
		{"a file is listed twice", []File{ok, ok}, "rules/mine.rego: the file is listed twice"},
		{"a package stands in two files", []File{ok, {Path: "b.rego", Data: ok.Data}}, "is already in rules/mine.rego"},
		{"a rule has no title", []File{file("a.rego", "package sluice.spec.a\n"+denyAll)}, "rules/a.rego:1:1: the rule has no title"},
		{"a title is not the package's", []File{file("a.rego", "package sluice.spec.a\n\n# METADATA\n# title: x\n"+denyAll)}, "rules/a.rego:1:1: the rule has no title"},
		{"METADATA sets a schema", []File{file("a.rego", "# METADATA\n# title: x\n# schemas:\n#  - input: {type: object}\npackage sluice.spec.a\n"+denyAll)}, "rules/a.rego:1:1: METADATA may not set schemas"},
		{"a test file holds a rule", []File{ok, file("a_test.rego", "package sluice.spec.a_test\n"+denyAll)}, "rules/a_test.rego:2:1: deny in a test file decides nothing"},
		{"a test file holds no test", []File{ok, file("a_test.rego", "package sluice.spec.a_test\nx := 1")}, "rules/a_test.rego:1:1: the test file has no test"},
		{"a test's package is not known", []File{ok, file("a_test.rego", "package spec.a_test\ntest_x if true")}, "rules/a_test.rego:1:1: package spec.a_test is not known"},
		{"a helper package decides", []File{ok, file("n.rego", "package sluice.lib.n\n"+denyAll)}, "rules/n.rego:2:1: deny has no meaning in a helper package"},
		{"a helper package reads input", []File{ok, file("n.rego", "package sluice.lib.n\nf(x) := x + input.line")}, "rules/n.rego:2:13: a helper package takes what it needs as arguments"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantProblem(t, loadProblems(t, source(tc.files...)), tc.want)
		})
	}
}

func TestAllProblemsComeAtOnceInOrder(t *testing.T) {
	problems := loadProblems(t,
		source(ruleFile("sluice.spec.b", "deny := true\nwarn if true"), ruleFile("sluice.nope.a", denyAll), file("data.yaml", "other: 1")),
		Source{Name: "empty"})
	var got []string
	for _, p := range problems {
		at, _, _ := strings.Cut(p.String(), ": ")
		got = append(got, at)
	}
	want := "empty rules/a.rego:3:1 rules/b.rego:3:1 rules/b.rego:5:1 rules/b.rego:6:1 rules/data.yaml:1:1"
	if strings.Join(got, " ") != want {
		t.Errorf("problems at\n\t%s, want\n\t%s\n%v", strings.Join(got, " "), want, problems)
	}
}

func TestTheDigestCoversContentAndNothingElse(t *testing.T) {
	a, b := ruleFile("sluice.spec.a", denyAll), ruleFile("sluice.plan.b", denyAll)
	params := file("data.yaml", "params: {cap_drain: {maxDrainSeconds: 300}}")
	base := mustLoad(t, source(a, b, params)).Digest()
	renamed := mustLoad(t, Source{Name: "elsewhere", Files: []File{params, b}}, Source{Name: "x", Files: []File{a}}).Digest()
	if base != renamed {
		t.Errorf("order and names change the digest: %s, %s", base, renamed)
	}
	if again := mustLoad(t, source(a, b, params)).Digest(); again != base {
		t.Errorf("the digest is not stable: %s, %s", base, again)
	}
	seen := map[string]string{base: "base"}
	for name, sources := range map[string][]Source{
		"no source":     nil,
		"without data":  {source(a, b)},
		"other data":    {source(a, b, file("data.yaml", "params: {cap_drain: {maxDrainSeconds: 301}}"))},
		"other content": {source(a, ruleFile("sluice.plan.b", `warn contains "no"`), params)},
	} {
		d := mustLoad(t, sources...).Digest()
		if !strings.HasPrefix(d, "sha256:") || len(d) != 71 {
			t.Errorf("%s: digest %q", name, d)
		}
		if other := seen[d]; other != "" {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[d] = name
	}
}

func TestALevelIsOneOfThree(t *testing.T) {
	rule := func(level string) Source {
		return Source{Name: "s", Files: []File{{Path: "r.rego", Data: []byte("# METADATA\n# title: T\n# custom:\n#   level: " + level +
			"\npackage sluice.spec.mine\n\ndeny contains \"no\" if input.line > 3\n")}}}
	}
	e, err := Load(t.Context(), []Source{rule("advisory")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range e.Rules() {
		if want := map[string]Level{"spec.mine": Advisory, "action.never_unassign_primary": Mandatory, "spec.allowed_cidrs": Soft}[r.ID]; want != "" && r.Level != want {
			t.Errorf("%s is %s, want %s", r.ID, r.Level, want)
		}
	}
	if _, err := Load(t.Context(), []Source{rule("advisry")}, Options{}); err == nil || !strings.Contains(err.Error(), `did you mean "advisory"`) {
		t.Errorf("a misspelt level: %v", err)
	}
}

func TestALevelThatWouldNotCountIsRefused(t *testing.T) {
	const decision = "deny contains \"no\" if input.line > 3\n"
	for _, tc := range []struct{ name, text, want string }{
		{"beside custom", "# METADATA\n# title: T\n# level: mandatory\npackage sluice.spec.mine\n" + decision, "s/r.rego:3:2: METADATA has no key level: write it below custom"},
		{"misspelt", "# METADATA\n# title: T\n# custom:\n#   levle: mandatory\npackage sluice.spec.mine\n" + decision, `s/r.rego:4:4: custom.levle sets no level (did you mean "level"?)`},
		{"below a misspelt custom", "# METADATA\n# title: T\n# custm:\n#   level: mandatory\npackage sluice.spec.mine\n" + decision, `METADATA has no key "custm" (did you mean "custom"?)`},
		{"of one decision", "# METADATA\n# title: T\npackage sluice.spec.mine\n\n# METADATA\n# custom: {level: mandatory}\n" + decision, "s/r.rego:5:1: custom.level is set for a rule, where it has no meaning"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantProblem(t, loadProblems(t, Source{Name: "s", Files: []File{file("r.rego", tc.text)}}), tc.want)
		})
	}
	mustLoad(t, Source{Name: "s", Files: []File{file("r.rego", "# METADATA\n# title: T\n# custom: {label: mine, level: soft}\npackage sluice.spec.mine\n"+decision)}})
}
