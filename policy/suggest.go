package policy

import (
	"fmt"
	"strings"
)

// didYouMean returns ` (did you mean "x"?)` for the nearest valid word, or "".
func didYouMean(have string, valid []string) string {
	best, distance := "", 3
	for _, v := range valid {
		if d := editDistance(strings.ToLower(have), strings.ToLower(v)); d < distance && d < len(v) {
			best, distance = v, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// editDistance counts the bytes to insert, delete or replace. Long words, which
// nobody misspelt from ours, are just far away.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			above := row[j]
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above+1, row[j-1]+1, diagonal+cost)
			diagonal = above
		}
	}
	return row[len(b)]
}
