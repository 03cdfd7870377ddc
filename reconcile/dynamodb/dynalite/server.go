package dynalite

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Version is the one that is installed.
const Version = "4.0.0"

// Require is the environment variable that makes a missing program a failure. It is set
// where the programs were installed for the tests.
const Require = "SLUICE_REQUIRE_SERVERS"

// program listens where the system likes, says where, and ends when nobody holds its
// input open any more, not when a client ends in the middle of a request.
const program = `const s = require(process.argv[1])({createTableMs: 0});
s.listen(0, '127.0.0.1', () => console.log(s.address().port));
process.on('uncaughtException', e => { if (e.code !== 'ECONNRESET') throw e });
process.stdin.resume().on('end', () => process.exit());`

// Server is one that runs.
type Server struct {
	URL string
}

// Start starts a server with no tables; it ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	node, module, err := find()
	switch {
	case err != nil && os.Getenv(Require) == "1":
		t.Fatalf("%v, and %s=1 says that all is there", err, Require)
	case err != nil:
		t.Skipf("%v; .ci/servers installs what this test needs", err)
	}
	cmd := exec.Command(node, "-e", program, module)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		t.Fatalf("dynalite did not start: %v: %s", err, said.String())
	}
	return &Server{URL: "http://127.0.0.1:" + strings.TrimSpace(port)}
}

// find looks for node and the module.
func find() (node, module string, err error) {
	if node, err = exec.LookPath("node"); err != nil {
		return "", "", fmt.Errorf("there is no node here")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", "", err
	}
	module = filepath.Join(cache, "sluice", "dynalite-"+Version, "node_modules", "dynalite")
	if _, err := os.Stat(module); err != nil {
		return "", "", fmt.Errorf("there is no dynalite %s here: %w", Version, err)
	}
	return node, module, nil
}

// Table makes a table with two keys, pk and sk, that are strings.
func (s *Server) Table(t testing.TB, name string) { s.TableWithKeys(t, name, "pk:S", "sk:S") }

// TableWithKeys makes a table with any keys: a name, a colon and a type for each.
func (s *Server) TableWithKeys(t testing.TB, name string, keys ...string) {
	t.Helper()
	var attributes, schema []map[string]string
	for i, key := range keys {
		attribute, kind, _ := strings.Cut(key, ":")
		attributes = append(attributes, map[string]string{"AttributeName": attribute, "AttributeType": kind})
		schema = append(schema, map[string]string{"AttributeName": attribute, "KeyType": []string{"HASH", "RANGE"}[i]})
	}
	s.Do(t, "CreateTable", map[string]any{
		"TableName": name, "AttributeDefinitions": attributes, "KeySchema": schema, "BillingMode": "PAY_PER_REQUEST",
	})
	deadline, again := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer again.Stop()
	for s.Do(t, "DescribeTable", map[string]any{"TableName": name})["Table"].(map[string]any)["TableStatus"] != "ACTIVE" {
		select {
		case <-deadline:
			t.Fatalf("table %s does not become active", name)
		case <-again.C:
		}
	}
}

// Do makes any call, as DynamoDB's JSON has it, and returns its answer.
func (s *Server) Do(t testing.TB, action string, input map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+action)
	req.Header.Set("X-Amz-Date", "20261122T000000Z")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v: %s", action, resp.Status, err, data)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
