package ec2sim

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// parseRequest reads the query protocol out of an HTTP request: parameters come
// from the URL and from a form body. What cannot be read becomes in.problem, so
// that it is answered, and logged, like any other refusal.
func parseRequest(r *http.Request, body []byte) incoming {
	in := incoming{values: url.Values{}}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		in.problem = fail(codeMalformedQuery, "The query string contains a syntax error")
	}
	merge(in.values, query)
	switch {
	case r.URL.Path != "/" && r.URL.Path != "":
		in.problem = &failure{status: http.StatusNotFound, code: codeInvalidAction, message: "The EC2 query protocol is served on / only"}
	case r.Method == http.MethodPost && !isForm(r.Header.Get("Content-Type")):
		in.problem = &failure{status: http.StatusUnsupportedMediaType, code: codeUnsupportedProtocol,
			message: "The body must be application/x-www-form-urlencoded"}
	case r.Method == http.MethodPost:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			in.problem = fail(codeMalformedQuery, "The body is no form: it contains a syntax error")
		}
		merge(in.values, form)
	case r.Method != http.MethodGet:
		in.problem = &failure{status: http.StatusMethodNotAllowed, code: codeUnsupported, message: "Use POST with a form, or GET with a query"}
	}
	in.sourceIP, in.agent = sourceIP(r), r.UserAgent()
	in.principal, in.signed = principal(r.Header.Get("Authorization"), in.values)
	return in
}

// isForm accepts a missing content type too: there is one thing a body can be.
func isForm(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/x-www-form-urlencoded"
}

// merge adds values; a name that stands in both places is found out later.
func merge(into, from url.Values) {
	for key, values := range from {
		into[key] = append(into[key], values...)
	}
}

// principal takes the access key id out of a signature: from the Authorization
// header, or from the query of a presigned request. The signature itself is not
// looked at: the simulator has no secrets to check it against.
func principal(header string, values url.Values) (id string, signed bool) {
	credential := values.Get("X-Amz-Credential")
	if header != "" {
		signed = true
		_, rest, _ := strings.Cut(header, " ")
		for field := range strings.SplitSeq(rest, ",") {
			if c, ok := strings.CutPrefix(strings.TrimSpace(field), "Credential="); ok {
				credential = c
			}
		}
		if !strings.HasPrefix(header, "AWS4-") {
			credential = ""
		}
	}
	if credential == "" {
		old := values.Get("AWSAccessKeyId") // signature version 2
		return old, signed || old != ""
	}
	id, _, _ = strings.Cut(credential, "/")
	return id, true
}
