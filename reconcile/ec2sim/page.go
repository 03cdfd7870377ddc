package ec2sim

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
)

// pageSize is the parameter MaxResults of the Describe calls.
var pageSize = param{form: whole, min: 5, max: 1000}

// page sorts the items by id and cuts the page that the request asks for. A token
// holds the action and the last id given out, so that every item that stays is
// seen exactly once, whatever is added or taken away between two pages.
func page[T any](c *exchange, items []T, id func(T) string) ([]T, string, *failure) {
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	if token := c.p.one("NextToken"); token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		action, last, ok := strings.Cut(string(raw), " ")
		if err != nil || !ok || action != c.action.name {
			return nil, "", fail(codeInvalidNextToken, "The specified NextToken is invalid")
		}
		items = slices.DeleteFunc(items, func(item T) bool { return id(item) <= last })
	}
	size := c.p.number("MaxResults")
	if size == 0 || size >= len(items) {
		return items, "", nil
	}
	items = items[:size]
	next := base64.RawURLEncoding.EncodeToString([]byte(c.action.name + " " + id(items[size-1])))
	return items, next, nil
}

// pick keeps the items that the request names by id, and fails when one of them
// is not there. Without ids everything stays.
func pick[T any](items []T, ids []string, id func(T) string, missing string) ([]T, *failure) {
	if len(ids) == 0 {
		return items, nil
	}
	byID := make(map[string]T, len(items))
	for _, item := range items {
		byID[id(item)] = item
	}
	var picked []T
	seen := map[string]bool{}
	for _, want := range ids {
		item, ok := byID[want]
		if !ok {
			return nil, fail(missing, "The ID '%s' does not exist", want)
		}
		if !seen[want] {
			picked = append(picked, item)
		}
		seen[want] = true
	}
	return picked, nil
}
