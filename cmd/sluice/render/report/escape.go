package report

import (
	"strings"
	"unicode/utf8"
)

// markup is what must not act in the Markdown of GitHub and GitLab: as markup, as the
// end of a cell, as HTML, or as a mention of somebody or of an issue. Mentions are
// made after Markdown is rendered, so no escape hides them; a space of no width does.
var markup = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "@", "@&#8203;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`, "!", `\!`, "$", `\$`,
	"#0", "#&#8203;0", "#1", "#&#8203;1", "#2", "#&#8203;2", "#3", "#&#8203;3", "#4", "#&#8203;4",
	"#5", "#&#8203;5", "#6", "#&#8203;6", "#7", "#&#8203;7", "#8", "#&#8203;8", "#9", "#&#8203;9",
	"\n", "<br>",
)

// prose escapes a text that was cleaned and cuts it to a length for reading.
func prose(s string) string { return markup.Replace(clip(s, proseLimit)) }

// code is a name, an address or a rule as code, in which nobody is mentioned. A code
// span has no escapes, so what could end it or its cell is escaped as prose instead.
func code(s string) string {
	s = clip(s, codeLimit)
	switch {
	case strings.TrimSpace(s) == "":
		return ""
	case strings.ContainsAny(s, "`|\\\n"):
		return "<code>" + markup.Replace(s) + "</code>"
	}
	return "`" + s + "`"
}

const (
	proseLimit = 600 // characters
	codeLimit  = 300
)

// clip cuts a text that is too long to be read in a table.
func clip(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// joined puts the parts that are not empty one after another.
func joined(separator string, parts ...string) string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return strings.Join(list, separator)
}
