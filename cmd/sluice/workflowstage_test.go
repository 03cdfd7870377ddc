package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"sigs.k8s.io/yaml"
)

// workflow is as much of a GitHub workflow or a GitLab pipeline as a machine
// without either can run.
type workflow struct {
	Jobs  map[string]githubJob `json:"jobs"`
	steps []workflowStep
}

type githubJob struct {
	Env      map[string]string `json:"env"`
	Steps    []workflowStep    `json:"steps"`
	Defaults struct {
		Run struct {
			Shell string `json:"shell"`
		} `json:"run"`
	} `json:"defaults"`
}

type workflowStep struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Uses string `json:"uses"`
	If   string `json:"if"`
	Run  string `json:"run"`

	Env map[string]string `json:"env"`

	shell []string // see shellOf
}

// shellOf is how GitHub runs the steps of a job: one that names bash also ends at what
// fails within a pipe. GitLab's does too.
func shellOf(named string) []string {
	if named == "bash" {
		return []string{"-eo", "pipefail", "-c"}
	}
	return []string{"-e", "-c"}
}

// gitlabJob is a job of .gitlab-ci.yml.
type gitlabJob struct {
	Script []string `json:"script"`
}

// expression is what GitHub puts a value in place of. The script gives values in
// variables: github.event.pull_request.base.sha in $github_event_pull_request_base_sha.
var expression = regexp.MustCompile(`\$\{\{\s*([a-z_.]+)\s*\}\}`)

// runWorkflow runs the steps of an example in the folder of the script, as the
// host would: what a step uses or installs is there already, each step is a shell
// that ends at the first error, and after one only the steps that always run do.
func runWorkflow(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: workflow FILE")
	}
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", "ci", args[0]))
	ts.Check(err)
	failed, well := "", map[string]bool{}
	for _, step := range parseWorkflow(ts, string(data)) {
		if !step.runs(failed != "", well) {
			continue
		}
		ts.Logf("## %s", step.Name)
		for name, value := range step.Env {
			ts.Setenv(name, value)
		}
		if err := ts.Exec("bash", append(step.shell, step.Run)...); err != nil {
			failed = step.Name
		} else {
			well[step.ID] = true
		}
	}
	switch {
	case failed != "" && !neg:
		ts.Fatalf("%s failed at %q", args[0], failed)
	case failed == "" && neg:
		ts.Fatalf("%s passed, and should not have", args[0])
	}
}

// outcome is the one condition that the examples put behind always().
var outcome = regexp.MustCompile(`^always\(\) && steps\.([a-z]+)\.outcome == 'success'$`)

// runs reports whether a step is run: after a failure only what asks for that, and
// what asks for another step only when that went well.
func (s workflowStep) runs(failed bool, well map[string]bool) bool {
	if of := outcome.FindStringSubmatch(s.If); of != nil {
		return well[of[1]]
	}
	return !failed || s.If == "always()"
}

func parseWorkflow(ts *testscript.TestScript, text string) []workflowStep {
	text = expression.ReplaceAllStringFunc(text, func(s string) string {
		name := expression.FindStringSubmatch(s)[1]
		value := ts.Getenv(strings.ReplaceAll(name, ".", "_"))
		if value == "" {
			ts.Fatalf("the script does not say what %s is", name)
		}
		return value
	})
	var w workflow
	ts.Check(yaml.Unmarshal([]byte(text), &w))
	for _, job := range w.Jobs {
		for name, value := range job.Env {
			ts.Setenv(name, value)
		}
		for _, step := range job.Steps {
			if step.Uses == "" && step.Name != "Install sluice" {
				step.shell = shellOf(job.Defaults.Run.Shell)
				w.steps = append(w.steps, step)
			}
		}
	}
	if len(w.Jobs) == 0 {
		var pipeline map[string]gitlabJob
		ts.Check(yaml.Unmarshal([]byte(text), &pipeline))
		for name, job := range pipeline {
			w.steps = append(w.steps, workflowStep{Name: name, Run: strings.Join(job.Script, "\n"), shell: shellOf("bash")})
		}
	}
	if len(w.steps) == 0 {
		ts.Fatalf("there is nothing to run")
	}
	return w.steps
}
