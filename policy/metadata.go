package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	yamlnode "go.yaml.in/yaml/v3"
)

// metadataKeys are the keys that OPA reads. It drops any other without a word, and
// with it the level that somebody meant to set.
var metadataKeys = []string{"scope", "title", "description", "entrypoint", "organizations", "related_resources", "authors", "schemas", "compile", "custom", "labels"}

// checkMetadata refuses METADATA that would set a level, and does not.
func (l *loader) checkMetadata(m *module) {
	for _, block := range metadataBlocks(m.parsed.Comments) {
		var root yamlnode.Node
		if yamlnode.Unmarshal([]byte(block.text), &root) != nil || len(root.Content) == 0 {
			continue // the parser of rules has said so
		}
		at := func(n *yamlnode.Node) *ast.Location {
			return &ast.Location{File: m.file, Row: block.row + n.Line - 1, Col: n.Column}
		}
		eachPair(root.Content[0], func(key, value *yamlnode.Node) {
			switch {
			case key.Value == "level":
				l.at(at(key), "METADATA has no key level: write it below custom, as \"custom: {level: %s}\"", value.Value)
			case !slices.Contains(metadataKeys, key.Value):
				l.at(at(key), "METADATA has no key %q%s: what is your own stands below custom", key.Value, didYouMean(key.Value, metadataKeys))
			case key.Value == "custom":
				eachPair(value, func(key, _ *yamlnode.Node) {
					if almostLevel(key.Value) {
						l.at(at(key), "custom.%s sets no level (did you mean \"level\"?)", key.Value)
					}
				})
			}
		})
	}
	for _, a := range m.parsed.Annotations {
		if _, found := a.Custom["level"]; found && a.Scope != "package" {
			l.at(a.Location, "custom.level is set for a %s, where it has no meaning: it stands in the METADATA above the package and is of all its decisions", a.Scope)
		}
	}
}

// almostLevel is narrower than didYouMean: custom.label is somebody's own.
func almostLevel(key string) bool {
	letters := func(s string) string {
		list := strings.Split(s, "")
		slices.Sort(list)
		return strings.Join(list, "")
	}
	lower := strings.ToLower(key)
	return key != "level" && (editDistance(lower, "level") < 2 || letters(lower) == letters("level"))
}

// metadataBlock is the YAML of one METADATA comment, and the row of its first line.
type metadataBlock struct {
	row  int
	text string
}

func metadataBlocks(comments []*ast.Comment) []metadataBlock {
	var blocks []metadataBlock
	last := -1 // row of the comment that belongs to the last block
	for _, c := range comments {
		text := string(c.Text)
		switch row := c.Location.Row; {
		case strings.TrimSpace(text) == "METADATA":
			blocks = append(blocks, metadataBlock{row: row + 1})
			last = row
		case last >= 0 && row == last+1:
			b := &blocks[len(blocks)-1]
			b.text += text + "\n"
			last = row
		default:
			last = -1
		}
	}
	return blocks
}
