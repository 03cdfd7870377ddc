package child

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// maxHello bounds the first message, the limits.
const maxHello = 4 << 10

// Enter begins a child's life: it reads the limits from stdin and sets them. It
// changes the process for good, so nothing else may run in it. What is returned is
// stdin, to be read on from there; when it ends, the parent is gone. After an error the
// limits are not all set, and the process must end.
func Enter(stdin io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(stdin, 64<<10)
	var l Limits
	if err := ReadJSON(in, maxHello, &l); err != nil {
		return nil, fmt.Errorf("the first message: %w", err)
	}
	if l.Memory <= 0 {
		return nil, errors.New("the first message: it has no limit of memory")
	}
	// Whoever stops a service tells all its processes; the parent decides when this
	// one ends, by closing the pipe.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	runtime.GOMAXPROCS(min(2, runtime.NumCPU())) // one works, one collects
	debug.SetMemoryLimit(l.Memory / 4 * 3)
	return in, confine(l)
}
