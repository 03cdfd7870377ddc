package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/seed-6ca89210/sluice/"

// layout says which of our packages each package may import, and why no more.
// Seen from above it is a tree: cmd, then reconcile, then policy and gitsource.
var layout = []struct {
	folder string
	may    []string
	why    string
}{
	{"gitsource", []string{"gitsource/hostkeys", "gitsource/signature", "gitsource/words"}, "could be lifted out: a commit becomes files, nothing of sluice"},
	{"gitsource/hostkeys", []string{"gitsource/words"}, "could be lifted out: which keys an ssh server may show"},
	{"gitsource/signature", []string{"gitsource/words"}, "could be lifted out: who signed the bytes of a commit, without a repository"},
	{"gitsource/signature/signing", []string{"gitsource/signature"}, "for tests: makes keys and signed commits"},
	{"gitsource/words", nil, "text from outside for an error, and nothing else"},
	{"gitsource/githubapp", nil, "could be lifted out: a GitHub App's key becomes tokens"},
	{"gitsource/codecommit", nil, "could be lifted out: AWS keys become a Git login, without the SDK"},
	{"gitsource/realgit", nil, "for tests: starts the servers that people run, and knows no client"},
	{"policy", []string{"policy/library"}, "could be lifted out: knows its inputs by their schemas only"},
	{"policy/library", nil, "embedded files"},
	{"policy/bundle", []string{"policy"}, "an OPA bundle becomes a policy source's files, nothing of sluice"},
	{"policy/worker", []string{"policy", "policy/worker/child"}, "could be lifted out with policy: evaluates it in another process"},
	{"policy/worker/child", nil, "a process with limits, for whatever work; gitsource takes it as a function, so neither knows the other"},
	{"examples", nil, "embedded files"},
	{"reconcile/strictyaml", nil, "reads YAML for whoever asks"},
	{"reconcile/inventory", nil, "the vocabulary: everybody may know it, so it knows nobody"},
	{"reconcile/history", nil, "a log of flat records; it must outlive the types that wrote it"},
	{"reconcile/lease", nil, "could be lifted out: who of several may work on what; the table is an interface to it"},
	{"reconcile/lease/leasetest", []string{"reconcile/lease"}, "for tests: the table in memory, with its failures"},
	{"reconcile/dynamodb", []string{"reconcile/history", "reconcile/lease"}, "the record and the leases in one table; knows neither the loop nor EC2"},
	{"reconcile/dynamodb/dynalite", nil, "for tests: starts a server that speaks DynamoDB, and knows no client"},
	{"reconcile/bucket", nil, "could be lifted out: an object into a bucket, and back"},
	{"reconcile/bucket/standin", nil, "S3 for tests: must not flatter the client, shares no code with it"},
	{"reconcile/schedule", nil, "pure time"},
	{"reconcile/calendar", []string{"reconcile/schedule", "reconcile/spec"}, "pure time of selected documents"},
	{"reconcile/spec", []string{"reconcile/strictyaml", "reconcile/inventory"}, "documents, by EC2's words"},
	{"reconcile/ruling", []string{"reconcile/strictyaml", "reconcile/spec"}, "what people decide beside rules"},
	{"reconcile/rulebook", []string{"policy", "reconcile/ruling"}, "rules and rulings side by side, for commands and pages alike"},
	{"reconcile/plan", []string{"reconcile/spec", "reconcile/inventory"}, "pure: what is wanted and what there is, nothing else"},
	{"reconcile/judge", []string{"reconcile/calendar", "reconcile/ruling", "reconcile/spec", "reconcile/plan", "reconcile/inventory", "policy"}, "puts a plan before policy"},
	{"reconcile/apply", []string{"reconcile/plan", "reconcile/judge", "reconcile/inventory"}, "carries out what was judged; EC2 and the log are interfaces here"},
	{"reconcile/adopt", []string{"reconcile/spec", "reconcile/plan", "reconcile/inventory", "reconcile/strictyaml"}, "pure: writes specs for what there is, and proves them by the planner"},
	{"reconcile/iampolicy", []string{"reconcile/inventory"}, "pure: what IAM must allow for which resources"},
	{"reconcile/ec2", []string{"reconcile/inventory"}, "meets the simulator on the wire only"},
	{"reconcile/conformance", nil, "makes and deletes resources of its own, so nothing that acts on users' may know it"},
	{"reconcile/cloudtrail", []string{"reconcile/inventory"}, "who made a call, by EC2's words; the loop knows it as an interface"},
	{"reconcile/eventqueue", []string{"reconcile/inventory"}, "a queue's messages become hints; who looks at EC2 is a function to it"},
	{"reconcile/eventqueue/sqsstand", nil, "a queue for tests: must not flatter the client"},
	{"reconcile/ec2sim", []string{"reconcile/strictyaml"}, "must not flatter the client: shares no code with it"},
	{"reconcile", []string{
		"gitsource", "policy", "reconcile/apply", "reconcile/calendar", "reconcile/history", "reconcile/inventory", "reconcile/judge",
		"reconcile/plan", "reconcile/ruling", "reconcile/schedule", "reconcile/spec",
	}, "the loop; EC2 is an interface to it, so it builds without the SDK"},
	{"reconcile/simulation", nil, "tests alone: the world around the loop, made of one number"},
	{"reconcile/fleet", []string{"reconcile", "reconcile/history", "reconcile/inventory", "reconcile/lease", "reconcile/plan", "reconcile/spec"}, "loops under leases; where leases and logs are kept are functions to it"},
	{"reconcile/backtest", []string{"reconcile/judge", "reconcile/plan", "reconcile/spec", "reconcile/ruling", "reconcile/inventory", "policy"}, "judges again what there was, as judge does"},
	{"reconcile/outbox", nil, "could be lifted out: news without anybody waiting"},
	{"reconcile/post", []string{"reconcile/outbox"}, "one letter to one server; says what may pass in outbox's words"},
	{"reconcile/commitstatus", []string{"reconcile", "reconcile/outbox", "reconcile/post", "reconcile/apply", "reconcile/plan"}, "says what the loop found; the loop does not know it"},
	{"reconcile/notify", []string{"reconcile", "reconcile/outbox", "reconcile/post", "reconcile/apply", "reconcile/plan", "reconcile/commitstatus"}, "tells people; its one line is that of a commit's status"},
	{"reconcile/tracing", []string{"reconcile", "reconcile/outbox", "reconcile/post"}, "makes spans of the loop's parts; the loop does not know it"},
	{"reconcile/web", []string{
		"reconcile", "reconcile/web/access", "reconcile/web/api", "reconcile/web/feed", "reconcile/web/page",
	}, "one server: who may ask what"},
	{"reconcile/web/access", nil, "could be lifted out: tokens, sessions, certificates"},
	{"reconcile/web/live", nil, "could be lifted out: says that something changed, not what"},
	{"reconcile/web/view", []string{"reconcile", "reconcile/calendar", "reconcile/rulebook", "reconcile/history", "reconcile/inventory", "reconcile/plan", "reconcile/spec"}, "pure: what the loop knows, as plain values"},
	{"reconcile/web/feed", []string{"reconcile", "reconcile/history", "reconcile/rulebook", "reconcile/web/view"}, "reads what page and API show, in bounded parts"},
	{"reconcile/web/page", []string{"reconcile/history", "reconcile/plan", "reconcile/rulebook", "reconcile/web/feed", "reconcile/web/view"}, "HTML of what view says"},
	{"reconcile/web/api", []string{"reconcile/history", "reconcile/plan", "reconcile/rulebook", "reconcile/web/feed", "reconcile/web/view"}, "JSON of what view says"},
	{"reconcile/web/metrics", []string{"reconcile", "reconcile/apply", "reconcile/calendar", "reconcile/plan", "reconcile/inventory"}, "counts what the loop does; its pages are a handler to web"},
	{"reconcile/web/webhook", nil, "could be lifted out: verifies deliveries; who looks at Git is a function to it"},
	{"cmd/sluice/config", []string{"gitsource", "gitsource/codecommit", "policy/bundle", "policy/worker", "reconcile/calendar", "reconcile/commitstatus", "reconcile/post", "reconcile/schedule", "reconcile/spec", "reconcile/strictyaml"}, "settings are data; wiring them is cmd/sluice's"},
	{"cmd/sluice/render", []string{"policy", "reconcile", "reconcile/apply", "reconcile/backtest", "reconcile/calendar", "reconcile/history", "reconcile/inventory", "reconcile/plan", "reconcile/rulebook", "reconcile/ruling"}, "prints; decides nothing"},
	{"cmd/sluice/render/report", []string{"cmd/sluice/render", "policy", "reconcile/calendar", "reconcile/plan", "reconcile/rulebook"}, "machine formats of what render knows, and of rules' own tests"},
	{"cmd/sluice", []string{"*"}, "wires everything"},
}

// only says which packages alone may import something, most of it from outside.
var only = []struct {
	path    string // an import path, or its beginning
	folders []string
	why     string
}{
	{"github.com/aws/aws-sdk-go-v2/service/cloudtrail", []string{"reconcile/cloudtrail"}, "one place asks who made a call"},
	{"github.com/aws/aws-sdk-go-v2/service/sqs", []string{"reconcile/eventqueue"}, "one place reads the queue of events"},
	{"github.com/aws/aws-sdk-go-v2/service/dynamodb", []string{"reconcile/dynamodb"}, "one place knows what stands in the table"},
	{"github.com/aws/", []string{"reconcile/dynamodb", "reconcile/ec2", "reconcile/cloudtrail", "reconcile/conformance", "reconcile/eventqueue", "reconcile/bucket"}, "compiling the SDK takes minutes; everything else stays free of it"},
	{"github.com/open-policy-agent/", []string{"policy", "policy/bundle", "policy/worker"}, "one place closes OPA's silent passes; bundles and values are OPA's too"},
	{"github.com/go-git/", []string{"gitsource", "gitsource/hostkeys", "cmd/sluice"}, "one place distrusts repositories; the demo makes one"},
	{"github.com/golang-jwt/", []string{"gitsource/githubapp"}, "one place signs with an app's key"},
	{"github.com/google/go-github/", []string{"reconcile/commitstatus"}, "one place speaks to Git hosts' APIs"},
	{"gitlab.com/gitlab-org/", []string{"reconcile/commitstatus"}, "one place speaks to Git hosts' APIs"},
	{"code.gitea.io/", []string{"reconcile/commitstatus"}, "one place speaks to Git hosts' APIs"},
	{"github.com/ProtonMail/", []string{"gitsource/signature", "gitsource/signature/signing"}, "one place says who signed a commit"},
	{"github.com/Masterminds/", []string{"gitsource"}, "one place reads tags as versions"},
	{"github.com/hiddeco/", []string{"gitsource/signature", "gitsource/signature/signing"}, "one place says who signed a commit"},
	{"go.etcd.io/bbolt", []string{"reconcile/history"}, "the log has other stores to come"},
	{"github.com/robfig/cron", []string{"reconcile/schedule"}, "one place avoids its traps"},
	{"github.com/rogpeppe/go-internal", []string{"cmd/sluice/render/report"}, "its diff makes patches; the rest is for tests"},
	{"github.com/spf13/cobra", []string{"cmd/sluice"}, "flags are the command's"},
	{"github.com/prometheus/", []string{"reconcile/web/metrics"}, "metrics are read from the status, not pushed from everywhere"},
	{"go.opentelemetry.io/", []string{"reconcile/tracing"}, "the loop tells of its parts without knowing who measures them"},
	{module + "gitsource/realgit", nil, "tests only: it starts servers"},
	{module + "gitsource/signature/signing", nil, "tests only: it signs whatever it is told to"},
	{module + "reconcile/lease/leasetest", nil, "tests only: a table in memory"},
	{module + "reconcile/dynamodb/dynalite", nil, "tests only: it starts a server"},
	{"github.com/anishathalye/porcupine", []string{"reconcile/lease/leasetest"}, "tests only: it judges histories of the leases' table"},
	{"github.com/chromedp/", nil, "tests only: a browser"},
	{"github.com/owenrumney/go-sarif", nil, "tests only: linking it doubles the binary"},
	{"github.com/santhosh-tekuri/jsonschema", []string{"reconcile/strictyaml", "reconcile/spec", "reconcile/ruling", "cmd/sluice/config"}, "schemas are for files that people write"},
}

// pure packages do not know these: the same input must give the same bytes.
var impure = []string{"context", "log", "log/slog", "math/rand", "math/rand/v2", "os", "net", "net/http", "sync"}

type sourceFile struct {
	folder string
	name   string
	ast    *ast.File
}

// sources parses every Go file of the module that is no test.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []sourceFile
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files = append(files, sourceFile{path.Dir(rel), rel, f})
		return nil
	})
	if err != nil || len(files) < 50 {
		t.Fatalf("parsed %d files: %v", len(files), err)
	}
	return files
}

func imports(f *ast.File) []string {
	var list []string
	for _, im := range f.Imports {
		p, _ := strconv.Unquote(im.Path.Value) // the parser accepted it
		list = append(list, p)
	}
	return list
}

func TestPackagesImportOnlyWhatTheLayoutAllows(t *testing.T) {
	for _, f := range sources(t) {
		i := slices.IndexFunc(layout, func(l struct {
			folder string
			may    []string
			why    string
		}) bool {
			return l.folder == f.folder
		})
		if i < 0 {
			t.Errorf("%s: folder %s is not in the layout; add it with a reason", f.name, f.folder)
			continue
		}
		for _, im := range imports(f.ast) {
			ours, found := strings.CutPrefix(im, module)
			if found && !slices.Contains(layout[i].may, ours) && !slices.Contains(layout[i].may, "*") {
				t.Errorf("%s imports %s, which %s may not: %s", f.name, ours, f.folder, layout[i].why)
			}
			for _, o := range only {
				if strings.HasPrefix(im, o.path) && !slices.Contains(o.folders, f.folder) {
					t.Errorf("%s imports %s, which only %s may: %s", f.name, im, strings.Join(o.folders, ", "), o.why)
				}
			}
		}
	}
}

func TestTheLayoutNamesOnlyFoldersThatExist(t *testing.T) {
	for _, l := range layout {
		if info, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(l.folder))); err != nil || !info.IsDir() {
			t.Errorf("%s: no such folder", l.folder)
		}
	}
}

func TestWhatPlansIsPure(t *testing.T) {
	for _, f := range sources(t) {
		if !slices.Contains([]string{"reconcile/plan", "reconcile/schedule", "reconcile/calendar", "reconcile/adopt", "reconcile/iampolicy", "reconcile/web/view"}, f.folder) {
			continue
		}
		for _, im := range imports(f.ast) {
			if slices.Contains(impure, im) {
				t.Errorf("%s imports %s", f.name, im)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep"}, sel.Sel.Name) {
				t.Errorf("%s calls time.%s: time is input", f.name, sel.Sel.Name)
			}
			return true
		})
	}
}

func TestEveryPackageIsDocumentedAndNoneRunsAtStart(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range sources(t) {
		documented[f.folder] = documented[f.folder] || f.ast.Doc != nil
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", f.name)
			}
		}
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", folder)
		}
	}
}

func TestTheTopLevelHoldsNothingElse(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	folders := []string{"cmd", "reconcile", "policy", "gitsource", "examples", "bin"}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(folders, e.Name()) {
			t.Errorf("folder %s does not belong at the top", e.Name())
		}
	}
}
