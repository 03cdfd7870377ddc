package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/policy"
)

// sift returns the files that policies are made of. What OPA would act on and we
// would not is refused: a bundle means one thing to both, or nothing.
func sift(entries []entry) ([]policy.File, error) {
	var files []policy.File
	for _, e := range entries {
		if hidden(e.path) {
			continue // .manifest and .signatures.json among them
		}
		base := strings.ToLower(path.Base(e.path))
		ext := path.Ext(base)
		isData := strings.TrimSuffix(base, ext) == "data" && slices.Contains([]string{".json", ".yaml", ".yml"}, ext)
		switch {
		case ext == ".wasm", base == "plan.json", base == "plan.pb":
			return nil, fmt.Errorf("%s is compiled: rules are checked as they were written; build the bundle with `opa build` and no other target", e.path)
		case base == "patch.json":
			return nil, fmt.Errorf("%s makes it a delta of another bundle, which cannot be signed; build a whole one", e.path)
		case isData && strings.Contains(e.path, "/"):
			return nil, fmt.Errorf("%s: OPA would put this data below data.%s; keep it in one file at the root of the bundle, as `opa build` writes it",
				e.path, strings.ReplaceAll(path.Dir(e.path), "/", "."))
		case !isData && (ext == ".yaml" || ext == ".yml"):
			return nil, fmt.Errorf("%s: a bundle holds rules and data; waivers and approvals stand in a folder or a Git repository", e.path)
		case isData, ext == ".rego":
			files = append(files, policy.File{Path: e.path, Data: e.data})
		}
	}
	if len(files) == 0 {
		return nil, errors.New("it holds no rule")
	}
	slices.SortFunc(files, func(a, b policy.File) int { return cmp.Compare(a.Path, b.Path) })
	return files, nil
}

// hidden reports whether a part of the path has a dot in front.
func hidden(p string) bool {
	return slices.ContainsFunc(strings.Split(p, "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
}
