package realgit

import "syscall"

// attributes end a server with the test's process, also when that is killed. The
// signal comes when the thread that started it ends, which Go's threads do not
// unless a goroutine is locked to one.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
