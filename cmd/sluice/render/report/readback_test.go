package report

import (
	"html"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// The readers here are made from the formats' descriptions, not from the writers:
// what a reader of the format would understand is what a report says.

// command is a workflow command as GitHub's runner takes it apart.
type command struct {
	name       string
	properties map[string]string
	message    string
}

// readGitHub reads a log as the runner does: commands, and other lines as they are.
func readGitHub(t rapid.TB, data []byte) (commands []command, plain []string) {
	t.Helper()
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsAny(line, "\r\x1b") {
			t.Fatalf("a control character in %q", line)
		}
		rest, isCommand := strings.CutPrefix(strings.TrimLeft(line, " \t"), "::")
		head, message, found := strings.Cut(rest, "::")
		if !isCommand || !found {
			if strings.Contains(line, "##[") {
				t.Fatalf("a command of the old form in %q", line)
			}
			plain = append(plain, line)
			continue
		}
		name, list, _ := strings.Cut(head, " ")
		c := command{name, map[string]string{}, decodeCommand(message, false)}
		for _, p := range strings.Split(list, ",") {
			if key, value, ok := strings.Cut(p, "="); ok {
				c.properties[key] = decodeCommand(value, true)
			}
		}
		commands = append(commands, c)
	}
	return commands, plain
}

func decodeCommand(s string, property bool) string {
	if property {
		s = strings.NewReplacer("%3A", ":", "%2C", ",").Replace(s)
	}
	return strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(s)
}

// point is a test point of TAP, and what its YAML block says.
type point struct {
	ok          bool
	description string
	details     map[string]any
}

var pointLine = regexp.MustCompile(`^(not )?ok (\d+) - (.*)$`)

// readTAP reads version 13 with the escapes of 14, and takes no line that it does
// not know.
func readTAP(t rapid.TB, data []byte) []point {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if lines[0] != "TAP version 13" {
		t.Fatalf("begins with %q", lines[0])
	}
	var points []point
	planned := -1
	for i := 1; i < len(lines); i++ {
		line := lines[i]
		if m := pointLine.FindStringSubmatch(line); m != nil {
			if m[2] != strconv.Itoa(len(points)+1) {
				t.Fatalf("test %s follows test %d", m[2], len(points))
			}
			text := strings.NewReplacer(`\\`, `\`, `\#`, "#").Replace(m[3])
			if bare := strings.NewReplacer(`\\`, "", `\#`, "").Replace(m[3]); strings.Contains(bare, "#") {
				t.Fatalf("a directive in %q", line)
			}
			points = append(points, point{ok: m[1] == "", description: text})
			continue
		}
		switch plan, isPlan := strings.CutPrefix(line, "1.."); {
		case isPlan && planned < 0:
			digits, _, _ := strings.Cut(plan, " ")
			planned, _ = strconv.Atoi(digits)
		case strings.HasPrefix(line, "# "):
		case line == "  ---" && len(points) > 0:
			end := i + 1
			for end < len(lines) && lines[end] != "  ..." {
				end++
			}
			block := strings.Join(lines[i+1:min(end, len(lines))], "\n")
			if err := yaml.Unmarshal([]byte(block), &points[len(points)-1].details); err != nil {
				t.Fatalf("%v in\n%s", err, block)
			}
			i = end
		default:
			t.Fatalf("line %d is no TAP: %q", i+1, line)
		}
	}
	if planned != len(points) {
		t.Fatalf("%d tests were planned, and %d made", planned, len(points))
	}
	return points
}

// readTables reads the tables of a Markdown text: the text of each cell. It fails on
// markup that the writers do not use.
func readTables(t rapid.TB, data []byte) (rows [][]string) {
	t.Helper()
	width := 0
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case !strings.HasPrefix(line, "|"):
			width = 0
			continue
		case width == 0:
			width = strings.Count(line, "|") // the head
			continue
		case strings.HasPrefix(line, "|---"):
			continue
		}
		if n := strings.Count(line, "|"); n != width {
			t.Fatalf("%d cells instead of %d in %q", n-1, width-1, line)
		}
		var cells []string
		for _, cell := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |"), " | ") {
			cells = append(cells, plainText(t, cell))
		}
		rows = append(rows, cells)
	}
	return rows
}

var (
	knownTag = regexp.MustCompile(`^</?(br|code)>`)
	entity   = regexp.MustCompile(`^&(#\d+|[a-z]+);`)
)

// plainText is what a reader sees of an inline text: code spans as they are, escapes
// and entities decoded, the marks of bold dropped, the spaces of no width too.
func plainText(t rapid.TB, s string) string {
	t.Helper()
	var b strings.Builder
	for s != "" {
		n := 1
		switch tag, ent := knownTag.FindString(s), entity.FindString(s); {
		case tag == "<br>":
			b.WriteByte('\n')
			n = len(tag)
		case tag != "":
			n = len(tag)
		case ent == "&#8203;":
			n = len(ent)
		case ent != "":
			b.WriteString(html.UnescapeString(ent))
			n = len(ent)
		case s[0] == '\\' && len(s) > 1 && strings.ContainsRune("\\`*_~[]!$", rune(s[1])):
			b.WriteByte(s[1])
			n = 2
		case s[0] == '`':
			end := strings.IndexByte(s[1:], '`')
			if end < 0 {
				t.Fatalf("code without an end: %q", s)
			}
			b.WriteString(s[1 : 1+end])
			n = end + 2
		case strings.HasPrefix(s, "**"):
			n = 2
		case strings.IndexByte("<>&*_~[]!$\\", s[0]) >= 0:
			t.Fatalf("markup in %q", s)
		default:
			b.WriteByte(s[0])
		}
		s = s[n:]
	}
	return b.String()
}
