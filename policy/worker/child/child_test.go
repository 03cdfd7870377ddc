package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain makes this binary its own child: called with one of these words it answers
// a request in this way.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if answer, found := answers[os.Args[1]]; found {
			if err := Answer(os.Stdin, os.Stdout, 1<<20, answer); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

var answers = map[string]func([]byte) []byte{
	"echo": func(request []byte) []byte { return request },
	"wait": func([]byte) []byte { select {} },
	"compute": func(request []byte) []byte {
		for n := uint64(1); n != 0; n += 2 { // for a few hundred years
			request = append(request[:0], byte(n))
		}
		return request
	},
	"write": func(request []byte) []byte {
		f, err := os.Create(string(request))
		if err == nil {
			_, err = f.WriteString("x")
		}
		return fmt.Append(nil, err)
	},
	"share": func([]byte) []byte { // memory that RLIMIT_DATA does not count
		_, err := syscall.Mmap(-1, 0, 4<<30, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_ANON)
		return fmt.Append(nil, err)
	},
	"proc": func(request []byte) []byte {
		data, err := os.ReadFile("/proc/self/" + string(request))
		if err != nil {
			return fmt.Append(nil, err)
		}
		return data
	},
}

// play runs a child that has 64 MiB.
func play(t *testing.T, ctx context.Context, part, request string, l Limits) (string, error) {
	t.Helper()
	c, err := Self(part)
	if err != nil {
		t.Fatal(err)
	}
	l.Memory = 64 << 20
	answer, err := Run(ctx, c, l, []byte(request), 1<<20)
	return string(answer), err
}

func TestARequestComesBackAnswered(t *testing.T) {
	for _, request := range []string{"", "hello", strings.Repeat("x", 1<<20)} {
		if got, err := play(t, t.Context(), "echo", request, Limits{}); err != nil || got != request {
			t.Errorf("%d bytes give %d, %v", len(request), len(got), err)
		}
	}
	_, err := play(t, t.Context(), "echo", strings.Repeat("x", 1<<20+1), Limits{})
	if err == nil || !strings.Contains(err.Error(), "ended without an answer (exit status 1: the request: a message of 1048577 bytes, where at most 1048576 make sense)") {
		t.Errorf("a request that is too long: %v", err)
	}
}

func TestAChildIsKilledWhenItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := play(t, ctx, "wait", "", Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := play(t, ctx, "echo", "", Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestTheKernelHoldsAChildToItsLimits(t *testing.T) {
	if _, err := os.Stat("/proc/self/limits"); err != nil {
		t.Skip("only Linux has these limits:", err)
	}
	got, err := play(t, t.Context(), "proc", "limits", Limits{Files: 50, CPU: 1500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	got = strings.Join(strings.Fields(got), " ")
	for _, want := range []string{"Max core file size 0 0", "Max file size 0 0", "Max open files 50 50", "Max cpu time 2 2"} {
		if !strings.Contains(got, want) {
			t.Errorf("its limits have no %q: %s", want, got)
		}
	}
	for _, unbounded := range []string{"Max data size unlimited", "Max address space unlimited"} {
		if strings.Contains(got, unbounded) {
			t.Errorf("its limits have %q", unbounded)
		}
	}
	name := t.TempDir() + "/f"
	if got, err := play(t, t.Context(), "write", name, Limits{}); err != nil || !strings.Contains(got, "file too large") {
		t.Errorf("a file can be written: %s, %v", got, err)
	}
	if got, err := play(t, t.Context(), "share", "", Limits{}); err != nil || got != syscall.ENOMEM.Error() {
		t.Errorf("4 GiB of shared memory give %s, %v", got, err)
	}
	_, err = play(t, t.Context(), "compute", "", Limits{CPU: time.Second})
	if err == nil || !strings.Contains(err.Error(), "ended without an answer (signal: killed: it computed for longer than 1s)") {
		t.Errorf("computing for ever gives %v", err)
	}
}

func TestAChildRefusesNonsense(t *testing.T) {
	for input, want := range map[string]string{
		"":                        "the first message: EOF",
		"\x00\x00\x00\x05":        "the first message: unexpected EOF",
		"\x7f\xff\xff\xff":        "the first message: a message of 2147483647 bytes, where at most 4096 make sense",
		"\x00\x00\x00\x05hello":   "the first message: invalid character",
		"\x00\x00\x00\x02{}":      "the first message: it has no limit of memory",
		"\x00\x00\x00\x06[1,2,3]": "the first message:",
	} {
		if in, err := Enter(strings.NewReader(input)); err == nil || in != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %s", input, err, want)
		}
	}
}

func TestAFrameIsReadAsItWasWritten(t *testing.T) {
	var buf bytes.Buffer
	if err := AddJSON(&buf, 100, []int{1, 2}); err != nil {
		t.Fatal(err)
	}
	var got []int
	if err := ReadJSON(&buf, 100, &got); err != nil || len(got) != 2 || got[1] != 2 {
		t.Errorf("got %v, %v", got, err)
	}
	if err := AddJSON(&buf, 3, "four"); err == nil || !strings.Contains(err.Error(), "the limit is 3") {
		t.Errorf("a frame over its limit: %v", err)
	}
	if _, err := ReadFrame(strings.NewReader("\x00\x00\x00\x05four"), nil, 100); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a frame that was cut off: %v", err)
	}
}

// The last words of a child are all that is known of its end.
func TestTheSignsOfTheEndOfMemoryAreKnown(t *testing.T) {
	for words, want := range map[string]bool{
		"fatal error: runtime: out of memory\n\nruntime stack:":                                            true,
		"runtime: mmap: cannot allocate memory":                                                            true,
		"SIGSEGV: segmentation violation\nPC=0x435ddd":                                                     true,
		"fatal error: unexpected signal during runtime execution":                                          true,
		"fatal error: too many address space collisions for -race mode":                                    true,
		"panic: runtime error: invalid memory address\n[signal SIGSEGV: segmentation violation code=0x1 ]": false,
		"fatal error: all goroutines are asleep - deadlock!":                                               false,
		"": false,
	} {
		p := &Process{words: &tail{}}
		_, _ = p.words.Write([]byte(words))
		if got := p.OutOfMemory(); got != want {
			t.Errorf("%q: %v", words, got)
		}
	}
}
