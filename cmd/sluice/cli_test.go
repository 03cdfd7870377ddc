package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// commands returns our own commands: cobra makes help and completion.
func commands(a *app) []*cobra.Command {
	var own []*cobra.Command
	for _, cmd := range a.rootCommand().Commands() {
		if cmd.Name() != "help" && cmd.Name() != "completion" {
			own = append(own, cmd)
		}
	}
	return own
}

func TestEveryCommandOfTheContractIsThere(t *testing.T) {
	var names []string
	for _, cmd := range (&app{}).rootCommand().Commands() {
		names = append(names, cmd.Name())
	}
	const want = "ack apply audit completion conformance demo doctor explain health help history iam-policy import plan policy schedule schema serve sim version"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("commands\n%s, want\n%s", got, want)
	}
}

func TestHelpShowsExamplesThatWork(t *testing.T) {
	for _, name := range append([]string{""}, names(commands(&app{}))...) {
		args := append(strings.Fields(name), "--help")
		stdout, stderr, status := execute(t, args...)
		if status != exitDone || stderr != "" {
			t.Errorf("sluice %s --help ends with status %d and says %q", name, status, stderr)
		}
		for _, part := range []string{"Usage:", "Examples:", "Flags:"} {
			if !strings.Contains(stdout, part) {
				t.Errorf("sluice %s --help has no %q", name, part)
			}
		}
	}
	for _, cmd := range append(commands(&app{}), (&app{}).rootCommand()) {
		for _, line := range strings.Split(strings.ReplaceAll(cmd.Example, "\\\n", " "), "\n") {
			checkExample(t, cmd.Name(), line)
		}
	}
}

// checkExample parses the flags and arguments of each sluice command in a line of
// an example. Two spaces part the command from the words about it.
func checkExample(t *testing.T, of, line string) {
	for _, part := range strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool { return r == '|' || r == '&' || r == '>' }) {
		command, _, _ := strings.Cut(strings.TrimSpace(part), "  ")
		args := strings.Fields(command)
		if len(args) < 2 || args[0] != "sluice" {
			continue
		}
		cmd, rest, err := (&app{}).rootCommand().Find(args[1:])
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil {
			t.Errorf("example of %s: %q: %v", of, command, err)
		}
	}
}

func names(list []*cobra.Command) []string {
	var out []string
	for _, cmd := range list {
		out = append(out, cmd.Name())
	}
	return out
}

func TestMisspeltCommandLinesEndWithOneAndSayWhereToLook(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"frob", "there is no command \"frob\"; `sluice --help` lists the commands"},
		{"pln", "there is no command \"pln\" (did you mean \"plan\"?); `sluice --help` lists the commands"},
		{"frob --help", "there is no command \"frob\""},
		{"help frob", "there is no command \"frob\""},
		{"completion frob", "there is no command \"completion frob\"; `sluice completion --help` lists the commands"},
		{"--frob", "unknown flag: --frob; `sluice --help` lists the flags"},
		{"plan --frob", "unknown flag: --frob; `sluice plan --help` lists the flags"},
		{"plan --dir", "flag needs an argument: --dir"},
		{"plan specs", "\"specs\" is one argument too many: sluice plan takes only flags"},
		{"plan", "nothing says where the specs are; use --config FILE, --dir DIR or --repo URL"},
		{"plan --dir a --repo file:///b", "--dir and --repo both say where the specs are; keep one"},
		{"plan --dir a --ref main", "--ref and --path go with --repo, not with --dir"},
		{"plan --dir a --path b", "--ref and --path go with --repo, not with --dir"},
		{"plan --dir a -o yaml", "--output \"yaml\" is not one of text, json"},
		{"apply --dir a --output xml", "--output \"xml\" is not one of text, json"},
		{"audit a -o table", "--output \"table\" is not one of text, json"},
		{"history -o csv", "--output \"csv\" is not one of text, json"},
		{"explain 10.0.1.20 -o csv", "--output \"csv\" is not one of text, json"},
		{"plan --dir a --mode fast", "--mode \"fast\" is not one of observe, dry-run, apply"},
		{"apply --dir a --mode Apply", "--mode \"Apply\" is not one of observe, dry-run, apply"},
		{"serve --dir a --mode no", "--mode \"no\" is not one of observe, dry-run, apply"},
		{"apply --dir a one.json two.json", "\"two.json\" is one argument too many"},
		{"plan --config a.yaml --dir b", "--config says where specs and policies are; leave out --dir, --repo, --ref, --path and --policy"},
		{"plan --config a.yaml --policy b", "--config says where specs and policies are"},
		{"plan --config testdata/nosuch.yaml", "testdata/nosuch.yaml: no such file or directory"},
		{"plan --dir a --policy a/policies", "could bring the policy that judges it"},
		{"serve extra", "\"extra\" is one argument too many"},
		{"demo extra", "\"extra\" is one argument too many"},
		{"version extra", "\"extra\" is one argument too many"},
		{"explain", "explain which address? Name one, such as `sluice explain 10.0.1.20`"},
		{"explain one", "\"one\" is no IP address such as 10.0.1.20"},
		{"sim", "--world FILE says what the simulated account holds"},
		{"sim --world testdata/nosuch.yaml", "testdata/nosuch.yaml: no such file or directory"},
		{"sim --world testdata/badspecs.txtar", "testdata/badspecs.txtar:4:1: not valid YAML"},
		{"sim --world w.yaml --speed 0", "--speed must be more than 0"},
		{"sim --world w.yaml --speed fast", "invalid argument \"fast\" for \"--speed\""},
	} {
		t.Run(c.line, func(t *testing.T) {
			_, stderr, status := execute(t, strings.Fields(c.line)...)
			if status != exitFailed || !strings.HasPrefix(stderr, "sluice: ") || !strings.Contains(stderr, c.want) {
				t.Errorf("status %d, and it says\n%swant 1 and\n%s", status, stderr, c.want)
			}
			if lines := strings.Count(stderr, "\n"); lines != 1 {
				t.Errorf("it says so in %d lines", lines)
			}
		})
	}
}

func TestVersionIsPrinted(t *testing.T) {
	for _, line := range []string{"version", "--version"} {
		if stdout, _, status := execute(t, line); status != exitDone || !strings.HasPrefix(stdout, "sluice ") {
			t.Errorf("%s: status %d, %q", line, status, stdout)
		}
	}
}

func TestCompletionScriptsAreWritten(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if stdout, _, status := execute(t, "completion", shell); status != exitDone || !strings.Contains(stdout, "sluice") {
			t.Errorf("%s: status %d, %d bytes", shell, status, len(stdout))
		}
	}
}
