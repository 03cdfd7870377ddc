package words

import (
	"strings"
	"unicode"
)

// MaxQuoted is how many bytes of a text Quote leaves.
const MaxQuoted = 300

// Quote makes text that came from outside fit for one line of an error: secrets are
// masked as "***", what does not print becomes a space, runs of spaces become one, and
// what is over MaxQuoted bytes is cut.
func Quote(text string, secrets ...string) string {
	text = Mask(text, secrets...)
	if len(text) > MaxQuoted {
		text = strings.ToValidUTF8(text[:MaxQuoted], "") + "..."
	}
	return text
}

// Mask is Quote for our own sentences, which are not cut.
func Mask(text string, secrets ...string) string {
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
