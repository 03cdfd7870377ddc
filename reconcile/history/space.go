package history

import (
	"errors"
	"fmt"
	"syscall"
)

// withAdvice adds to a failed write what to do, where the reason is a lack of space.
func withAdvice(err error) error {
	for _, lack := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, lack) {
			return fmt.Errorf("%w; make room for it: no call is made without a record, and the next try goes on from here", err)
		}
	}
	return err
}
