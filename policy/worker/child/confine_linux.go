package child

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// addressRoom is how many bytes of addresses a child may map beside its memory: the
// runtime reserves them in large pieces.
const addressRoom = 1 << 30

// confine sets this process's hard limits. Memory counts from what the runtime has
// now: about 40 MiB, 300 with the race detector.
func confine(l Limits) error {
	if l.Files == 0 {
		l.Files = defaultFiles
	}
	space, data, err := inUse()
	if err != nil {
		return fmt.Errorf("find out how much memory is in use: %w", err)
	}
	limits := []limit{
		{syscall.RLIMIT_DATA, uint64(data + l.Memory)},
		{syscall.RLIMIT_AS, uint64(space + l.Memory + addressRoom)},
		{syscall.RLIMIT_CORE, 0},
		{syscall.RLIMIT_FSIZE, 0},
		{syscall.RLIMIT_NOFILE, l.Files},
	}
	if l.CPU > 0 {
		limits = append(limits, limit{syscall.RLIMIT_CPU, uint64((l.CPU + time.Second - 1) / time.Second)})
	}
	// Where the machine or the container has less memory than that, the kernel's killer
	// takes this process first. It is a wish; the limits are the promise.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	for _, l := range limits {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(l.what, &now); err == nil {
			l.value = min(l.value, now.Max) // who may not have that much may have less
		}
		if err := syscall.Setrlimit(l.what, &syscall.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			return fmt.Errorf("set resource limit %d to %d: %w", l.what, l.value, err)
		}
	}
	if err := closeInherited(); err != nil {
		return fmt.Errorf("close what was inherited: %w", err)
	}
	return nil
}

// limit is a resource and how much of it there may be.
type limit struct {
	what  int
	value uint64
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

// inUse is what RLIMIT_AS and RLIMIT_DATA count now, addresses and private memory,
// in bytes.
func inUse() (space, data int64, err error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0, err
	}
	var resident, shared, code, lib int64
	if _, err := fmt.Sscan(string(text), &space, &resident, &shared, &code, &lib, &data); err != nil {
		return 0, 0, err
	}
	page := int64(os.Getpagesize())
	return space * page, data * page, nil
}
