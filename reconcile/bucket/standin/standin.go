// Package standin is as much of S3 as bucket asks for, for tests: it verifies
// signatures (AWS's Signature Version 4, worked out here from its description),
// checksums and If-None-Match as S3 does. Nothing of the program imports it.
package standin

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// S3 is a server with one Region, one key, and buckets that are there when they
// are named. Keep changes what a GET answers; it may be nil.
type S3 struct {
	Region, AccessKey, Secret string
	Keep                      func(data []byte) []byte

	mu      sync.Mutex
	objects map[string][]byte
}

// Objects lists what is kept, as /bucket/key.
func (s *S3) Objects() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.objects {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ServeHTTP answers PUT and GET of objects, with the bucket in the path.
func (s *S3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "IncompleteBody", "the body ended early")
		return
	}
	if why := s.unsigned(r, body); why != "" {
		refuse(w, http.StatusForbidden, "SignatureDoesNotMatch", why)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	had, found := s.objects[r.URL.Path]
	switch {
	case r.Method == http.MethodGet && !found:
		refuse(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	case r.Method == http.MethodGet:
		if s.Keep != nil {
			had = s.Keep(had)
		}
		_, _ = w.Write(had)
	case r.Method != http.MethodPut:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", r.Method)
	case r.Header.Get("If-None-Match") == "*" && found:
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case !checksumHolds(r, body):
		refuse(w, http.StatusBadRequest, "BadDigest", "The SHA256 you specified did not match what we received.")
	default:
		if s.objects == nil {
			s.objects = map[string][]byte{}
		}
		s.objects[r.URL.Path] = body
	}
}

func checksumHolds(r *http.Request, body []byte) bool {
	sum := sha256.Sum256(body)
	said := r.Header.Get("X-Amz-Checksum-Sha256")
	return said == "" || said == base64.StdEncoding.EncodeToString(sum[:])
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amz-Request-Id", "STANDIN0001")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

// unsigned says why the signature of a request does not count, or "".
func (s *S3) unsigned(r *http.Request, body []byte) string {
	payload := sha256.Sum256(body)
	if r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(payload[:]) {
		return "the body is not the one that x-amz-content-sha256 names"
	}
	fields := map[string]string{}
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	for field := range strings.SplitSeq(text, ", ") {
		name, value, _ := strings.Cut(field, "=")
		fields[name] = value
	}
	at := r.Header.Get("X-Amz-Date")
	if !ok || len(at) != len("20060102T150405Z") {
		return "there is no signature"
	}
	scope := at[:8] + "/" + s.Region + "/s3/aws4_request"
	if fields["Credential"] != s.AccessKey+"/"+scope {
		return "the credential is of another key, day, Region or service"
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	for name := range r.Header {
		if low := strings.ToLower(name); (strings.HasPrefix(low, "x-amz-") || low == "if-none-match") && !slices.Contains(signed, low) {
			return low + " is not signed"
		}
	}
	request := canonical(r, signed, hex.EncodeToString(payload[:]))
	sum := sha256.Sum256([]byte(request))
	key := []byte("AWS4" + s.Secret)
	for _, step := range []string{at[:8], s.Region, "s3", "aws4_request"} {
		key = mac(key, step)
	}
	want := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+at+"\n"+scope+"\n"+hex.EncodeToString(sum[:])))
	if fields["Signature"] != want {
		return "the signature is not what the request amounts to"
	}
	return ""
}

// canonical is the request as it is signed.
func canonical(r *http.Request, signed []string, payload string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n%s\n", r.Method, encoded(r.URL.Path), r.URL.RawQuery)
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		fmt.Fprintf(&b, "%s:%s\n", name, strings.TrimSpace(value))
	}
	fmt.Fprintf(&b, "\n%s\n%s", strings.Join(signed, ";"), payload)
	return b.String()
}

// encoded is a path with every byte escaped but those that never are.
func encoded(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(part), "+", "%20")
	}
	return strings.Join(parts, "/")
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
