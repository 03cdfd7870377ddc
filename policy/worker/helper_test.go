package worker

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/policy/worker/child"
)

// TestMain makes this binary its own child: called with one of these words it is
// that child, a good one or a bad one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if play, found := children[os.Args[1]]; found {
			if err := play(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

var children = map[string]func() error{
	"good": func() error { return Main(os.Stdin, os.Stdout) },
	// These answer as they like. Each reads the messages that begin a child.
	"no-rules":     func() error { return pretend(loaded{Digest: "sha256:other"}, nil) },
	"no-json":      func() error { return pretend(nil, []byte("\x00\x00\x00\x05hello")) },
	"too-long":     func() error { return pretend(nil, []byte("\xff\xff\xff\xff")) },
	"cut-short":    func() error { return pretend(nil, []byte("\x00\x00\x01\x00{")) },
	"crash":        func() error { panic("told to\x1b[31m") },
	"silent":       func() error { select {} },
	"wrong-answer": func() error { return lie(answer{ID: 4711}) },
	"no-answer":    func() error { return lie("what?") },
}

// pretend reads hello and setup and answers with a value or with bytes.
func pretend(v any, raw []byte) error {
	for _, limit := range []int{4 << 10, maxSetup} { // the limits, the rules
		if _, err := child.ReadFrame(os.Stdin, nil, limit); err != nil {
			return err
		}
	}
	if v != nil {
		return send(os.Stdout, v)
	}
	_, err := os.Stdout.Write(raw)
	return err
}

// lie loads as it should and gives every request the same answer.
func lie(v any) error {
	var s setup
	if _, err := child.ReadFrame(os.Stdin, nil, 4<<10); err != nil { // the limits
		return err
	}
	if err := child.ReadJSON(os.Stdin, maxSetup, &s); err != nil {
		return err
	}
	e, err := policy.Load(context.Background(), s.Sources, s.Options)
	if err != nil {
		return err
	}
	if err := send(os.Stdout, loaded{Digest: e.Digest(), Rules: e.Rules()}); err != nil {
		return err
	}
	for {
		for _, limit := range []int{maxHead, maxInput} {
			if _, err := child.ReadFrame(os.Stdin, nil, limit); err != nil {
				return err
			}
		}
		if err := send(os.Stdout, v); err != nil {
			return err
		}
	}
}

var noon = time.Date(2027, 1, 2, 12, 0, 0, 123456789, time.FixedZone("", 3600))

// rules is a source of rule packages, by their bodies. A body begins on line 5.
func rules(bodies map[string]string) []policy.Source {
	src := policy.Source{Name: "rules"}
	for pkg, body := range bodies {
		src.Files = append(src.Files, policy.File{
			Path: strings.ReplaceAll(strings.TrimPrefix(pkg, "sluice."), ".", "/") + ".rego",
			Data: []byte("# METADATA\n# title: A rule\npackage " + pkg + "\n\n" + body + "\n"),
		})
	}
	return []policy.Source{src}
}

func specRule(body string) []policy.Source {
	return rules(map[string]string{"sluice.spec.mine": body})
}

func command(t testing.TB, play string) child.Command {
	t.Helper()
	c, err := Self(play)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start starts an engine that ends with the test.
func start(t testing.TB, sources []policy.Source, opts policy.Options, limits Limits) *Engine {
	t.Helper()
	e, err := Start(t.Context(), command(t, "good"), sources, opts, limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// document is an input of scope spec whose labels decide what a rule does.
func document(labels map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "sluice/v1", "kind": "NatGateway", "file": "a.yaml", "line": 1,
		"metadata": map[string]any{"name": "egress-a", "labels": labels},
		"spec":     map[string]any{"id": "nat-0ee3edd182361f662", "secondary": map[string]any{"addresses": []any{"10.0.1.20"}}},
	}
}

var good = map[string]any{"env": "prod", "owner": "network"}

// wantGood evaluates a good document.
func wantGood(t *testing.T, e *Engine) {
	t.Helper()
	if res, err := e.Eval(t.Context(), policy.ScopeSpec, document(good), noon); err != nil || len(res.Evaluated) < 2 {
		t.Errorf("a good document gives %v, %v", res, err)
	}
}

func frame(data string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(data)))) + data
}

// local is the engine in this process with the same rules.
func local(tb testing.TB, e *Engine) *policy.Engine {
	tb.Helper()
	here, err := e.here()
	if err != nil {
		tb.Fatal(err)
	}
	return here
}
