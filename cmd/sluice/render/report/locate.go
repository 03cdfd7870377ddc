package report

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// located is a problem's text taken apart.
type located struct {
	file         string
	line, column int // 0 when the text has none
	rest         string
}

// extensions are those of the files that a problem can be of. They tell a place from
// a time of day, or from a host and its port.
var extensions = [...]string{".yaml", ".yml", ".json", ".rego"}

// locate takes a problem apart: "file:line:column: text", or "file: text" where the
// file is the one that is expected. A name may hold colons itself: of another file,
// the name ends at the first place in the first line where two numbers follow.
func locate(text, file string) (located, bool) {
	if rest, ok := strings.CutPrefix(text, file+":"); ok && file != "" {
		if line, column, rest, ok := numbers(rest); ok {
			return located{file, line, column, rest}, true
		}
		if rest, ok := strings.CutPrefix(rest, " "); ok {
			return located{file: file, rest: rest}, true
		}
	}
	first, _, _ := strings.Cut(text, "\n")
	for i, r := range first {
		if r != ':' || !slices.Contains(extensions[:], path.Ext(text[:i])) {
			continue
		}
		if line, column, rest, ok := numbers(text[i+1:]); ok {
			return located{text[:i], line, column, rest}, true
		}
	}
	return located{}, false
}

// numbers reads "line:column: " and returns what follows.
func numbers(s string) (line, column int, rest string, ok bool) {
	line, s, ok = number(s, ":")
	if !ok {
		return 0, 0, "", false
	}
	column, rest, ok = number(s, ": ")
	return line, column, rest, ok
}

// number reads a number of at most nine digits and what must follow it.
func number(s, follows string) (n int, rest string, ok bool) {
	digits, _, found := strings.Cut(s[:min(len(s), 9+len(follows))], follows) // a long text is not searched to its end
	if !found || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, "", false
	}
	n, err := strconv.Atoi(digits)
	return n, s[len(digits)+len(follows):], err == nil
}
