package ec2sim

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// namespace is the XML namespace of EC2's answers.
const namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

// reply is the body of a success. Each embeds a header.
type reply interface{ stamp(requestID string) }

// header is what every success begins with.
type header struct {
	RequestID string `xml:"requestId"`
}

func (h *header) stamp(id string) { h.RequestID = id }

// set is a list on the wire. Being a struct it is written even when empty, as EC2
// does; clients then show an empty list instead of none.
type set[T any] struct {
	Items []T `xml:"item"`
}

// tag is one tag on the wire.
type tag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

// tagSet writes tags in one order.
func tagSet(tags map[string]string) set[tag] {
	var list []tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag{key, tags[key]})
	}
	return set[tag]{list}
}

// done is the answer of an action that has nothing else to say.
type done struct {
	header
	Return bool `xml:"return"`
}

// errorBody is an error answer.
type errorBody struct {
	XMLName   xml.Name `xml:"Response"`
	Code      string   `xml:"Errors>Error>Code"`
	Message   string   `xml:"Errors>Error>Message"`
	RequestID string   `xml:"RequestID"`
}

// render writes an outcome as EC2 would.
func (s *Server) render(action string, out outcome) response {
	if out.fail != nil {
		return response{out.fail.status, "text/xml;charset=UTF-8", encode(errorOf(action, out), nil), out.id, out.date}
	}
	out.body.stamp(out.id)
	start := &xml.StartElement{Name: xml.Name{Space: namespaceOf(action), Local: action + "Response"}}
	return response{http.StatusOK, "text/xml;charset=UTF-8", encode(out.body, start), out.id, out.date}
}

// encode writes a body as XML; start, when given, names the root element.
func encode(body any, start *xml.StartElement) []byte {
	var buf bytes.Buffer
	buf.WriteString(xml.Header)
	enc := xml.NewEncoder(&buf)
	var err error
	if start != nil {
		err = enc.EncodeElement(body, *start)
	} else {
		err = enc.Encode(body)
	}
	if err != nil {
		// The replies are plain structs, so this is a bug of the simulator.
		return fmt.Appendf(nil, "%s<Response><Errors><Error><Code>%s</Code></Error></Errors></Response>", xml.Header, codeInternal)
	}
	return buf.Bytes()
}

// stampTime is EC2's form of an instant.
func stampTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
