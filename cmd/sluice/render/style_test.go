package render

import (
	"bytes"
	"os"
	"testing"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestColourIsForATerminalThatWantsIt(t *testing.T) {
	for _, c := range []struct {
		name         string
		env          map[string]string
		colour, live bool
	}{
		{"an ordinary terminal", map[string]string{"TERM": "xterm-256color"}, true, true},
		{"NO_COLOR is set", map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false, true},
		{"NO_COLOR is set to a zero", map[string]string{"TERM": "xterm", "NO_COLOR": "0"}, false, true},
		{"NO_COLOR is empty, which counts as unset", map[string]string{"TERM": "xterm", "NO_COLOR": ""}, true, true},
		{"the terminal is dumb", map[string]string{"TERM": "dumb"}, false, false},
	} {
		colour, live := abilities(environment(c.env))
		if colour != c.colour || live != c.live {
			t.Errorf("%s: colour %v, live %v; want %v, %v", c.name, colour, live, c.colour, c.live)
		}
	}
}

func TestWhatIsNoTerminalGetsNeitherColourNorLiveLines(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := environment(map[string]string{"TERM": "xterm"})
	for _, s := range []*Style{New(&bytes.Buffer{}, env), New(file, env)} {
		if s.colour || s.Live() || s.width() != 80 {
			t.Errorf("colour %v, live %v, width %d; want none, and 80 columns", s.colour, s.Live(), s.width())
		}
	}
}

func TestATerminalIsNoticed(t *testing.T) {
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there is no pseudo-terminal here:", err)
	}
	defer tty.Close()
	if s := New(tty, environment(map[string]string{"TERM": "xterm"})); !s.colour || !s.Live() || s.width() != 80 {
		t.Errorf("colour %v, live %v, width %d; want both, and 80 columns for a terminal that does not say", s.colour, s.Live(), s.width())
	}
	if s := New(tty, environment(map[string]string{"TERM": "xterm", "NO_COLOR": "1"})); s.colour || !s.Live() {
		t.Errorf("NO_COLOR is not honoured: colour %v, live %v", s.colour, s.Live())
	}
}
