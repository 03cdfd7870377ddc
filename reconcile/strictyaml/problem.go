package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
)

// Problem is one thing that is wrong, and where. Lines and columns count from 1,
// columns in characters. Line 0 means the file as a whole.
type Problem struct {
	File    string
	Line    int
	Column  int
	Message string
}

// Error returns "file:line:column: message", without the parts that are not known.
func (p Problem) Error() string {
	switch {
	case p.File == "":
		return p.Message
	case p.Line == 0:
		return p.File + ": " + p.Message
	default:
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	}
}

// SortProblems sorts by file, line, column and message, and returns the list
// without the repeated ones.
func SortProblems(list []Problem) []Problem {
	slices.SortFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(list)
}

// maxProblems is how many problems of one document are worth reporting. More
// than that is not a spec with mistakes, and would let a small file make a long
// report.
const maxProblems = 100

// limited cuts a list to maxProblems and says how many are left out.
func limited(list []Problem) []Problem {
	if len(list) <= maxProblems {
		return list
	}
	last := list[maxProblems-1]
	last.Message = fmt.Sprintf("%d more problems in this document; correct the ones above first", len(list)-maxProblems+1)
	return append(list[:maxProblems-1:maxProblems-1], last)
}
