package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"

	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// documented is openapi.yaml, and what checks bodies by it.
type documented struct {
	paths    map[string]map[string]any // by path, then method or "parameters"
	compiler *jsonschema.Compiler
}

func readDocument(t *testing.T) documented {
	t.Helper()
	data, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(data, &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Fatalf("OpenAPI %q: %v", doc.OpenAPI, err)
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler() // 3.1's schemas are JSON Schema 2020-12
	c.AssertFormat()
	if err := c.AddResource("openapi.json", whole); err != nil {
		t.Fatal(err)
	}
	return documented{doc.Paths, c}
}

// check holds an answer against what is written of its path.
func (d documented) check(path, method string, resp *http.Response, body []byte) error {
	operation, ok := d.paths[path][strings.ToLower(method)].(map[string]any)
	if !ok {
		return fmt.Errorf("%s %s is not documented", method, path)
	}
	pointer := "#/paths/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path) + "/" + strings.ToLower(method)
	status := fmt.Sprint(resp.StatusCode)
	answer, ok := operation["responses"].(map[string]any)[status].(map[string]any)
	if !ok {
		return fmt.Errorf("status %s is not documented; the body is %s", status, body)
	}
	pointer += "/responses/" + status
	if ref, ok := answer["$ref"].(string); ok {
		pointer, answer = ref, nil
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if content, ok := answer["content"].(map[string]any); answer != nil && (!ok || content[media] == nil) {
		return fmt.Errorf("content type %s is not documented", media)
	}
	schema, err := d.compiler.Compile("openapi.json" + pointer + "/content/" + strings.ReplaceAll(media, "/", "~1") + "/schema")
	if err != nil {
		return err
	}
	return d.bodies(schema, media, body)
}

// bodies checks a body, or each of its lines or events.
func (d documented) bodies(schema *jsonschema.Schema, media string, body []byte) error {
	var parts [][]byte
	switch media {
	case "application/json":
		parts = [][]byte{body}
	case "application/jsonl":
		parts = bytes.Split(bytes.TrimSpace(body), []byte("\n"))
	case "text/event-stream":
		for line := range bytes.Lines(body) {
			if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
				parts = append(parts, data)
			}
		}
	case "application/yaml":
		data, err := yaml.YAMLToJSON(body)
		if err != nil {
			return err
		}
		parts = [][]byte{data}
	default:
		text, err := json.Marshal(string(body))
		if err != nil {
			return err
		}
		parts = [][]byte{text}
	}
	if len(parts) == 0 {
		return fmt.Errorf("nothing to check in %q", body)
	}
	for _, part := range parts {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(part))
		if err != nil {
			return fmt.Errorf("%w in %s", err, part)
		}
		if err := schema.Validate(value); err != nil {
			return fmt.Errorf("%w in %s", err, part)
		}
	}
	return nil
}

func TestTheDocumentAndTheHandlersNameTheSamePaths(t *testing.T) {
	var written, served []string
	for path, operations := range readDocument(t).paths {
		for method := range operations {
			written = append(written, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range Routes(Config{Events: http.NotFoundHandler()}) {
		served = append(served, r.Method+" "+r.Path)
	}
	slices.Sort(written)
	slices.Sort(served)
	if !slices.Equal(written, served) {
		t.Errorf("the document has\n%s\nthe handlers\n%s", strings.Join(written, "\n"), strings.Join(served, "\n"))
	}
}

func TestEveryParameterThatIsReadIsDocumented(t *testing.T) {
	d := readDocument(t)
	for path, want := range map[string][]string{
		"/resources": {"limit", "offset", "q", "state", "target"},
		"/history":   {"address", "before", "commit", "from", "kind", "limit", "log", "outcome", "resource", "since", "until"},
		"/schedule":  {"limit"},
	} {
		var names []string
		for _, p := range d.paths[path]["get"].(map[string]any)["parameters"].([]any) {
			names = append(names, p.(map[string]any)["name"].(string))
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("%s: documented are %q", path, names)
		}
	}
}

func TestEveryAnswerIsAsTheDocumentSays(t *testing.T) {
	d := readDocument(t)
	checked := map[string]bool{}
	for _, tt := range []struct {
		path, asked string
		status      int
	}{
		{"/status", "/status", 200},
		{"/resources", "/resources", 200},
		{"/resources", "/resources?q=10.0.1.20&state=converging&target=prod&limit=1&offset=0", 200},
		{"/resources", "/resources?limit=many", 400},
		{"/resources/{target}/{id}", "/resources/prod/nat-1", 200},
		{"/resources/{target}/{id}", "/resources/prod/nat-2", 404},
		{"/plan", "/plan", 200},
		{"/history", "/history", 200},
		{"/history", "/history?limit=3", 200},
		{"/history", "/history?kind=intent&kind=outcome&address=10.0.1.20&since=2026-11-01&until=2027-01-01T00:00:00Z&resource=nat-1&outcome=accepted", 200},
		{"/history", "/history?kind=nonsense", 400},
		{"/history", "/history?from=1&limit=3", 400},
		{"/history", "/history?from=x", 400},
		{"/history/checkpoint", "/history/checkpoint", 200},
		{"/explain/{address}", "/explain/10.0.1.20", 200},
		{"/explain/{address}", "/explain/10.9.9.9", 200},
		{"/explain/{address}", "/explain/nobody", 400},
		{"/rules", "/rules", 200},
		{"/waivers", "/waivers", 200},
		{"/schedule", "/schedule?limit=5", 200},
		{"/schedule", "/schedule?limit=-1", 400},
		{"/openapi.yaml", "/openapi.yaml", 200},
	} {
		for _, empty := range []bool{false, true} {
			if empty && tt.path == "/resources/{target}/{id}" {
				continue
			}
			rec := httptest.NewRecorder()
			server(t, empty).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.asked, nil))
			if rec.Code != tt.status {
				t.Errorf("GET %s: status %d, want %d: %s", tt.asked, rec.Code, tt.status, rec.Body)
			}
			if empty && rec.Body.Len() == 0 && tt.path == "/history" {
				continue
			}
			if err := d.check(tt.path, http.MethodGet, rec.Result(), rec.Body.Bytes()); err != nil {
				t.Errorf("GET %s (empty: %v): %v", tt.asked, empty, err)
			}
		}
		checked["GET "+tt.path] = true
	}
	rec := httptest.NewRecorder()
	server(t, false).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/look", nil))
	if err := d.check("/look", http.MethodPost, rec.Result(), rec.Body.Bytes()); err != nil {
		t.Errorf("POST /look: %v", err)
	}
	checked["POST /look"] = true
	checkStream(t, d)
	checked["GET /events"] = true
	for path, operations := range d.paths {
		for method := range maps.Keys(operations) {
			if !checked[strings.ToUpper(method)+" "+path] {
				t.Errorf("%s %s is documented, and no answer of it was checked", method, path)
			}
		}
	}
}

func TestEveryAnswerFromSharedLogsIsAsTheDocumentSays(t *testing.T) {
	d, h := readDocument(t), serverOf(t, false, true)
	for _, tt := range []struct {
		path, asked string
		status      int
		says        string
	}{
		{"/status", "/status", 200, `"apart":true`},
		{"/history", "/history", 400, "name one with log=TARGET"},
		{"/history", "/history?log=nobody", 400, "no such log"},
		{"/history", "/history?log=stage&from=2", 200, `{"log":"stage","seq":2,`},
		{"/history", "/history?limit=3", 200, `{"log":"stage","seq":15,`},
		{"/history", "/history?limit=3&log=nobody", 400, "no such log"},
		{"/history", "/history?limit=3&log=stage", 200, `{"log":"stage",`},
		{"/history", "/history?before=prod:3,stage:2", 200, `{"log":"stage","seq":1,`},
		{"/history", "/history?before=prod:x", 400, "before must be"},
		{"/history/checkpoint", "/history/checkpoint", 400, "name one"},
		{"/history/checkpoint", "/history/checkpoint?log=prod", 200, "null"},
		{"/explain/{address}", "/explain/10.0.1.20", 200, `"logs":[{"log":"prod","from":1},{"log":"stage","from":1}]`},
		{"/resources/{target}/{id}", "/resources/stage/nat-7", 404, "another replica works for target stage: host-def, https://sluice-1.example.com"},
		{"/resources/{target}/{id}", "/resources/test/nat-7", 404, "another replica works for target test: host-ghi\""},
		{"/resources/{target}/{id}", "/resources/lab/nat-7", 404, "no replica works for target lab now\""},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.asked, nil))
		if rec.Code != tt.status || !strings.Contains(strings.ReplaceAll(rec.Body.String(), `\"`, ""), tt.says) {
			t.Errorf("GET %s: status %d, want %d, and %q: %s", tt.asked, rec.Code, tt.status, tt.says, rec.Body)
		}
		if err := d.check(tt.path, http.MethodGet, rec.Result(), rec.Body.Bytes()); err != nil {
			t.Errorf("GET %s: %v", tt.asked, err)
		}
	}
}

func TestTheNextPageOfSharedLogsIsInTheHeader(t *testing.T) {
	h := serverOf(t, false, true)
	asked, lines := "/history?limit=8", 0
	for page := 0; asked != "" && page < 9; page++ {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, asked, nil))
		lines += strings.Count(rec.Body.String(), "\n")
		asked, _, _ = strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"+Prefix), ">")
	}
	if want := 2 * len(view.Kinds); lines != want {
		t.Errorf("%d entries of %d", lines, want)
	}
}

// checkStream holds one event against the document.
func checkStream(t *testing.T, d documented) {
	t.Helper()
	web := httptest.NewServer(server(t, false))
	defer web.Close()
	resp, err := http.Get(web.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	poke()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data: ") {
			if err := d.check("/events", http.MethodGet, resp, append(lines.Bytes(), '\n')); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Error("no event came")
}
