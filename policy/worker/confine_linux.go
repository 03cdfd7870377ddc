package worker

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// maxDescriptors leaves room for the runtime's own and a time zone's file.
const maxDescriptors = 32

// confine sets this process's hard limits. Memory counts from what the runtime has
// now: about 40 MiB, 300 with the race detector.
func confine(memory int64) error {
	used, err := dataSize()
	if err != nil {
		return fmt.Errorf("find out how much memory is in use: %w", err)
	}
	for _, l := range []struct {
		what  int
		value uint64
	}{
		{syscall.RLIMIT_DATA, uint64(used + memory)},
		{syscall.RLIMIT_CORE, 0},
		{syscall.RLIMIT_NOFILE, maxDescriptors},
	} {
		if err := syscall.Setrlimit(l.what, &syscall.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			return fmt.Errorf("set resource limit %d to %d: %w", l.what, l.value, err)
		}
	}
	if err := closeInherited(); err != nil {
		return fmt.Errorf("close what was inherited: %w", err)
	}
	// Where the machine or the container has less than that, the kernel's killer
	// takes this process first. It is a wish; the limit above is the promise.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	return nil
}

// closeInherited closes the descriptors that the parent was itself given and passes
// on unknowingly. They are those that are not closed at exec: Go opens no such.
func closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 {
			continue
		}
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		if errno == 0 && flags&syscall.FD_CLOEXEC == 0 {
			_ = syscall.Close(fd)
		}
	}
	return nil
}

// dataSize is the private memory that RLIMIT_DATA counts, in bytes.
func dataSize() (int64, error) {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var total, resident, shared, text, lib, pages int64
	if _, err := fmt.Sscan(string(data), &total, &resident, &shared, &text, &lib, &pages); err != nil {
		return 0, err
	}
	return pages * int64(os.Getpagesize()), nil
}
