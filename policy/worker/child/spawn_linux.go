package child

import (
	"os"
	"syscall"
)

// selfPath is the program that runs, even when its file has been replaced since: a
// daemon goes on with its own version.
func selfPath() (string, error) {
	const path = "/proc/self/exe"
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return os.Executable()
}

// attributes make the child end with its parent. The signal comes when the thread
// that started the child ends; Go ends threads only when a goroutine that is locked
// to one ends, and then a child is lost that the next evaluation replaces.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
