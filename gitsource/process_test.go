package gitsource

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy/worker/child"
)

// TestMain makes this binary its own child: called with one of these words it is
// that child, a good one or a bad one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if answer, found := children[os.Args[1]]; found {
			if err := child.Answer(os.Stdin, os.Stdout, 32<<20, answer); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

var children = map[string]func([]byte) []byte{
	"good": Answer,
	"crash": func([]byte) []byte {
		go func() { // where nobody recovers
			panic("index out of range, told to\x1b[31m pass-" + canary)
		}()
		select {} // an answer could be faster than the end
	},
	"hungry": func([]byte) []byte {
		var held []byte
		for {
			held = append(held, bytes.Repeat([]byte{1}, 1+len(held))...)
		}
	},
	"busy":   func([]byte) []byte { select {} },
	"short":  func([]byte) []byte { return []byte{1} },
	"noise":  func([]byte) []byte { return bytes.Repeat([]byte("noise"), 100) },
	"long":   func([]byte) []byte { return make([]byte, 10<<20) },
	"empty":  func([]byte) []byte { return encodeReply(replyHead{}, nil, 1<<20) },
	"excess": func([]byte) []byte { return reply1("a.yaml", 3, "four") },
	"lack":   func([]byte) []byte { return reply1("a.yaml", 5, "four") },
	"minus":  func([]byte) []byte { return reply1("a.yaml", -1, "four") },
}

func reply1(name string, size int, data string) []byte {
	head := replyHead{Snapshot: &sentSnapshot{Paths: []string{name}, Sizes: []int{size}}}
	return encodeReply(head, []File{{Data: []byte(data)}}, 1<<20)
}

// runner starts a good child.
func runner(ctx context.Context, job Job) ([]byte, error) { return play("good")(ctx, job) }

func play(part string) Runner {
	return func(ctx context.Context, job Job) ([]byte, error) {
		command, err := child.Self(part)
		if err != nil {
			return nil, err
		}
		return child.Run(ctx, command, child.Limits{Memory: job.Memory, Files: 4096, CPU: job.CPU}, job.Request, job.Answer)
	}
}

func TestAProcessThatDoesNotAnswerIsAnErrorThatSaysWhy(t *testing.T) {
	for part, want := range map[string]struct {
		kind error
		says string
	}{
		"crash":  {ErrUnreachable, "the process that reads the repository ended without an answer (exit status 2: panic: index out of range, told to?[31m ***)"},
		"hungry": {ErrLimit, "the process that reads the repository needed more than limits.memory, which is 256MiB, and was ended; use a smaller repository"},
		"short":  {ErrUnreachable, "sent something else than an answer (1 bytes)"},
		"noise":  {ErrUnreachable, "sent something else than an answer (a head of 1852795251 bytes in 496)"},
		"long":   {ErrUnreachable, "sent something else than an answer (a message of 10485760 bytes"},
		"empty":  {ErrUnreachable, "sent something else than an answer (a commit without files)"},
		"excess": {ErrUnreachable, "sent something else than an answer (1 bytes of no file)"},
		"lack":   {ErrUnreachable, "sent something else than an answer (files of more bytes than it holds)"},
		"minus":  {ErrUnreachable, "sent something else than an answer (files of more bytes than it holds)"},
	} {
		t.Run(part, func(t *testing.T) {
			s := open(t, Config{URL: withUser("http://127.0.0.1:1/x.git"), Runner: play(part), Limits: Limits{Memory: 256 << 20, Files: 10, TotalSize: 1 << 10}})
			_, err := s.Fetch(context.Background(), "")
			wantError(t, err, want.kind, "http://127.0.0.1:1/x.git: ", want.says)
			wantSilent(t, s, err)
		})
	}
	s := open(t, Config{URL: "http://127.0.0.1:1/x.git", Runner: func(context.Context, Job) ([]byte, error) {
		return child.Run(context.Background(), child.Command{Path: "/nowhere/sluice"}, child.Limits{Memory: 1}, nil, 0)
	}})
	_, err := s.Head(context.Background())
	wantError(t, err, ErrUnreachable, "the process that reads the repository could not be started: fork/exec /nowhere/sluice: no such file")
}

func TestAProcessEndsWithItsContextAndAtTheDeadline(t *testing.T) {
	gone := make(chan error, 1)
	run := func(ctx context.Context, job Job) ([]byte, error) {
		answer, err := play("busy")(ctx, job)
		gone <- err // the process is gone before Run returns
		return answer, err
	}
	began := time.Now()
	s := open(t, Config{URL: "http://127.0.0.1:1/x.git", Runner: run, Limits: Limits{Timeout: 300 * time.Millisecond}})
	_, err := s.Head(context.Background())
	wantError(t, err, ErrUnreachable, "no complete answer within 300ms")
	if err := <-gone; !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	_, err = open(t, Config{URL: "http://127.0.0.1:1/x.git", Runner: run}).Head(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-gone; !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

// What a child is told in its environment and its arguments, everybody on the
// machine can read.
func TestCredentialsReachAProcessThroughThePipeOnly(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	t.Setenv("HTTPS_PROXY", "http://user:"+canary+"@127.0.0.1:1")
	t.Setenv("AWS_SECRET_ACCESS_KEY", canary)
	var sent Job
	s := open(t, Config{URL: serve(t, goHandler(t, r)), Username: "u", Password: canary, Runner: func(ctx context.Context, job Job) ([]byte, error) {
		sent = job
		return runner(ctx, job)
	}})
	_, err := s.Snapshot(context.Background(), nil)
	check(t, err)
	if !bytes.Contains(sent.Request, []byte(`"Password":"`+canary)) || bytes.Contains(sent.Request, []byte("AWS_")) {
		t.Errorf("the request is %s", sent.Request)
	}
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("needs /proc:", err)
	}
	command, err := child.Self("busy")
	check(t, err)
	p, err := child.Start(command, child.Limits{Memory: 64 << 20})
	check(t, err)
	defer p.End()
	for _, name := range []string{"environ", "cmdline"} {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.Pid(), name))
		check(t, err)
		if strings.Contains(string(data), canary) {
			t.Errorf("its %s is %q", name, data)
		}
	}
}

func TestWhomToTrustReachesAProcessFromTheEnvironment(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	srv := httptest.NewUnstartedServer(goHandler(t, r))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	s := open(t, Config{URL: srv.URL + "/specs.git", Runner: runner})
	_, err := s.Snapshot(context.Background(), nil)
	wantError(t, err, ErrUnreachable, "unknown authority")
	t.Setenv("SSL_CERT_FILE", write(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	_, err = s.Snapshot(context.Background(), nil)
	check(t, err)
}

func TestARequestThatIsNoneGetsAnAnswerAllTheSame(t *testing.T) {
	for request, want := range map[string]string{
		"{":                           "the request does not parse",
		`{"Op":"head"}`:               "url: it has no scheme",
		`{"Op":"x","URL":"file:///"}`: `the request asks for "x"`,
	} {
		r, err := readReply(Answer([]byte(request)))
		check(t, err)
		wantError(t, r.err(), nil, want)
	}
}

func TestACommitReachesTheOtherSideAsItIs(t *testing.T) {
	want := &Snapshot{Commit: Commit{ID: "x", Time: time.Date(9999, 1, 2, 3, 4, 5, 0, time.UTC), Message: "\x00<>\u2028"}, Files: []File{{"a", []byte("1")}, {"b", nil}}, tip: "y"}
	r, err := readReply(encodeReply(replyHead{Snapshot: newSentSnapshot(want)}, want.Files, 1<<20))
	check(t, err)
	got, err := r.snapshot()
	check(t, err)
	if got.Commit != want.Commit || got.tip != want.tip || paths(got) != "a b" || string(got.Files[0].Data) != "1" {
		t.Errorf("got %+v", got)
	}
}

func TestAnAnswerThatIsTooLongIsAnError(t *testing.T) {
	r, err := readReply(encodeReply(replyHead{Commit: strings.Repeat("x", 2000)}, nil, 1000))
	check(t, err)
	wantError(t, r.err(), ErrLimit, "the answer has 20", "more than 1000")
}

func TestTheEndOfMemoryIsKnownByItsErrorAlone(t *testing.T) {
	s := open(t, Config{URL: "http://127.0.0.1:1/x.git", Runner: func(context.Context, Job) ([]byte, error) {
		return nil, fmt.Errorf("ended: %w", syscall.ENOMEM)
	}})
	_, err := s.Head(context.Background())
	wantError(t, err, ErrLimit, "limits.memory, which is 1GiB")
}
