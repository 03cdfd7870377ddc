package conformance

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer bounds an answer; the largest is a list of a VPC's interfaces.
const maxAnswer = 16 << 20

// answered reads a success whole and makes sure that it is one of EC2's: the SDK takes
// any well-formed text for a success with nothing in it, and a proxy's log-in page is no
// word on whether a call was carried out. What is none is an error, and so no answer.
func answered(resp *http.Response, action string) (*http.Response, error) {
	if resp.StatusCode < 200 || resp.StatusCode >= 300 {
		return resp, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	_ = resp.Body.Close() // it is in memory
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	}
	if root := rootOf(body); root != action+"Response" {
		return nil, fmt.Errorf("the answer is none of EC2's: it begins with <%.60s>, not <%sResponse>; it may come from a proxy", root, action)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// rootOf is the name of the first element, or "".
func rootOf(body []byte) string {
	dec := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := dec.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name.Local
		}
	}
}
