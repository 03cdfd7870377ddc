package realgit

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"
)

const (
	// patience bounds the wait for one server.
	patience = 20 * time.Second
	// glance is the time between two looks whether it is ready.
	glance = 5 * time.Millisecond
	// attempts bounds how often another port is tried.
	attempts = 10
)

// process is a server that runs.
type process struct {
	cmd   *exec.Cmd
	said  output
	ended chan struct{} // closed when it is gone
}

// launch starts a server whose output is kept for the error of a failed start.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.said, &p.said
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = time.Second // of a connection's own process that holds the output open
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// await waits until ready has no error. A server that is gone will never be.
func (p *process) await(ready func() error) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(glance)
	defer again.Stop()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended (%s): %s", p.cmd.Path, p.cmd.ProcessState, p.said.text())
		case <-deadline.C:
			return fmt.Errorf("%s is not ready after %s: %w: %s", p.cmd.Path, patience, err, p.said.text())
		case <-again.C:
		}
	}
}

// end kills it, and returns when it is gone.
func (p *process) end() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// run starts a server and ends it with the test. Whoever looks for free ports may
// lose one before the server takes it, so each attempt is told to look anew.
func run(t testing.TB, attempt func() (cmd *exec.Cmd, ready func() error)) {
	t.Helper()
	var failed error
	for range attempts {
		cmd, ready := attempt()
		p, err := launch(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if failed = p.await(ready); failed == nil {
			t.Cleanup(func() {
				p.end()
				if t.Failed() {
					t.Logf("%s said: %s", cmd.Path, p.said.text())
				}
			})
			return
		}
		p.end()
	}
	t.Fatalf("after %d attempts: %v", attempts, failed)
}

// freePort is a port of 127.0.0.1 on which nobody listens now.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// output keeps what a process says.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(data)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
