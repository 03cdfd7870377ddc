package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy/worker"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// rawLimits are a source's limits as they are written. Nothing is turned off by a
// zero: the schema refuses it.
type rawLimits struct {
	Files      *int   `json:"files"`
	FileSize   string `json:"fileSize"`
	TotalSize  string `json:"totalSize"`
	Depth      *int   `json:"depth"`
	PathLength *int   `json:"pathLength"`
	Transfer   string `json:"transfer"`
	Unpacked   string `json:"unpacked"`
	Memory     string `json:"memory"`
	Timeout    string `json:"timeout"`
}

// rawPolicyLimits bound the process that evaluates a user's rules.
type rawPolicyLimits struct {
	Memory     string `json:"memory"`
	Compile    string `json:"compile"`
	Evaluation string `json:"evaluation"`
}

// The bounds of sizes and times. A process with less memory reads no repository, and
// compiles no rules: both have a test.
const (
	minSize, maxSize       = 1 << 10, 64 << 30
	minMemory              = 64 << 20
	minTransfer            = 64 << 10
	maxFileSize            = 1 << 20 // what policy takes of one file
	maxTotalSize           = 512 << 20
	minTimeout, maxTimeout = time.Second, time.Hour
)

// limits checks the limits of one source. What stays zero is gitsource's default.
func (l *loader) limits(r *rawLimits, source rawRepo, isSpecs bool, at func(field ...string) []string) gitsource.Limits {
	var out gitsource.Limits
	if r == nil {
		return out
	}
	if source.Bundle != "" {
		l.problem(at("limits"), "limits are those of a repository or a folder; those of a bundle are fixed")
		return out
	}
	place := func(field string) []string { return at("limits", field) }
	most := int64(maxFileSize)
	if isSpecs {
		most = strictyaml.MaxBytes
	}
	out = gitsource.Limits{
		Files: number(r.Files), Depth: number(r.Depth), PathLength: number(r.PathLength),
		FileSize:  l.size(r.FileSize, minSize, most, place("fileSize")),
		TotalSize: l.size(r.TotalSize, minSize, maxTotalSize, place("totalSize")),
		Transfer:  l.size(r.Transfer, minTransfer, maxSize, place("transfer")),
		Unpacked:  l.size(r.Unpacked, minTransfer, maxSize, place("unpacked")),
		Memory:    l.size(r.Memory, minMemory, maxSize, place("memory")),
		Timeout:   l.duration(r.Timeout, minTimeout, maxTimeout, place("timeout")),
	}
	for field, set := range map[string]bool{"transfer": r.Transfer != "", "unpacked": r.Unpacked != "", "memory": r.Memory != ""} {
		if set && source.Dir != "" {
			l.problem(place(field), "limits.%s is for repositories; dir is a folder", field)
		}
	}
	return out
}

func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func (l *loader) policyLimits(r rawPolicyLimits) PolicyLimits {
	place := func(field string) []string { return []string{"policyLimits", field} }
	return PolicyLimits{
		Limits: worker.Limits{
			Memory: l.size(r.Memory, minMemory, maxSize, place("memory")),
			Start:  l.duration(r.Compile, minTimeout, maxTimeout, place("compile")),
		},
		Evaluation: l.duration(r.Evaluation, 100*time.Millisecond, time.Minute, place("evaluation")),
	}
}

var sizeForm = regexp.MustCompile(`^([1-9][0-9]{0,7})(KiB|MiB|GiB)$`)

// size reads a size such as 64MiB; "" is zero. What has the wrong form is the
// schema's to report.
func (l *loader) size(text string, least, most int64, path []string) int64 {
	parts := sizeForm.FindStringSubmatch(text)
	if parts == nil {
		return 0
	}
	n, _ := strconv.ParseInt(parts[1], 10, 64) // eight digits fit, of GiB too
	n *= map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[parts[2]]
	if n < least || n > most {
		l.problem(path, "%s %s is out of range; write %s to %s", path[len(path)-1], text, sizeText(least), sizeText(most))
	}
	return n
}

// duration reads a duration such as 90s; "" is zero.
func (l *loader) duration(text string, least, most time.Duration, path []string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	switch name := path[len(path)-1]; {
	case err != nil:
		l.problem(path, "%s %.40q is not a duration; write one such as 30s or 5m", name, text)
	case d < least || d > most:
		l.problem(path, "%s %.40q is out of range; write %s to %s", name, text, durationText(least), durationText(most))
	}
	return d
}

// sizeText writes a size as people set it.
func sizeText(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}} {
		if n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%dKiB", n>>10)
}

// durationText writes a whole number of one unit, as people do: 24h, not 24h0m0s.
func durationText(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if d%unit.size == 0 {
			return fmt.Sprintf("%d%s", d/unit.size, unit.name)
		}
	}
	return d.String()
}
