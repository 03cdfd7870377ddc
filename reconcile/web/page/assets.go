package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
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
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(data)
	})
}

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
