package strictyaml

import (
	"fmt"
	"strings"
)

// didYouMean returns a hint at the known name that s is most likely a
// misspelling of, or "".
func didYouMean(s string, known []string) string {
	if name := closest(s, known); name != "" {
		return fmt.Sprintf(" (did you mean %q?)", name)
	}
	return ""
}

// closest returns the known name within a third of its length of edits, letter
// case aside, or "".
func closest(s string, known []string) string {
	const longest = 64 // the distance takes quadratic time
	if len(s) > longest {
		return ""
	}
	best, fewest := "", longest
	for _, name := range known {
		d := distance(strings.ToLower(s), strings.ToLower(name))
		if d <= max(1, len(name)/3) && d < fewest {
			best, fewest = name, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			replace := row[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			next[j] = min(row[j]+1, next[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
