package policy

import (
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowed names the built-in functions that policies may call. It is a list of
// what is in, so that an upgrade of OPA adds nothing. Out are the network, the
// process, randomness, key material, printing, and functions whose time or memory
// grows beyond their input in one step, where no deadline reaches them.
const allowed = `
	eq assign equal neq gt gte lt lte internal.member_2 internal.member_3
	plus minus mul div rem abs ceil floor round and or
	count sum product max min sort
	array.concat array.flatten array.reverse array.slice intersection union
	object.filter object.get object.keys object.remove object.subset object.union object.union_n
	json.filter json.is_valid json.marshal json.remove json.unmarshal
	concat contains endswith startswith format_int indexof indexof_n lower upper
	replace split sprintf substring trim trim_left trim_prefix trim_right trim_space
	trim_suffix strings.any_prefix_match strings.any_suffix_match strings.count
	strings.replace_n strings.reverse internal.template_string
	regex.is_valid regex.match regex.split regex.find_n regex.replace regex.find_all_string_submatch_n
	glob.match glob.quote_meta
	to_number is_array is_boolean is_null is_number is_object is_set is_string type_name
	net.cidr_contains net.cidr_contains_matches net.cidr_intersects net.cidr_is_valid
	time.add_date time.clock time.date time.diff time.format time.now_ns
	time.parse_duration_ns time.parse_ns time.parse_rfc3339_ns time.weekday
	base64.decode base64.encode base64.is_valid hex.decode hex.encode crypto.sha256
	walk graph.reachable units.parse units.parse_bytes semver.compare semver.is_valid`

// testOnly is what OPA's tester adds to test rules by itself.
const testOnly = "internal.test_case"

// knownBuiltins is what this version of OPA has, to tell a forbidden function
// from one that does not exist.
var knownBuiltins = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		names[b.Name] = true
	}
	return names
})

func isKnownBuiltin(name string) bool { return knownBuiltins()[name] }

// capabilities returns what modules may use: the listed functions plus extra.
// The empty AllowNet means no host; nil would mean any.
func capabilities(extra ...string) *ast.Capabilities {
	in := map[string]bool{}
	for _, name := range append(strings.Fields(allowed), extra...) {
		in[name] = true
	}
	c := ast.CapabilitiesForThisVersion()
	kept := make([]*ast.Builtin, 0, len(in))
	for _, b := range c.Builtins {
		if in[b.Name] {
			kept = append(kept, b)
		}
	}
	c.Builtins = kept
	c.AllowNet = []string{}
	return c
}
