package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// Assets serves style, script and icon. Their paths hold a digest of their content,
// so that browsers may keep them.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("file")
		data, err := assetFiles.ReadFile("assets/" + name)
		if err != nil || r.URL.RawQuery != digest(name) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", mediaTypes[path.Ext(name)])
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(data)
	})
}

// mediaTypes are those of the assets: what a machine's own list says may be wrong, and
// a browser then takes neither style nor script.
var mediaTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// assetPath is where a page finds an asset.
func assetPath(name string) string { return "/assets/" + name + "?" + digest(name) }

func digest(name string) string {
	data, err := assetFiles.ReadFile("assets/" + strings.TrimPrefix(name, "/"))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}
