package gitsource

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
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

// maxQuoted bounds what a server's own words may add to an error.
const maxQuoted = 300

// clean makes text that came from outside fit for one line of an error: secrets
// are masked, control characters become spaces, and the length is bounded.
func clean(text string, secrets ...string) string {
	text = mask(text, secrets...)
	if len(text) > maxQuoted {
		text = strings.ToValidUTF8(text[:maxQuoted], "") + "..."
	}
	return text
}

// mask is clean for our own sentences, which are not cut.
func mask(text string, secrets ...string) string {
	for _, s := range secrets {
		// A one-letter "secret" would only shred the sentence.
		if len(s) > 2 {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	return strings.Join(strings.Fields(text), " ")
}
