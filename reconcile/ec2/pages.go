package ec2

import (
	"fmt"
	"reflect"
)

// maxPages ends a listing that does not end by itself: a million entries.
const maxPages = 1000

// pages collects all pages of a listing. A token that comes again would make a
// loop, so it is an error.
func pages[T any](operation string, fetch func(token *string) ([]T, *string, error)) ([]T, error) {
	var all []T
	var token *string
	seen := map[string]bool{}
	for range maxPages {
		page, next, err := fetch(token)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == nil || *next == "" {
			return all, nil
		}
		if seen[*next] {
			return nil, fmt.Errorf("%s: EC2 gave the same page token twice, so the list would never end; to be read again later", operation)
		}
		seen[*next] = true
		token = next
	}
	return nil, fmt.Errorf("%s: the list is longer than %d pages; check the endpoint", operation, maxPages)
}

// distinct drops entries that are listed twice, as pages do when something is
// created meanwhile. Two entries for one id that differ are an error: nobody can
// say which is true.
func distinct[T any](list []T, id func(T) string) ([]T, error) {
	at := map[string]int{}
	var once []T
	for _, entry := range list {
		i, again := at[id(entry)]
		switch {
		case !again:
			at[id(entry)] = len(once)
			once = append(once, entry)
		case !reflect.DeepEqual(once[i], entry):
			return nil, fmt.Errorf("EC2 listed %s twice, with different contents; to be read again later", cut(id(entry)))
		}
	}
	return once, nil
}
