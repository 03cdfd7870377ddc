package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6ca89210/sluice/gitsource"
)

func TestPoliciesStandApartFromTheChangeTheyJudge(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"nest/specs/rules", "policies", "repo/specs", "repo/policies"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"nest/specs/rules/p.tar.gz", "repo/p.tar.gz"} {
		if err := os.WriteFile(filepath.Join(root, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(root, "nest/specs/rules"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	dir := func(name string) Repo { return Repo{Dir: filepath.Join(root, name)} }
	git := func(url string, ref gitsource.Ref) Repo { return Repo{URL: url, Ref: ref} }
	main, other, none := gitsource.Ref{Branch: "main"}, gitsource.Ref{Branch: "policy"}, gitsource.Ref{}
	tests := []struct {
		name            string
		specs, policies Repo
		refused         bool
	}{
		{"two folders", dir("nest/specs"), dir("policies"), false},
		{"policies inside the specs", dir("nest/specs"), dir("nest/specs/rules"), true},
		{"specs inside the policies", dir("nest/specs"), dir("nest"), true},
		{"a link into the specs", dir("nest/specs"), dir("link"), true},
		{"the same folder", dir("policies"), dir("policies"), true},
		{"a work tree that the specs are committed in", git("file://"+filepath.Join(root, "repo"), main), dir("repo/policies"), true},
		{"a repository on disk and a folder elsewhere", git("file://"+filepath.Join(root, "repo"), main), dir("policies"), false},
		{"one repository and branch", git("https://h/x.git", main), git("https://h/x.git", main), true},
		{"the same written otherwise", git("https://h/x.git", main), git("https://u:p@H:443/x/", main), true},
		{"over ssh and https", git("https://h/x.git", main), git("git@h:x.git", main), true},
		{"over ssh without a user", git("https://h/x.git", main), git("h:x.git", main), true},
		{"two of them over ssh without a user", git("h:y.git", main), git("h:x.git", main), false},
		{"HEAD may be that branch", git("https://h/x", none), git("https://h/x", main), true},
		{"a name may be that branch", git("https://h/x", gitsource.Ref{Name: "main"}), git("https://h/x", main), true},
		{"two branches", git("https://h/x", main), git("https://h/x", other), false},
		{"a branch and a range of tags", git("https://h/x", main), git("https://h/x", gitsource.Ref{Semver: "^1"}), false},
		{"a range may come to mean the tag", git("https://h/x", gitsource.Ref{Semver: "^1"}), git("https://h/x", gitsource.Ref{Tag: "v1.2.3"}), true},
		{"two ranges may meet", git("https://h/x", gitsource.Ref{Semver: "^1"}), git("https://h/x", gitsource.Ref{Semver: "~1.2"}), true},
		{"a bundle's file elsewhere", dir("nest/specs"), Repo{Bundle: &Bundle{File: filepath.Join(root, "policies/p.tar.gz")}}, false},
		{"a bundle's file inside the specs", dir("nest/specs"), Repo{Bundle: &Bundle{File: filepath.Join(root, "nest/specs/p.tar.gz")}}, true},
		{"a bundle's file through a link into the specs", dir("nest/specs"), Repo{Bundle: &Bundle{File: filepath.Join(root, "link/p.tar.gz")}}, true},
		{"a bundle's file in the work tree of the specs", git("file://"+filepath.Join(root, "repo"), main), Repo{Bundle: &Bundle{File: filepath.Join(root, "repo/p.tar.gz")}}, true},
		{"the key of a bundle inside the specs", dir("nest/specs"), Repo{Bundle: &Bundle{URL: "https://h/p", PublicKeys: map[string]string{"ci": filepath.Join(root, "nest/specs/ci.pem")}}}, true},
		{"a signed bundle on the host of the specs", git("https://h/x.git", main), Repo{Bundle: &Bundle{URL: "https://h/x.git", PublicKeys: map[string]string{"ci": "ci.pem"}}}, false},
		{"two repositories", git("https://h/x", main), git("https://h/y", main), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Apart(tt.specs, tt.policies)
			if (err != nil) != tt.refused {
				t.Errorf("error %v", err)
			}
		})
	}
}
