package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
)

// deployed reads a file of examples/deploy.
func deployed(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "examples", "deploy", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// manifests returns the documents of the Kubernetes example by kind. Each is read
// strictly into what this test knows of it later.
func manifests(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for doc := range strings.SplitSeq(deployed(t, "kubernetes/sluice.yaml"), "\n---\n") {
		var head struct{ Kind, APIVersion string }
		if err := yaml.Unmarshal([]byte(doc), &head); err != nil || head.Kind == "" || head.APIVersion == "" {
			t.Fatalf("%v in:\n%s", err, doc)
		}
		all[head.Kind] = []byte(doc)
	}
	return all
}

// taskDefinition is the part of an ECS task definition that the tests look at.
type taskDefinition struct {
	Memory               string `json:"memory"`
	ContainerDefinitions []struct {
		User                   string   `json:"user"`
		ReadonlyRootFilesystem bool     `json:"readonlyRootFilesystem"`
		Command                []string `json:"command"`
		HealthCheck            struct {
			Command []string `json:"command"`
		} `json:"healthCheck"`
		Secrets []struct {
			Name string `json:"name"`
		} `json:"secrets"`
		MountPoints []struct {
			SourceVolume  string `json:"sourceVolume"`
			ContainerPath string `json:"containerPath"`
			ReadOnly      bool   `json:"readOnly"`
		} `json:"mountPoints"`
	} `json:"containerDefinitions"`
	Volumes []struct {
		Name string `json:"name"`
		EFS  struct {
			TransitEncryption string `json:"transitEncryption"`
		} `json:"efsVolumeConfiguration"`
	} `json:"volumes"`
}

func ecsTask(t *testing.T) taskDefinition {
	t.Helper()
	var task taskDefinition
	if err := json.Unmarshal([]byte(deployed(t, "ecs/task-definition.json")), &task); err != nil || len(task.ContainerDefinitions) != 1 {
		t.Fatalf("%d containers: %v", len(task.ContainerDefinitions), err)
	}
	return task
}

func TestEveryExampleOfADeploymentHasAConfigurationThatIsAccepted(t *testing.T) {
	var cm struct{ Data map[string]string }
	if err := yaml.Unmarshal(manifests(t)["ConfigMap"], &cm); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"systemd": deployed(t, "systemd/sluice.yaml"), "ECS": deployed(t, "ecs/sluice.yaml"), "Kubernetes": cm.Data["sluice.yaml"],
	} {
		cfg, problems := config.Load("/etc/sluice/sluice.yaml", []byte(text))
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		if cfg.Mode != "dry-run" || cfg.History.File != "/var/lib/sluice/history.db" || cfg.History.Keep != 400*24*time.Hour || len(cfg.Policies) == 0 {
			t.Errorf("%s: %+v", name, cfg)
		}
		if env := cfg.Specs.Access.Auth; name == "ECS" && (env.Bearer == nil || env.Bearer.Env != ecsTask(t).ContainerDefinitions[0].Secrets[0].Name) {
			t.Errorf("%s: the token comes from %+v", name, env.Bearer)
		}
	}
}

func TestEveryCommandLineOfADeploymentIsAccepted(t *testing.T) {
	task := ecsTask(t).ContainerDefinitions[0]
	lines := map[string][]string{"ECS": task.Command, "ECS health": task.HealthCheck.Command[2:]}
	container := podContainer(t)
	lines["Kubernetes"] = container.Args
	for name, p := range map[string]probe{"startup": container.StartupProbe, "liveness": container.LivenessProbe, "readiness": container.ReadinessProbe} {
		if len(p.Exec.Command) < 2 || p.Exec.Command[0] != "/sluice" {
			t.Fatalf("%s: %q", name, p.Exec.Command)
		}
		lines["Kubernetes "+name] = p.Exec.Command[1:]
	}
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/sluice (.*)$`).FindStringSubmatch(deployed(t, "systemd/sluice.service"))
	lines["systemd"] = strings.Fields(start[1])
	for name, words := range dockerfile(t) {
		lines["Dockerfile "+name] = words
	}
	if len(lines) != 9 {
		t.Errorf("%d command lines: %v", len(lines), lines)
	}
	for name, args := range lines {
		cmd, rest, err := (&app{}).rootCommand().Find(args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil || cmd.Name() == "sluice" || cmd.Flags().NArg() > 0 || cmd.Flags().Lookup("config").Value.String() != "/etc/sluice/sluice.yaml" {
			t.Errorf("%s: %q: %v", name, args, err)
		}
	}
}

// dockerfile returns what the image runs: CMD behind its entry point, and the health check.
func dockerfile(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	_, image, _ := strings.Cut(text, "\nFROM scratch\n")
	for _, line := range []string{"\nUSER 65532:65532\n", "\nENTRYPOINT [\"/sluice\"]\n", "\nVOLUME /var/lib/sluice\n"} {
		if !strings.Contains(image, line) {
			t.Errorf("the image has no line %q", line)
		}
	}
	lines := map[string][]string{}
	for name, of := range map[string]string{"CMD": `(?m)^CMD (\[.*\])$`, "HEALTHCHECK": `(?m)^HEALTHCHECK .* CMD (\[.*\])$`} {
		var words []string
		found := regexp.MustCompile(of).FindStringSubmatch(image)
		if found == nil {
			t.Fatalf("no %s", name)
		}
		if err := json.Unmarshal([]byte(found[1]), &words); err != nil {
			t.Fatal(err)
		}
		if words[0] == "/sluice" {
			words = words[1:]
		}
		lines[name] = words
	}
	return lines
}

// worstCase is the most memory that a daemon needs with its two processes, which
// limit themselves to 1 GiB each, in MiB.
const worstCase = 300 + 2*1024

func TestTheECSTaskIsConfinedAndHasRoomForTheProcesses(t *testing.T) {
	task := ecsTask(t)
	c := task.ContainerDefinitions[0]
	if c.User != "65532:65532" || !c.ReadonlyRootFilesystem {
		t.Errorf("user %q, read-only %v", c.User, c.ReadonlyRootFilesystem)
	}
	if n := json.Number(task.Memory); !atLeast(n, worstCase) {
		t.Errorf("%s MiB of memory", n)
	}
	volumes := map[string]bool{}
	for _, v := range task.Volumes {
		volumes[v.Name] = v.EFS.TransitEncryption == "ENABLED"
	}
	for _, m := range c.MountPoints {
		if !volumes[m.SourceVolume] || m.ReadOnly != (m.ContainerPath == "/etc/sluice") {
			t.Errorf("%+v", m)
		}
	}
}

func atLeast(n json.Number, want int64) bool {
	got, err := n.Int64()
	return err == nil && got >= want
}
