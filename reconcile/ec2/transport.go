package ec2

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// maxAnswer caps an answer, after decompression. A page of 1,000 gateways takes
// about one MiB.
const maxAnswer = 64 << 20

// newTransports returns one transport for reads and one for mutating calls. The
// second opens a connection for each call: on a kept one, which the server may
// just have closed, a call would end in doubt though nothing was done.
func newTransports(sdk aws.HTTPClient) (reads, once *http.Transport) {
	buildable, ok := sdk.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	reads = buildable.GetTransport()
	reads.Protocols = new(http.Protocols)
	reads.Protocols.SetHTTP1(true) // HTTP/2 sends again after GOAWAY and REFUSED_STREAM
	reads.ForceAttemptHTTP2 = false
	reads.DisableKeepAlives = false // Close ends what is kept
	reads.MaxConnsPerHost = 16
	reads.MaxIdleConnsPerHost = 4
	reads.IdleConnTimeout = 30 * time.Second
	reads.MaxResponseHeaderBytes = 256 << 10

	once = reads.Clone()
	once.DisableKeepAlives = true
	return reads, once
}

// answer is the body of an answer. Its first Read looks at the head of the XML:
// the SDK takes any well-formed text for a success with nothing in it, so that a
// proxy's log-in page would read as "there are no gateways".
type answer struct {
	body io.ReadCloser
	src  io.Reader
	root string    // the element that a success must begin with; "" for an error, and once it was seen
	end  string    // how a success must end; "" for an error
	tail []byte    // the last bytes that were read of one
	x    *exchange // learns the request id
	err  error
}

func newAnswer(ctx context.Context, resp *http.Response, action string, x *exchange) *answer {
	a := &answer{body: resp.Body, src: &capped{ctx: ctx, r: resp.Body, left: maxAnswer}, x: x}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		a.root = action + "Response"
		a.end = a.root + ">"
	}
	x.requestID = resp.Header.Get("X-Amzn-Requestid")
	return a
}

func (a *answer) Close() error { return a.body.Close() }

// Read gives the answer on as it comes, and an error in the place of its end where it is
// none of EC2's, too large, or cut off: an error is what makes the SDK fail.
func (a *answer) Read(p []byte) (int, error) {
	if a.root != "" && a.err == nil {
		a.err = a.head(a.root)
		a.root = ""
	}
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.src.Read(p)
	if a.end != "" {
		a.err = a.ending(p[:n], err)
	}
	if a.err != nil {
		return n, a.err
	}
	return n, err
}

// ending looks at the end of the XML: the SDK takes an answer in which it reads nothing
// (that of UnassignPrivateIpAddresses) for a success wherever it was cut off.
func (a *answer) ending(read []byte, err error) error {
	const blanks, longest = " \t\r\n", 128 // of an element's name
	a.tail = append(a.tail, read[max(0, len(read)-longest):]...)
	a.tail = append(a.tail[:0], a.tail[max(0, len(a.tail)-longest):]...)
	text := bytes.TrimRight(a.tail, blanks)
	if err != io.EOF || bytes.HasSuffix(text, []byte(a.end)) || bytes.HasSuffix(text, []byte("/>")) {
		return nil
	}
	return errors.New("the answer ends before it is whole")
}

// head checks the root element and takes the request id, which EC2 puts first.
// What was read of the body for this is put back.
func (a *answer) head(root string) error {
	var seen bytes.Buffer
	dec := xml.NewDecoder(io.TeeReader(a.src, &seen))
	a.src = io.MultiReader(&seen, a.src)
	for depth := 0; ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return errors.New("the answer is empty")
		}
		if err != nil {
			return fmt.Errorf("the answer is no XML: %w", err)
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok && depth == 0: // the prologue
		case !ok:
			if _, end := token.(xml.EndElement); end {
				return nil
			}
		case depth == 0 && start.Name.Local != root:
			return fmt.Errorf("the answer is no answer of EC2: it begins with <%s>, not <%s>", start.Name.Local, root)
		case depth == 0:
			depth = 1
		default:
			var id string
			if strings.EqualFold(start.Name.Local, "requestId") && dec.DecodeElement(&id, &start) == nil && id != "" {
				a.x.requestID = id
			}
			return nil
		}
	}
}

// capped reads at most left bytes and then fails, where an io.LimitReader would
// end as if all were read. It fails too when ctx is done: parsing what has long
// arrived takes time of the call as well.
type capped struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if c.left <= 0 {
		return 0, fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}
