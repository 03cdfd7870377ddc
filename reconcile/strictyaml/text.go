package strictyaml

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// checkText refuses what is no text, or looks different from what it says. The
// position is of the first such character.
func checkText(text []byte) (Problem, bool) {
	line, column := 1, 0
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		column++
		why := ""
		if r == utf8.RuneError && size == 1 {
			why = fmt.Sprintf("byte 0x%02x is not valid UTF-8; save the file as UTF-8", rest[0])
		} else {
			why = refusedRune(r, rest[size:])
		}
		if why != "" {
			return Problem{Line: line, Column: column, Message: why}, false
		}
		if r == '\n' {
			line, column = line+1, 0
		}
		rest = rest[size:]
	}
	return Problem{}, true
}

// refusedRune says why r may not stand in a file, or "". YAML takes some
// characters for a line break that editors and diffs show as nothing: they could
// hide a setting inside a comment.
func refusedRune(r rune, next []byte) string {
	switch {
	case r == '\t' || r == '\n':
		return ""
	case r == '\r':
		if len(next) == 0 || next[0] == '\n' {
			return ""
		}
		return "a carriage return without a line feed hides a line break; remove it"
	case r == 0:
		return "the file holds a NUL byte; it is no text file, or not saved as UTF-8"
	case r == 0x85 || r == 0x2028 || r == 0x2029:
		return fmt.Sprintf("the character U+%04X hides a line break; remove it", r)
	case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
		return fmt.Sprintf("the character U+%04X changes the direction of the text that a reviewer sees; remove it", r)
	case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfeff:
		return fmt.Sprintf("the invisible character U+%04X is not allowed; remove it", r)
	}
	return ""
}

// lineReader hands out one line per call and counts them, so that it is known
// how far a reader got.
type lineReader struct {
	rest  []byte
	lines int
}

func (l *lineReader) Read(p []byte) (int, error) {
	n := bytes.IndexByte(l.rest, '\n') + 1
	if n == 0 {
		n = len(l.rest)
	}
	n = copy(p, l.rest[:n])
	if n == 0 {
		// The end: any error other than io.EOF would be reported in its place.
		return bytes.NewReader(nil).Read(p)
	}
	if l.rest[n-1] == '\n' || n == len(l.rest) {
		l.lines++
	}
	l.rest = l.rest[n:]
	return n, nil
}

// syntaxProblem finds the line of a syntax error. The library's own number is
// right for errors inside a token (a quote that is not closed) once its line is
// not the first, but counts from zero, and from the start of the enclosing
// mapping, for everything else.
func syntaxProblem(text []byte, err error) Problem {
	message, _ := splitLine(err)
	line := stopLine(text, err)
	if strings.HasPrefix(message, "found unexpected end") || strings.HasPrefix(message, "could not find expected") {
		_, shifted := readNodes(bytes.NewReader(append([]byte("#\n"), text...)))
		if shifted != nil {
			if _, n := splitLine(shifted); n > 1 {
				line = n - 1
			}
		}
	}
	content := lineAt(text, line)
	column := len(content) - len(bytes.TrimLeft(content, " \t")) + 1
	return Problem{Line: line, Column: column, Message: syntaxWords(message, content)}
}

// stopLine returns the line where reading cannot go on: how far the reader got,
// less the lines that it only looked ahead.
func stopLine(text []byte, err error) int {
	const lookAhead = 4
	l := &lineReader{rest: text}
	_, _ = readNodes(l)
	line := max(l.lines, 1)
	for range lookAhead {
		head := text[:lineStart(text, line)]
		if line == 1 || len(bytes.TrimSpace(head)) == 0 {
			break
		}
		if _, again := readNodes(bytes.NewReader(head)); again == nil || again.Error() != err.Error() {
			break
		}
		line--
	}
	return line
}

// lineStart returns the offset of a line, counted from 1.
func lineStart(text []byte, line int) int {
	offset := 0
	for ; line > 1; line-- {
		n := bytes.IndexByte(text[offset:], '\n')
		if n < 0 {
			return len(text)
		}
		offset += n + 1
	}
	return offset
}

func lineAt(text []byte, line int) []byte {
	content, _, _ := bytes.Cut(text[lineStart(text, line):], []byte("\n"))
	return content
}
