package strictyaml

import "testing"

func TestAPointerIsFoundWherePeopleLookForIt(t *testing.T) {
	const text = `# what it is
metadata:
  name: egress-a
  labels: {env: prod, "a/b": x, m~n: y}
spec:
  secondary:
    addresses:
      - 10.0.1.20
      -   10.0.1.21
  pools:
  - [a, b]
  - id: x
  empty:
`
	docs, problems := Parse("a.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for pointer, want := range map[string][2]int{
		"":                               {2, 1},
		"/":                              {2, 1},
		"none":                           {2, 1},
		"/none/at/all":                   {2, 1},
		"/metadata":                      {2, 1},
		"/metadata/name":                 {3, 9},
		"/metadata/labels":               {4, 3},
		"/metadata/labels/env":           {4, 17},
		"/metadata/labels/owner":         {4, 3},
		"/metadata/labels/a~1b":          {4, 30},
		"/metadata/labels/m~0n":          {4, 38},
		"/spec/secondary/addresses":      {7, 5},
		"/spec/secondary/addresses/0":    {8, 9},
		"/spec/secondary/addresses/1":    {9, 11},
		"/spec/secondary/addresses/2":    {7, 5},
		"/spec/secondary/addresses/-":    {7, 5},
		"/spec/secondary/addresses/01":   {7, 5},
		"/spec/secondary/addresses/+1":   {7, 5},
		"/spec/secondary/addresses/0/no": {8, 9},
		"/spec/secondary/count":          {6, 3},
		"/spec/pools/0":                  {11, 5},
		"/spec/pools/0/1":                {11, 9},
		"/spec/pools/1":                  {12, 5},
		"/spec/pools/1/id":               {12, 9},
		"/spec/empty":                    {13, 9},
	} {
		if line, column := docs[0].Locate(pointer); line != want[0] || column != want[1] {
			t.Errorf("%q is at %d:%d, want %d:%d", pointer, line, column, want[0], want[1])
		}
	}
	if line, column := (Document{}).Locate("/a"); line != 0 || column != 0 {
		t.Errorf("no document is at %d:%d", line, column)
	}
}
