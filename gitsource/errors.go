package gitsource

import (
	"errors"
	"fmt"
)

// Each error of this package wraps at most one of these, beside a context's own
// error. The text around it says what happened, where, and what to do.
var (
	// ErrEmpty: the repository has no commit, or no file with a wanted extension.
	ErrEmpty = errors.New("nothing to read")
	// ErrRefNotFound: the branch, tag or commit does not exist in the repository.
	ErrRefNotFound = errors.New("ref not found")
	// ErrPathNotFound: the path does not exist, or is not a folder.
	ErrPathNotFound = errors.New("path not found")
	// ErrLimit: a limit of Config.Limits would be passed.
	ErrLimit = errors.New("limit exceeded")
	// ErrRefused: an entry below the path is a link, a submodule or malformed.
	ErrRefused = errors.New("entry refused")
	// ErrUnreachable: the repository or folder could not be read at all.
	ErrUnreachable = errors.New("unreachable")
)

// failf makes an error of one kind: the kind, the place, and a sentence.
func failf(kind error, where, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", kind, where, fmt.Sprintf(format, args...))
}
