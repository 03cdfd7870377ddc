package signature

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// maxSignature bounds the armored signature of a commit. Those of the largest
// keys in use have a few thousand bytes, of post-quantum ones some ten thousand.
const maxSignature = 64 << 10

// splitCommit takes a commit object apart into the bytes that were signed, which
// are all others, and the signature; "" when it has none. It is stricter than
// Git, which joins several signature headers: each reader could pick another.
func splitCommit(raw []byte) (payload []byte, signature string, err error) {
	head, body := raw, []byte(nil)
	if i := bytes.Index(raw, []byte("\n\n")); i >= 0 {
		head, body = raw[:i+1], raw[i+1:]
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, "", errors.New("its header holds a NUL byte")
	}
	var sig strings.Builder
	found, inside := false, false
	for line := range bytes.Lines(head) {
		value, isSig := bytes.CutPrefix(line, []byte("gpgsig "))
		switch {
		case inside && line[0] == ' ':
			sig.Write(line[1:])
		case isSig && found:
			return nil, "", errors.New("it carries more than one signature")
		case isSig:
			found, inside = true, true
			sig.Write(value)
		case bytes.HasPrefix(line, []byte("gpgsig")):
			name, _, _ := bytes.Cut(line, []byte(" "))
			return nil, "", fmt.Errorf("it carries a signature header that is not supported (%s)", words.Quote(string(name)))
		default:
			inside = false
			payload = append(payload, line...)
		}
		if sig.Len() > maxSignature {
			return nil, "", fmt.Errorf("its signature has more than %d bytes", maxSignature)
		}
	}
	if found && strings.TrimSpace(sig.String()) == "" {
		return nil, "", errors.New("its signature is empty")
	}
	return append(payload, body...), sig.String(), nil
}
