package gitsource

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

// offers is a server with one branch, which answers for the pack as it likes.
func offers(tip plumbing.Hash, answer http.HandlerFunc) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /specs.git/info/refs", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", advertType)
		fmt.Fprint(w, "001e# service=git-upload-pack\n0000")
		enc := pktline.NewEncoder(w)
		_ = enc.Encodef("%s HEAD\x00ofs-delta agent=x\n", tip)
		_ = enc.Encodef("%s refs/heads/main\n", tip)
		_ = enc.Flush()
	})
	mux.HandleFunc("POST /specs.git/git-upload-pack", func(w http.ResponseWriter, q *http.Request) {
		fmt.Fprint(w, "0008NAK\n")
		answer(w, q)
	})
	return mux
}

// gives is a server of one pack.
func gives(tip plumbing.Hash, pack []byte) http.Handler {
	return offers(tip, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(pack) })
}

// pours sends data again and again, until the other side hangs up.
func pours(begin, again []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write(begin)
		for err == nil {
			_, err = w.Write(again)
		}
	}
}

// drips sends data byte by byte.
func drips(data string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", advertType)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for ; len(data) > 0; data = data[1:] {
			_, _ = w.Write([]byte(data[:1]))
			w.(http.Flusher).Flush()
			select {
			case <-q.Context().Done():
				return
			case <-tick.C:
			}
		}
	}
}

// hangsUp closes the connection in the middle of the answer.
func hangsUp(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", advertType)
		_, _ = w.Write(data)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// attack is what a hostile server does, and what must be said of it in time.
type attack struct {
	name    string
	limits  Limits
	timeout time.Duration // 2 minutes when zero
	kind    error         // nil: the good file is read all the same
	says    string
	server  func(t *testing.T) http.Handler
}

// someCommit is for servers that do not come to it.
var someCommit = plumbing.NewHash(strings.Repeat("12", 20))

// withTree is a server of one tree beside a good file's blob.
func withTree(entries func(p *packed, good plumbing.Hash) []byte) func(t *testing.T) http.Handler {
	return func(t *testing.T) http.Handler {
		p := &packed{t: t}
		good := p.add(plumbing.BlobObject, []byte("good"))
		tip := p.commit(p.tree(entries(p, good)))
		return gives(tip, p.bytes(p.count))
	}
}

// withPack is a server of one pack, which is not what it says.
func withPack(count uint32, build func(p *packed)) func(t *testing.T) http.Handler {
	return func(t *testing.T) http.Handler {
		p := &packed{t: t}
		build(p)
		if count == 0 {
			count = p.count
		}
		return gives(someCommit, p.bytes(count))
	}
}

// noise does not compress, and is always the same.
func noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// endlessPack is a million objects that never come to an end.
func endlessPack(t *testing.T) http.Handler {
	p := &packed{t: t}
	p.add(plumbing.BlobObject, noise(64<<10))
	return offers(someCommit, pours([]byte("PACK\x00\x00\x00\x02\x00\x0f\x42\x40"), p.buf.Bytes()))
}

func packAttacks() []attack {
	const huge = 2 << 30
	bomb := withPack(0, func(p *packed) { p.zeros(huge, huge) })
	small := withPack(0, func(p *packed) { p.zeros(huge/4, huge/4) }) // the race detector takes its time
	deltas := withPack(0, func(p *packed) { p.deltas(100, 32<<20) })
	return []attack{
		{name: "an endless pack, to the byte cap", kind: ErrLimit, says: "the server sent more than 32MiB; use a smaller repository, or raise limits.transfer",
			limits: Limits{Transfer: 32 << 20}, server: endlessPack},
		{name: "an endless pack, to the deadline", kind: ErrUnreachable, says: "no complete answer within 2s",
			limits: Limits{Transfer: 1 << 50, Unpacked: 1 << 50, Memory: 1 << 50}, timeout: 2 * time.Second, server: endlessPack},
		{name: "an endless pack, to the end of memory", kind: ErrLimit, says: "needed more than limits.memory, which is 128MiB, and was ended; use a smaller repository or raise the limit",
			limits: Limits{Transfer: 1 << 50, Unpacked: 1 << 50, Memory: 128 << 20}, server: endlessPack},
		{name: "a blob of 2 GiB in 2 MiB", kind: ErrLimit, says: "limits.unpacked, which is 512MiB", server: bomb},
		{name: "a blob of 512 MiB in 512 KiB, where limits let it through", kind: ErrLimit, says: "limits.memory, which is 256MiB",
			limits: Limits{Memory: 256 << 20}, server: small},
		{name: "a blob that says a few bytes and is 2 GiB", kind: ErrUnreachable, says: "broke off (packfile: inflated object exceeds declared size)",
			server: withPack(0, func(p *packed) { p.zeros(10, huge) })},
		{name: "deltas that make 3 GiB", kind: ErrLimit, says: "limits.unpacked, which is 512MiB", server: deltas},
		{name: "deltas that make 3 GiB, where limits let them through", kind: ErrLimit, says: "limits.memory, which is 256MiB",
			limits: Limits{Unpacked: 4 << 30, Memory: 256 << 20}, server: deltas},
		{name: "more objects than it says", kind: ErrUnreachable, says: "broke off",
			server: withPack(1, func(p *packed) { p.add(plumbing.BlobObject, []byte("1")); p.add(plumbing.BlobObject, []byte("2")) })},
		{name: "fewer objects than it says", kind: ErrUnreachable, says: "broke off",
			server: withPack(100_000, func(p *packed) { p.add(plumbing.BlobObject, []byte("1")) })},
		{name: "four thousand million objects", kind: ErrLimit, says: "the fetch holds 4294967295 objects, more than 1000000",
			server: withPack(1<<32-1, func(*packed) {})},
		{name: "garbage in place of a pack", kind: ErrUnreachable, says: "broke off",
			server: func(*testing.T) http.Handler { return gives(someCommit, noise(1<<20)) }},
		{name: "a pack byte by byte", kind: ErrUnreachable, says: "no complete answer within 1s", timeout: time.Second,
			server: func(t *testing.T) http.Handler {
				p := &packed{t: t}
				p.add(plumbing.BlobObject, noise(64<<10))
				return offers(someCommit, drips(string(p.bytes(1))))
			}},
		{name: "a connection that closes in the middle of the pack", kind: ErrUnreachable, says: "broke off (unexpected EOF)",
			server: func(*testing.T) http.Handler { return offers(someCommit, hangsUp([]byte("PACK\x00\x00\x00\x02\x00"))) }},
	}
}

func refAttacks() []attack {
	answers := func(h http.HandlerFunc) func(*testing.T) http.Handler {
		return func(*testing.T) http.Handler { return h }
	}
	head := "001e# service=git-upload-pack\n0000"
	return []attack{
		{name: "a million refs", kind: ErrRefNotFound, says: `branch "none" does not exist: check the name; it has branch 000000, branch 000001, branch 000002, branch 000003, branch 000004 and 999995 more`,
			server: answers(refs(1_000_000))},
		{name: "refs byte by byte", kind: ErrUnreachable, says: "no complete answer within 1s", timeout: time.Second,
			server: answers(drips(strings.Repeat("001e# service=git-upload-pack\n", 1000)))},
		{name: "refs without end", kind: ErrLimit, says: "the server sent more than 64MiB, which is the most that is read of a list of refs",
			server: answers(func(w http.ResponseWriter, q *http.Request) {
				w.Header().Set("Content-Type", advertType)
				line := fmt.Appendf(nil, "%04x%s refs/heads/%s\n", 4+40+1+11+900+1, someCommit, strings.Repeat("x", 900))
				pours(fmt.Appendf(nil, "%s0034%s HEAD\x00x\n", head, someCommit), line)(w, q)
			})},
		{name: "garbage in place of refs", kind: ErrUnreachable, says: "broke off",
			server: answers(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", advertType)
				_, _ = w.Write(noise(1 << 20))
			})},
		{name: "a connection that closes in the middle of the refs", kind: ErrUnreachable, says: "broke off",
			server: answers(hangsUp([]byte(head + "00")))},
		{name: "redirects in a circle", kind: ErrUnreachable, says: "broke off (http redirect: too many redirects)",
			server: answers(func(w http.ResponseWriter, q *http.Request) {
				http.Redirect(w, q, q.URL.RequestURI(), http.StatusFound)
			})},
	}
}

// refs is a server with many of them.
func refs(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", advertType)
		fmt.Fprint(w, "001e# service=git-upload-pack\n0000")
		enc := pktline.NewEncoder(w)
		_ = enc.Encodef("%s HEAD\x00ofs-delta\n", someCommit)
		for i := range n {
			_ = enc.Encodef("%s refs/heads/%06d\n", someCommit, i)
		}
		_ = enc.Flush()
	}
}

func treeAttacks() []attack {
	return []attack{
		{name: "a blob over the cap of a file", kind: ErrLimit, says: "big.yaml has 1048576 bytes, more than limits.fileSize, which is 256KiB",
			server: withTree(func(p *packed, _ plumbing.Hash) []byte {
				return listed(filemode.Regular, "big.yaml", p.add(plumbing.BlobObject, make([]byte, 1<<20)))
			})},
		{name: "files over the cap of all", kind: ErrLimit, says: "more than limits.totalSize, which is 10MiB",
			server: withTree(func(p *packed, _ plumbing.Hash) (entries []byte) {
				blob := p.add(plumbing.BlobObject, make([]byte, 256<<10))
				for i := range 100 {
					entries = append(entries, listed(filemode.Regular, fmt.Sprintf("%03d.yaml", i), blob)...)
				}
				return entries
			})},
		{name: "a million files", kind: ErrLimit, says: "the list of folder . has",
			server: withTree(func(_ *packed, good plumbing.Hash) (entries []byte) {
				for i := range 1_000_000 {
					entries = append(entries, listed(filemode.Regular, fmt.Sprintf("%07d.yaml", i), good)...)
				}
				return entries
			})},
		{name: "a million files in a thousand folders", kind: ErrLimit, says: "there are more files than limits.files, which is 10000",
			server: withTree(func(p *packed, good plumbing.Hash) (entries []byte) {
				var inner []byte
				for i := range 1000 {
					inner = append(inner, listed(filemode.Regular, fmt.Sprintf("%03d.yaml", i), good)...)
				}
				folder := p.tree(inner)
				for i := range 1000 {
					entries = append(entries, listed(filemode.Dir, fmt.Sprintf("%03d", i), folder)...)
				}
				return entries
			})},
		{name: "folders 10,000 deep", kind: ErrLimit, says: "is 33 folders deep, more than limits.depth, which is 32",
			server: withTree(func(p *packed, good plumbing.Hash) []byte {
				entries := listed(filemode.Regular, "a.yaml", good)
				for range 10_000 {
					entries = listed(filemode.Dir, "d", p.tree(entries))
				}
				return entries
			})},
		{name: "a path of 64 KiB", kind: ErrLimit, says: "has 65541 bytes, more than limits.pathLength, which is 1024",
			server: withTree(func(_ *packed, good plumbing.Hash) []byte {
				return listed(filemode.Regular, strings.Repeat("x", 64<<10)+".yaml", good)
			})},
		{name: "a link", kind: ErrRefused, says: "etc.yaml is a symbolic link, which is not read",
			server: withTree(func(p *packed, _ plumbing.Hash) []byte {
				return listed(filemode.Symlink, "etc.yaml", p.add(plumbing.BlobObject, []byte("/etc/passwd")))
			})},
		{name: "two files of one name", kind: ErrRefused, says: "a.yaml is there twice",
			server: withTree(func(_ *packed, good plumbing.Hash) []byte {
				return bytes.Repeat(listed(filemode.Regular, "a.yaml", good), 2)
			})},
		{name: "a name with a slash", kind: ErrRefused, says: `"x/../../a.yaml" in folder "." is not a file name that can be read`,
			server: withTree(func(_ *packed, good plumbing.Hash) []byte {
				return listed(filemode.Regular, "x/../../a.yaml", good)
			})},
		{name: "the names . and .. and .git", says: "good.yaml",
			server: withTree(func(p *packed, good plumbing.Hash) (entries []byte) {
				folder := p.tree(listed(filemode.Regular, "config.yaml", good))
				for _, name := range []string{".", "..", ".git", ".GIT"} {
					entries = append(entries, listed(filemode.Dir, name, folder)...)
				}
				return append(entries, listed(filemode.Regular, "good.yaml", good)...)
			})},
	}
}

func TestAHostileServerHarmsNobodyElse(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	beside := open(t, Config{URL: serve(t, goHandler(t, r)), Runner: runner})
	attacks, worst := 0, int64(0)
	for _, list := range [][]attack{packAttacks(), refAttacks(), treeAttacks()} {
		for _, a := range list {
			t.Run(a.name, func(t *testing.T) { worst = max(worst, a.run(t, beside)) })
			attacks++
		}
	}
	var children syscall.Rusage
	check(t, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children))
	t.Logf("figure: memory on %d hostile Git servers, the daemon's own growth and the largest process that fetches: %d MiB, %d MiB", attacks, worst>>20, children.Maxrss>>10)
}

// run returns by how many bytes this process grew at most.
func (a attack) run(t *testing.T, beside *Source) int64 {
	if a.timeout == 0 {
		a.timeout = 2 * time.Minute
	}
	gone := make(chan bool, 1)
	ref := Ref{}
	if a.kind == ErrRefNotFound {
		ref.Branch = "none"
	}
	a.limits.Timeout = a.timeout
	if a.limits.Memory == 0 && raceMemory > 1 {
		a.limits.Memory = raceMemory << 30
	}
	s := open(t, Config{URL: serve(t, a.server(t)), Ref: ref, Limits: a.limits, Runner: func(ctx context.Context, job Job) ([]byte, error) {
		defer func() { gone <- true }() // the process is gone before it returns
		return runner(ctx, job)
	}})
	growth := watchMemory(t)
	began := time.Now()
	done := make(chan time.Duration)
	go func() { // the other work meanwhile
		var longest time.Duration
		for {
			start := time.Now()
			if _, err := beside.Snapshot(context.Background(), nil); err != nil {
				t.Errorf("the other source: %v", err)
			}
			longest = max(longest, time.Since(start))
			select {
			case done <- longest:
				return
			default:
			}
		}
	}()
	got, err := s.Fetch(context.Background(), "")
	took := time.Since(began)
	longest := <-done
	if a.kind == nil {
		check(t, err)
		if paths(got) != a.says {
			t.Errorf("files %s", paths(got))
		}
	} else {
		wantError(t, err, a.kind, s.String(), a.says)
		if strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 2000 {
			t.Errorf("the error is %q", err)
		}
	}
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Error("the process is still there")
	}
	grown := growth()
	t.Logf("took %s, the other source at most %s, this process grew by %d MiB: %v", took.Round(time.Millisecond), longest.Round(time.Millisecond), grown>>20, err)
	if took > a.timeout+time.Second {
		t.Errorf("it took %s", took)
	}
	if longest > 5*time.Second {
		t.Errorf("the other source had to wait for %s", longest)
	}
	if grown > 48<<20 {
		t.Errorf("this process grew by %d MiB", grown>>20)
	}
	return grown
}

// Not only what Git reads counts.
func TestAnSSHServerThatTalksBesideTheConversationEndsAtTheByteCap(t *testing.T) {
	cfg := newSSH(t, newRepo(t), false).config()
	cfg.URL = strings.Replace(cfg.URL, "/srv/", "/srv/chatter/", 1)
	cfg.Limits.Transfer, cfg.Limits.Timeout = 8<<20, 20*time.Second
	for name, run := range map[string]Runner{"here": nil, "in another process": runner} {
		cfg.Runner = run
		began := time.Now()
		_, err := open(t, cfg).Fetch(t.Context(), "")
		wantError(t, err, ErrLimit, "the server sent more than 8MiB", "limits.transfer")
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}

// watchMemory returns a function that says by how much this process has grown at most,
// in bytes.
func watchMemory(t *testing.T) func() int64 {
	debug.FreeOSMemory()
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil { // begin the peak anew
		return func() int64 { return 0 }
	}
	before := status(t, "VmRSS:")
	return func() int64 { return status(t, "VmHWM:") - before }
}

// status is a line of /proc/self/status, in bytes.
func status(t *testing.T, name string) int64 {
	data, err := os.ReadFile("/proc/self/status")
	check(t, err)
	_, rest, _ := strings.Cut(string(data), name)
	var kb int64
	_, err = fmt.Sscan(rest, &kb)
	check(t, err)
	return kb << 10
}
