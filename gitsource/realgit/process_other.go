//go:build !linux

package realgit

import "syscall"

func attributes() *syscall.SysProcAttr { return nil }
