package strictyaml

import (
	"bytes"
	"fmt"
	"strings"
)

// splitLine takes the library's "yaml: line 3: message" apart.
func splitLine(err error) (message string, line int) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	if n, _ := fmt.Sscanf(message, "line %d:", &line); n == 1 {
		_, message, _ = strings.Cut(message, ": ")
	}
	return message, line
}

// syntaxHints says what people usually did when the library reports one of
// these.
var syntaxHints = [...]struct{ message, hint string }{
	{"did not find expected key", "the indentation does not fit the lines above, or a bracket is closed that was not opened"},
	{"did not find expected '-' indicator", "the list above goes on with \"- \", or the indentation is wrong"},
	{"did not find expected ',' or ']'", "the list that was opened with [ is not closed before this"},
	{"did not find expected ',' or '}'", "the mapping that was opened with { is not closed before this"},
	{"did not find expected node content", "a value is missing"},
	{"did not find expected <document start>", "begin a further document with a line ---"},
	{"could not find expected ':'", "a key without a value: write \"key: value\""},
	{"mapping values are not allowed in this context", "a second \": \" in one value, or wrong indentation; put text that holds \": \" in quotes"},
	{"found character that cannot start any token", "put a value that begins with @, ` or % in quotes"},
	{"found unexpected end of stream", "the quote that is opened here is never closed"},
	{"exceeded max depth", fmt.Sprintf("the limit is a depth of %d", MaxDepth)},
	{"found unknown escape character", "inside double quotes write \\\\ for a backslash, or use single quotes"},
}

// syntaxWords turns the library's message into one that says what to do.
func syntaxWords(message string, line []byte) string {
	if strings.HasPrefix(message, "unknown anchor") {
		return aliasWords
	}
	indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
	if bytes.IndexByte(indent, '\t') >= 0 {
		return "this line is indented with a tab; YAML indents with spaces"
	}
	for _, h := range syntaxHints {
		if strings.HasPrefix(message, h.message) {
			return fmt.Sprintf("not valid YAML: %s (%s)", printable(message), h.hint)
		}
	}
	return "not valid YAML: " + printable(message)
}
