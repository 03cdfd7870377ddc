package ec2sim

import (
	"cmp"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// param says which form one request parameter has on the wire.
type param struct {
	form     form
	required bool
	min, max int                               // whole numbers; no bounds when both are 0
	check    func(name, value string) *failure // of each value
}

// form is the wire form of a parameter.
type form int

const (
	text         form = iota // Name=value
	list                     // Name.1=value&Name.2=value
	whole                    // Name=12
	truth                    // Name=true
	filters                  // Name.1.Name=key&Name.1.Value.1=value
	members                  // Name.member.1=value, as IAM writes lists
	tagPairs                 // Name.1.Key=key&Name.1.Value=value
	tagSpecs                 // Name.1.ResourceType=type&Name.1.Tag.1.Key=key&Name.1.Tag.1.Value=value
	addressSpecs             // Name.1.PrivateIpAddress=address&Name.1.Primary=true
	prefixSpecs              // Name.1.Ipv4Prefix=prefix
)

// params are the parameters of one request. The accessors expect that check has
// passed.
type params struct{ values url.Values }

// common reports whether a parameter belongs to the protocol or its signature,
// not to the action.
func common(name string) bool {
	switch name {
	case "Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion",
		"Timestamp", "Expires", "SecurityToken":
		return true
	}
	return len(name) > 6 && strings.EqualFold(name[:6], "X-Amz-")
}

// check holds the request against what the action accepts. The order of the
// checks does not depend on the order of the map.
func (p params) check(accepts map[string]param) *failure {
	for _, key := range slices.Sorted(maps.Keys(p.values)) {
		if common(key) {
			continue
		}
		base, rest, _ := strings.Cut(key, ".")
		spec, ok := accepts[base]
		if !ok || !spec.form.fits(key, rest) {
			return fail(codeUnknownParameter, "The parameter %s is not recognized", quote(key))
		}
		if len(p.values[key]) != 1 {
			return fail(codeInvalidValue, "The parameter %s is given more than once", quote(key))
		}
		if f := spec.checkValue(key, p.values[key][0]); f != nil {
			return f
		}
	}
	for _, name := range slices.Sorted(maps.Keys(accepts)) {
		if accepts[name].required && !p.has(name) {
			return fail(codeMissingParameter, "The request must contain the parameter %s", name)
		}
	}
	return nil
}

// fits reports whether the part of a key after the parameter's name is right.
func (f form) fits(key, rest string) bool {
	switch f {
	case list:
		return index(rest) > 0
	case members:
		number, ok := strings.CutPrefix(rest, "member.")
		return ok && index(number) > 0
	case tagPairs:
		number, field, _ := strings.Cut(rest, ".")
		return index(number) > 0 && (field == "Key" || field == "Value")
	case addressSpecs:
		number, field, _ := strings.Cut(rest, ".")
		return index(number) > 0 && (field == "PrivateIpAddress" || field == "Primary")
	case prefixSpecs:
		number, field, _ := strings.Cut(rest, ".")
		return index(number) > 0 && field == "Ipv4Prefix"
	case tagSpecs:
		number, field, _ := strings.Cut(rest, ".")
		pair, isTag := strings.CutPrefix(field, "Tag.")
		return index(number) > 0 && (field == "ResourceType" || isTag && tagPairs.fits(key, pair))
	case filters:
		number, field, _ := strings.Cut(rest, ".")
		value, isValue := strings.CutPrefix(field, "Value.")
		return index(number) > 0 && (field == "Name" || isValue && index(value) > 0)
	}
	return !strings.Contains(key, ".")
}

// index reads the number in a list parameter's name: 1 or more, else 0.
func index(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || s != strconv.Itoa(n) {
		return 0
	}
	return n
}

// checkValue holds one value against the parameter's form, bounds and own check.
func (spec param) checkValue(key, value string) *failure {
	switch spec.form {
	case whole:
		n, err := strconv.Atoi(value)
		if err != nil {
			return fail(codeInvalidValue, "Value (%s) for parameter %s is invalid. It must be a whole number", quote(value), key)
		}
		if (spec.min != 0 || spec.max != 0) && (n < spec.min || n > spec.max) {
			return fail(codeInvalidValue, "Value (%d) for parameter %s is invalid. Expecting a value between %d and %d", n, key, spec.min, spec.max)
		}
	case truth:
		if f := truthCheck(key, value); f != nil {
			return f
		}
	}
	if spec.check != nil {
		return spec.check(key, value)
	}
	return nil
}

// has reports whether the parameter is present in any of its forms.
func (p params) has(name string) bool {
	for key := range p.values {
		base, _, _ := strings.Cut(key, ".")
		if base == name {
			return true
		}
	}
	return false
}

// one returns the value of a parameter that is no list, or "".
func (p params) one(name string) string { return p.values.Get(name) }

// flag reports whether a parameter is there and true.
func (p params) flag(name string) bool { return strings.EqualFold(p.values.Get(name), "true") }

// number returns a whole number, or 0 when the parameter is absent.
func (p params) number(name string) int {
	n, _ := strconv.Atoi(p.values.Get(name))
	return n
}

// list returns the values of a list parameter by their numbers. Gaps are allowed.
func (p params) list(name string) []string {
	type entry struct {
		at    int
		value string
	}
	var entries []entry
	for key, values := range p.values {
		if rest, ok := strings.CutPrefix(key, name+"."); ok && index(rest) > 0 {
			entries = append(entries, entry{index(rest), values[0]})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	var list []string
	for _, e := range entries {
		list = append(list, e.value)
	}
	return list
}

// numbers returns NAME.1, NAME.2 and so on of a list of structures, by their numbers.
func (p params) numbers(name string) []string {
	seen := map[int]bool{}
	for key := range p.values {
		if rest, ok := strings.CutPrefix(key, name+"."); ok {
			number, _, _ := strings.Cut(rest, ".")
			seen[index(number)] = true
		}
	}
	var list []string
	for _, n := range slices.Sorted(maps.Keys(seen)) {
		list = append(list, name+"."+strconv.Itoa(n))
	}
	return list
}

// fields returns one field of each structure of a list.
func (p params) fields(name, field string) []string {
	var list []string
	for _, n := range p.numbers(name) {
		list = append(list, p.one(n+"."+field))
	}
	return list
}

// quote makes a client's text safe and short enough for an error message.
func quote(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return strings.ToValidUTF8(strings.Trim(strconv.Quote(s), `"`), "?")
}

// idCheck accepts ids of EC2's form: the prefix and 8 or 17 hexadecimal digits.
func idCheck(prefix, code string) func(name, value string) *failure {
	return func(_, value string) *failure {
		if !wellFormedID(prefix, value) {
			return fail(code, "Invalid id: %q (expecting %q)", quote(value), prefix+"...")
		}
		return nil
	}
}

// idDigits are the old and the new length of EC2's ids.
var idDigits = regexp.MustCompile(`^([0-9a-f]{8}|[0-9a-f]{17})$`)

// wellFormedID reports whether an id has EC2's form.
func wellFormedID(prefix, id string) bool {
	digits, ok := strings.CutPrefix(id, prefix)
	return ok && idDigits.MatchString(digits)
}

// truthCheck accepts true and false, however they are written.
func truthCheck(name, value string) *failure {
	if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
		return fail(codeInvalidValue, "Value (%s) for parameter %s is invalid. It must be true or false", quote(value), name)
	}
	return nil
}

// addressSpecCheck accepts the fields of addressSpecs.
func addressSpecCheck(name, value string) *failure {
	if strings.HasSuffix(name, ".Primary") {
		return truthCheck(name, value)
	}
	return addressCheck(name, value)
}

// addressCheck accepts an IPv4 address. IPv4 has one spelling only, so that
// addresses can be compared as text from here on.
func addressCheck(name, value string) *failure {
	if a, err := netip.ParseAddr(value); err != nil || !a.Is4() {
		return fail(codeInvalidValue, "Value (%s) for parameter %s is invalid. Invalid IPv4 address", quote(value), name)
	}
	return nil
}

// prefixCheck accepts an IPv4 network of any length; the subnet decides the rest.
func prefixCheck(name, value string) *failure {
	if p, err := netip.ParsePrefix(value); err != nil || !p.Addr().Is4() {
		return fail(codeInvalidValue, "Value (%s) for parameter %s is invalid. Invalid IPv4 prefix", quote(value), name)
	}
	return nil
}
