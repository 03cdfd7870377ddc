package page

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates are the pages by name, each within the layout.
var templates = parse()

func parse() map[string]*template.Template {
	common := template.Must(template.New("layout.html").Funcs(words).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"))
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	all := map[string]*template.Template{}
	for _, name := range names {
		page := strings.TrimSuffix(path.Base(name), ".html")
		if page != "layout" && page != "parts" {
			all[page] = template.Must(template.Must(common.Clone()).ParseFS(templateFiles, name))
		}
	}
	return all
}

// write makes the whole page before any of it leaves: a template that fails half-way
// must not look like an answer.
func write(w http.ResponseWriter, status int, f *frame) {
	var b bytes.Buffer
	if err := templates[f.Template].Execute(&b, f); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
