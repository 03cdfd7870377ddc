package strictyaml

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// unescape reads one step of a JSON pointer.
var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// Locate returns where people look for what a JSON pointer (RFC 6901) names: at a
// scalar and at an element of a list where it begins, at a mapping or a list behind
// a key at the key. A pointer to what does not exist names the last part on its way
// that does; one that is none names the document. Both numbers are 0 for the zero
// Document.
func (d Document) Locate(pointer string) (line, column int) {
	n := d.root
	if n == nil {
		return 0, 0
	}
	line, column = n.Line, n.Column
	if !strings.HasPrefix(pointer, "/") {
		return line, column
	}
	for step := range strings.SplitSeq(pointer[1:], "/") {
		key, value := child(n, unescape.Replace(step))
		if value == nil {
			break
		}
		n = value
		at := value
		if key != nil && value.Kind != yaml.ScalarNode {
			at = key
		}
		line, column = at.Line, at.Column
	}
	return line, column
}
