package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheSimulatorServesUntilItIsEnded(t *testing.T) {
	world := filepath.Join(t.TempDir(), "world.yaml")
	if err := copyExamples("quickstart/world.yaml", world); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		a := &app{stdout: in, stderr: &stderr, getenv: os.Getenv, now: time.Now}
		defer in.Close()
		ended <- a.execute(ctx, []string{"sim", "--world", world, "--listen", "127.0.0.1:0", "--speed", "60"})
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	url, found := strings.CutPrefix(strings.TrimSpace(line), "EC2 simulator on ")
	if err != nil || !found {
		t.Fatalf("it says %q (%v)", line, err)
	}
	if body, code, err := fetch(url + "/_sluice/world"); err != nil || code != 200 || !strings.Contains(body, "nat-0ee3edd182361f662") {
		t.Errorf("its world: %d, %q, %v", code, body, err)
	}
	cancel()
	if status := <-ended; status != exitDone || stderr.Len() > 0 {
		t.Errorf("it ends with status %d and says %q", status, stderr.String())
	}
	if _, _, err := fetch(url + "/"); err == nil {
		t.Error("it still answers")
	}
}
