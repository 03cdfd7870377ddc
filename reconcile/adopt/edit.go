package adopt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// Edit changes the documents that name the wanted resources to what is live, in the
// text of their files. It returns the files that changed. A resource whose document
// says what is live already is in neither list.
//
// Only lists and counts change. A change is handed out when the file reads back as the
// same documents but for these, and when the resource is then in sync; else the
// resource is left out, with the reason.
func Edit(in Input, files []spec.File) ([]spec.File, []Left) {
	var all []Resource
	var left []Left
	for _, r := range Resources(in.Inventories) {
		if d, named := r.NamedBy(in.Documents); named && (in.Wanted == nil || in.Wanted(r)) {
			_, known := inventory.Primary(r.Addresses)
			switch {
			case len(d.Problems) > 0:
				left = append(left, Left{r, Unfit, d.Problems[0].Error(), &d})
			case !known:
				left = append(left, Left{r, Waiting, noPrimary, &d})
			default:
				all = append(all, r)
			}
		}
	}
	for { // what is refused is taken back, and the others stand or fall without it
		texts := slices.Clone(files)
		var refused []Left
		for _, r := range all {
			d, _ := r.NamedBy(in.Documents)
			if err := editOne(texts, r, in.Documents, d); err != nil {
				refused = append(refused, Left{r, Unfit, err.Error(), &d})
			}
		}
		if len(refused) == 0 {
			refused = unsynced(in, texts, all)
		}
		if len(refused) == 0 {
			return changed(files, texts), left
		}
		left = append(left, refused...)
		all = slices.DeleteFunc(all, func(r Resource) bool {
			return slices.ContainsFunc(refused, func(l Left) bool { return compare(l.Resource, r) == 0 })
		})
	}
}

// editOne changes one document in its file.
func editOne(files []spec.File, r Resource, docs []spec.Document, d spec.Document) error {
	f := slices.IndexFunc(files, func(f spec.File) bool { return f.Path == d.File })
	if f < 0 {
		return fmt.Errorf("%s is not among the files that were read", d.File)
	}
	nth := 0 // of the documents in the file; edits before this one move lines
	for _, other := range docs {
		if other.File == d.File && other.Line < d.Line {
			nth++
		}
	}
	var wanted map[string]any
	if err := json.Unmarshal(d.JSON, &wanted); err != nil {
		return err
	}
	body, _ := wanted["spec"].(map[string]any)
	text := files[f].Data
	for _, c := range changes(d, r) {
		at, problems := strictyaml.Parse(d.File, text)
		if len(problems) > 0 || nth >= len(at) {
			return fmt.Errorf("%s:%d: the change could not be written; make it by hand", d.File, d.Line)
		}
		var err error
		part, _ := body[c.part].(map[string]any)
		if part[c.field] = c.value(); c.list == nil {
			text, err = at[nth].SetText(text, fmt.Sprint(c.count), "spec", c.part, c.field)
		} else {
			text, err = at[nth].SetList(text, c.list, "spec", c.part, c.field)
		}
		if err != nil {
			return err
		}
	}
	if !same(files[f], text, nth, wanted) {
		return fmt.Errorf("%s:%d: the changed file would not read back as meant; change it by hand", d.File, d.Line)
	}
	files[f].Data = text
	return nil
}

// change is one field of a document that is to say what is live.
type change struct {
	part, field string
	list        []string // nil: count counts
	count       int
}

func (c change) value() any {
	if c.list == nil {
		return float64(c.count)
	}
	list := []any{}
	for _, v := range c.list {
		list = append(list, v)
	}
	return list
}

// changes lists what differs. What a document does not manage stays so.
func changes(d spec.Document, r Resource) []change {
	var out []change
	if s, live := d.Secondary, r.secondary(); s != nil && s.Count != nil {
		if *s.Count != len(live) {
			out = append(out, change{"secondary", "count", nil, len(live)})
		}
	} else if s != nil && !slices.Equal(s.Addresses, live) {
		out = append(out, change{"secondary", "addresses", texts(live), 0})
	}
	if p, live := d.Prefixes, r.prefixes(); p != nil && p.Count != nil {
		if *p.Count != len(live) {
			out = append(out, change{"prefixes", "count", nil, len(live)})
		}
	} else if p != nil && !slices.Equal(p.CIDRs, live) {
		out = append(out, change{"prefixes", "cidrs", texts(live), 0})
	}
	return out
}

func texts[T fmt.Stringer](values []T) []string {
	list := []string{}
	for _, v := range values {
		list = append(list, v.String())
	}
	return list
}

// same reports whether a changed file reads back as it was, but for the nth document,
// which must be the wanted one. The order within its lists does not count.
func same(before spec.File, after []byte, nth int, wanted map[string]any) bool {
	old, _ := strictyaml.Parse(before.Path, before.Data)
	now, problems := strictyaml.Parse(before.Path, after)
	if len(problems) > 0 || len(now) != len(old) || nth >= len(now) {
		return false
	}
	for i := range now {
		if i != nth && !bytes.Equal(now[i].JSON(), old[i].JSON()) {
			return false
		}
	}
	var got map[string]any
	return json.Unmarshal(now[nth].JSON(), &got) == nil && reflect.DeepEqual(sorted(got), sorted(wanted))
}

// sorted puts every list of texts into one order, in place.
func sorted(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, field := range v {
			sorted(field)
		}
	case []any:
		slices.SortFunc(v, func(a, b any) int { return bytes.Compare(fmt.Append(nil, a), fmt.Append(nil, b)) })
	}
	return v
}

// unsynced plans the changed files, and returns the resources that are not in sync.
func unsynced(in Input, files []spec.File, all []Resource) []Left {
	docs := spec.Parse(files).Documents
	planned := plan.Make(plan.Input{Documents: docs, Inventories: in.Inventories, GatewayLimit: in.GatewayLimit})
	var out []Left
	for _, r := range all {
		d, _ := r.NamedBy(docs)
		i := slices.IndexFunc(planned.Resources, func(p plan.Resource) bool {
			return p.Spec == plan.SpecRef{Name: d.Name, File: d.File, Line: d.Line}
		})
		switch {
		case i < 0:
			out = append(out, Left{r, Unfit, "no spec names it any more", &d})
		case planned.Resources[i].State == plan.Converging || planned.Resources[i].State == plan.Blocked:
			out = append(out, Left{r, Waiting, planned.Resources[i].Reason, &d})
		case planned.Resources[i].State != plan.InSync:
			out = append(out, Left{r, Unfit, planned.Resources[i].Reason, &d})
		}
	}
	return out
}

func changed(before, after []spec.File) []spec.File {
	var out []spec.File
	for i := range after {
		if !bytes.Equal(before[i].Data, after[i].Data) {
			out = append(out, after[i])
		}
	}
	return out
}
