package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// wish is what the specs ask for: the secondary addresses of each resource.
type wish struct {
	gatewayA, gatewayB, vip []string
}

const (
	killGatewayA = "nat-0ee3edd182361f662"
	killGatewayB = "nat-0b7c1d2e3f4a5b6c7"
	killVIP      = "eni-0065a61b324d1897a"
)

// killWorld is where everything begins.
const killWorld = `
apiVersion: sluice/v1
kind: World
throttling: false
timing: {assign: 3s}
subnets:
  - {id: subnet-0a1b2c3d4e5f60001, vpcId: vpc-0123456789abcdef0, cidr: 10.0.1.0/24}
natGateways:
  - {id: ` + killGatewayA + `, subnetId: subnet-0a1b2c3d4e5f60001, primary: 10.0.1.10, secondary: [10.0.1.20, 10.0.1.21]}
  - {id: ` + killGatewayB + `, subnetId: subnet-0a1b2c3d4e5f60001, primary: 10.0.1.11, secondary: [10.0.1.40], drainsAfter: 9s}
networkInterfaces:
  - {id: ` + killVIP + `, subnetId: subnet-0a1b2c3d4e5f60001, primary: 10.0.1.100, secondary: [10.0.1.60]}
`

const killConfig = `
apiVersion: sluice/v1
kind: Config
mode: apply
specs: {%s, interval: 1s}
budget: {removals: 99}
history: {file: history.db}
listen: 127.0.0.1:0
%s`

// draw asks for other addresses.
func draw(rng *rand.Rand) wish {
	return wish{
		gatewayA: pick(rng, 20, 26, 1+rng.IntN(4)),
		gatewayB: pick(rng, 40, 44, 1+rng.IntN(2)),
		vip:      pick(rng, 60, 64, rng.IntN(3)),
	}
}

// pick takes n of the addresses 10.0.1.from to 10.0.1.to.
func pick(rng *rand.Rand, from, to, n int) []string {
	var list []string
	for _, i := range rng.Perm(to - from)[:n] {
		list = append(list, fmt.Sprintf("10.0.1.%d", from+i))
	}
	slices.Sort(list)
	return list
}

// document is one spec of a wish.
func document(kind, name, id string, addresses []string, rest string) string {
	return fmt.Sprintf("apiVersion: sluice/v1\nkind: %s\nmetadata: {name: %s}\nspec:\n  id: %s\n  secondary: {addresses: [%s]}\n%s",
		kind, name, id, strings.Join(addresses, ", "), rest)
}

func (w wish) files() map[string]string {
	const drain = "  drain: {maxDuration: 30s}\n"
	return map[string]string{
		"a.yaml":   document("NatGateway", "a", killGatewayA, w.gatewayA, drain+"  minServing: 2\n"),
		"b.yaml":   document("NatGateway", "b", killGatewayB, w.gatewayB, drain),
		"vip.yaml": document("NetworkInterface", "vip", killVIP, w.vip, ""),
	}
}

// specsSource is where a program of the kill test reads its specs.
type specsSource interface {
	setting() string // below specs: in the configuration
	ask(t *testing.T, w wish)
}

// specFolder holds them in files, each replaced at once: half a file is no wish.
type specFolder string

func (f specFolder) setting() string { return fmt.Sprintf("dir: %q", string(f)) }

func (f specFolder) ask(t *testing.T, w wish) {
	for name, text := range w.files() {
		next := string(f) + "." + name // beside it
		write(t, next, []byte(text))
		if err := os.Rename(next, filepath.Join(string(f), name)); err != nil {
			t.Fatal(err)
		}
	}
}

// specRepo holds them in a Git repository, a commit a wish.
type specRepo struct {
	dir  string
	repo *git.Repository
}

func newSpecRepo(t *testing.T, dir string) specRepo {
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return specRepo{dir, repo}
}

func (r specRepo) setting() string {
	return fmt.Sprintf("url: %q, ref: {branch: main}", "file://"+r.dir)
}

func (r specRepo) ask(t *testing.T, w wish) {
	for name, text := range w.files() {
		write(t, filepath.Join(r.dir, name), []byte(text))
	}
	tree, err := r.repo.Worktree()
	if err == nil {
		err = tree.AddWithOptions(&git.AddOptions{All: true})
	}
	if err == nil {
		who := &object.Signature{Name: "Ada Lind", Email: "ada@example.com", When: time.Now()}
		_, err = tree.Commit("other addresses", &git.CommitOptions{Author: who, AllowEmptyCommits: true})
	}
	if err != nil {
		t.Fatal(err)
	}
}
