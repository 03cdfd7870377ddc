//go:build !linux

package child

import (
	"os"
	"syscall"
)

func selfPath() (string, error) { return os.Executable() }

// attributes: nothing here. The child ends when it next reads from its parent.
func attributes() *syscall.SysProcAttr { return nil }
