package view

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Place is where older entries of the record begin: by log, the number that the next one
// is before; 0: at the newest. A log that it does not name has no older ones.
type Place map[string]uint64

// ParsePlace reads what String writes. An empty text, and 0, is nil: the newest entries of
// all logs.
func ParsePlace(text string) (Place, error) {
	if text = strings.TrimSpace(text); text == "" || text == "0" {
		return nil, nil
	}
	p := Place{}
	for part := range strings.SplitSeq(text, ",") {
		colon := strings.LastIndexByte(part, ':')
		n, err := strconv.ParseUint(part[colon+1:], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("before must be a whole number, or what an answer before gave; %.50q is none", text)
		}
		p[part[:max(colon, 0)]] = n
	}
	return p, nil
}

// String writes the place for a query: NUMBER where one log is of all targets, else
// LOG:NUMBER for each log, with commas.
func (p Place) String() string {
	var parts []string
	for _, log := range slices.Sorted(maps.Keys(p)) {
		number := strconv.FormatUint(p[log], 10)
		if log != "" {
			number = log + ":" + number
		}
		parts = append(parts, number)
	}
	return strings.Join(parts, ",")
}
