package strictyaml

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// valueWords says what is wrong with one value, or "" for a failure that only
// groups others.
func valueWords(failure jsonschema.ErrorKind, name string, value any, s *jsonschema.Schema) string {
	must := func(format string, args ...any) string {
		return name + " must be " + fmt.Sprintf(format, args...)
	}
	switch k := failure.(type) {
	case *kind.Type:
		return must("%s", typeWords(k.Want, value, s.Comment))
	case *kind.Pattern:
		if s.Comment != "" {
			return must("%s, not %s", s.Comment, describe(value))
		}
		return must("of the form %s, not %s", k.Want, describe(value))
	case *kind.Enum:
		words := must("%s, not %s", quotedValues(k.Want), describe(value))
		if text, ok := value.(string); ok {
			words += didYouMean(text, textsOf(k.Want))
		}
		return words
	case *kind.Const:
		return must("%s, not %s", quotedValues([]any{k.Want}), describe(value))
	case *kind.Minimum:
		return must("%s, not %s", rangeWords(s), describe(value))
	case *kind.Maximum:
		return must("%s, not %s", rangeWords(s), describe(value))
	case *kind.MinLength:
		if k.Want == 1 {
			return name + " must not be empty"
		}
		return must("at least %d characters long, not %d", k.Want, k.Got)
	case *kind.MaxLength:
		return must("at most %d characters long, not %d", k.Want, k.Got)
	case *kind.MinItems, *kind.MinProperties:
		return name + " must not be empty" + colon(s.Comment)
	case *kind.MaxItems:
		return fmt.Sprintf("%s has %d entries; at most %d are allowed", name, k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("%s has %d fields; at most %d are allowed", name, k.Got, k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("%s names the same value twice: entries %d and %d", name, k.Duplicates[0]+1, k.Duplicates[1]+1)
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		return ""
	default:
		return fmt.Sprintf("%s does not fit the schema (%s)", name, strings.Join(failure.KeywordPath(), "/"))
	}
}

func typeWords(want []string, value any, comment string) string {
	var names []string
	for _, w := range want {
		names = append(names, typeNames[w])
	}
	words := strings.Join(names, " or ")
	if comment != "" {
		words = comment
	}
	if value == nil {
		return words + ", but is empty"
	}
	words += ", not " + describe(value)
	_, isList := value.([]any)
	_, isMap := value.(map[string]any)
	if comment == "" && slices.Equal(want, []string{"string"}) && !isList && !isMap {
		words += "; put it in quotes"
	}
	return words
}

// typeNames says JSON Schema's types in words for people. Read only.
var typeNames = map[string]string{
	"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
	"array": "a list", "object": "a mapping (key: value)", "null": "empty",
}

// secret stands for a value that no message may quote: that of a writeOnly schema.
type secret struct{}

// describe says what was found.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "an empty value"
	case string:
		return fmt.Sprintf("the text %q", shorten(v))
	case json.Number:
		return "the number " + v.String()
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return "a list"
	case secret:
		return "what is written here"
	default:
		return "a mapping"
	}
}

func rangeWords(s *jsonschema.Schema) string {
	number := func(r *big.Rat) string { return strings.TrimSuffix(r.RatString(), "/1") }
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		return "from " + number(s.Minimum) + " to " + number(s.Maximum)
	case s.Minimum != nil:
		return number(s.Minimum) + " or more"
	case s.Maximum != nil:
		return number(s.Maximum) + " or less"
	}
	return "in range"
}

// fieldNames returns the names of the fields that may be there, sorted.
func fieldNames(known map[string]*jsonschema.Schema) []string {
	var names []string
	for name, s := range known {
		if s.Not == nil { // else it is listed only to be refused
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func unknownField(field string, names []string) string {
	words := fmt.Sprintf("unknown field %q", shorten(field))
	if hint := didYouMean(field, names); hint != "" {
		return words + hint
	}
	if len(names) == 0 {
		return words
	}
	return words + "; known here: " + strings.Join(names, ", ")
}

// fieldName names the value at path: its key, with the index inside a list.
func fieldName(path []string) string {
	name := "the document"
	for i, step := range path {
		if _, err := strconv.Atoi(step); err == nil && i > 0 {
			name += "[" + step + "]"
		} else {
			name = printable(step)
		}
	}
	return name
}

func inside(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return " in " + fieldName(path)
}

func colon(comment string) string {
	if comment == "" {
		return ""
	}
	return ": " + comment
}

func quotedList(names []string, word string) string {
	var quoted []any
	for _, n := range names {
		quoted = append(quoted, n)
	}
	return joinQuoted(quoted, word)
}

func quotedValues(values []any) string { return joinQuoted(values, "or") }

// joinQuoted writes `"a", "b" or "c"`.
func joinQuoted(values []any, word string) string {
	var out strings.Builder
	for i, v := range values {
		switch {
		case i > 0 && i == len(values)-1:
			out.WriteString(" " + word + " ")
		case i > 0:
			out.WriteString(", ")
		}
		if text, ok := v.(string); ok {
			fmt.Fprintf(&out, "%q", text)
		} else {
			fmt.Fprint(&out, v)
		}
	}
	return out.String()
}

func textsOf(values []any) []string {
	var texts []string
	for _, v := range values {
		if t, ok := v.(string); ok {
			texts = append(texts, t)
		}
	}
	return texts
}
