// Package sqsstand is a stand-in for SQS in tests: one standard queue that speaks
// AWS JSON 1.0 as the AWS SDKs do, with long polls, visibility timeouts, MD5 sums of
// bodies, and receipt handles that end with the next receive. No goroutine runs. It
// shares no code with the client, so that it cannot flatter it.
package sqsstand

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// WrongSum at the beginning of a body has the queue give it another body's MD5 sum.
const WrongSum = "\x00"

const visibility = 30 * time.Second // SQS's default

// Queue is one queue. It is an http.Handler and, without a socket, an
// http.RoundTripper.
type Queue struct {
	url string

	mu          sync.Mutex
	messages    []*message
	seq         int
	calls       map[string]int
	failKind    string
	failMessage string
	failDeletes int
	news        chan struct{} // closed when a message is sent
}

type message struct {
	id      int
	body    string
	receipt string
	hidden  time.Time // until then
}

// New makes an empty queue; url is what clients call it.
func New(url string) *Queue {
	return &Queue{url: url, calls: map[string]int{}, news: make(chan struct{})}
}

// Send puts a message into the queue.
func (q *Queue) Send(body string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seq++
	q.messages = append(q.messages, &message{id: q.seq, body: body})
	close(q.news)
	q.news = make(chan struct{})
}

// Len is how many messages there are, those that are hidden too.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

// Calls is how often an operation was called.
func (q *Queue) Calls(operation string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.calls[operation]
}

// Fail has every receive answered with an error; "" ends that.
func (q *Queue) Fail(kind, text string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failKind, q.failMessage = kind, text
}

// FailDeletes has the next entries to be deleted fail.
func (q *Queue) FailDeletes(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failDeletes = n
}

// RoundTrip serves a request on the caller's goroutine. The error is that of a body that
// cannot be read, or of the request's context, which ends a long poll.
func (q *Queue) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	status, answer, err := q.serve(r, body)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Header: header(), Body: io.NopCloser(bytes.NewReader(answer)), ContentLength: int64(len(answer)), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// ServeHTTP serves a request from a socket.
func (q *Queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	status, answer, err := q.serve(r, body)
	if err != nil {
		return // the client has gone
	}
	for key, values := range header() {
		w.Header()[key] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

func header() http.Header { return http.Header{"Content-Type": {"application/x-amz-json-1.0"}} }

// request is what the operations take.
type request struct {
	QueueUrl            string
	MaxNumberOfMessages int
	WaitTimeSeconds     int
	VisibilityTimeout   int // seconds; 0: the queue's own
	ReceiptHandle       string
	Entries             []struct{ Id, ReceiptHandle string }
}

func (q *Queue) serve(r *http.Request, body []byte) (int, []byte, error) {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	var in request
	switch {
	case !ok || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-amz-json-1.0":
		return failure("UnknownOperationException", "no AWS JSON 1.0 request of SQS")
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
		return failure("MissingAuthenticationTokenException", "the request is not signed")
	case json.Unmarshal(body, &in) != nil:
		return failure("SerializationException", "the body is no JSON object")
	case in.QueueUrl != q.url:
		return failure("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.")
	}
	q.mu.Lock()
	q.calls[operation]++
	kind, text := q.failKind, q.failMessage
	q.mu.Unlock()
	switch operation {
	case "ReceiveMessage":
		if kind != "" {
			return failure(kind, text)
		}
		return q.receive(r, in)
	case "DeleteMessage":
		q.remove(in.ReceiptHandle)
		return success(struct{}{})
	case "DeleteMessageBatch":
		return q.removeBatch(in)
	}
	return failure("UnknownOperationException", operation)
}

// receive waits for a message as long as it is asked to.
func (q *Queue) receive(r *http.Request, in request) (int, []byte, error) {
	if in.WaitTimeSeconds > 20 || in.MaxNumberOfMessages > 10 {
		return failure("InvalidParameterValue", "at most 10 messages and 20 seconds")
	}
	end := time.NewTimer(time.Duration(in.WaitTimeSeconds) * time.Second)
	defer end.Stop()
	for {
		list, news, next := q.take(max(1, in.MaxNumberOfMessages), in.hides())
		if len(list) > 0 {
			return success(map[string]any{"Messages": list})
		}
		shown := time.NewTimer(next)
		select {
		case <-news:
		case <-shown.C:
		case <-end.C:
			shown.Stop()
			return success(struct{}{})
		case <-r.Context().Done():
			shown.Stop()
			return 0, nil, r.Context().Err()
		}
		shown.Stop()
	}
}

func (r request) hides() time.Duration {
	if r.VisibilityTimeout == 0 {
		return visibility
	}
	return time.Duration(r.VisibilityTimeout) * time.Second
}

// take hides up to max messages and hands them out; without one it says when the
// next is shown again.
func (q *Queue) take(max int, hide time.Duration) (list []map[string]string, news chan struct{}, next time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	next = time.Hour
	for _, m := range q.messages {
		if now.Before(m.hidden) {
			next = min(next, m.hidden.Sub(now))
			continue
		}
		if len(list) == max {
			break
		}
		q.seq++
		m.hidden, m.receipt = now.Add(hide), fmt.Sprintf("receipt-%d-%d", m.id, q.seq)
		sum := md5.Sum([]byte(strings.TrimPrefix(m.body, WrongSum)))
		list = append(list, map[string]string{
			"MessageId": fmt.Sprintf("00000000-0000-4000-8000-%012d", m.id), "ReceiptHandle": m.receipt, "Body": m.body, "MD5OfBody": hex.EncodeToString(sum[:]),
		})
	}
	return list, q.news, next
}

func (q *Queue) remove(receipt string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failDeletes > 0 {
		q.failDeletes--
		return false
	}
	for i, m := range q.messages {
		if m.receipt == receipt {
			q.messages = append(q.messages[:i:i], q.messages[i+1:]...)
			break
		}
	}
	return true // deleting twice is no error
}

func (q *Queue) removeBatch(in request) (int, []byte, error) {
	if len(in.Entries) == 0 || len(in.Entries) > 10 {
		return failure("com.amazonaws.sqs#TooManyEntriesInBatchRequest", "1 to 10 entries")
	}
	done, failed := []map[string]any{}, []map[string]any{}
	for _, e := range in.Entries {
		if q.remove(e.ReceiptHandle) {
			done = append(done, map[string]any{"Id": e.Id})
		} else {
			failed = append(failed, map[string]any{"Id": e.Id, "Code": "InternalError", "SenderFault": false})
		}
	}
	return success(map[string]any{"Successful": done, "Failed": failed})
}

func success(v any) (int, []byte, error) {
	data, err := json.Marshal(v)
	return http.StatusOK, data, err
}

func failure(kind, text string) (int, []byte, error) {
	data, err := json.Marshal(map[string]string{"__type": kind, "message": text})
	return http.StatusBadRequest, data, err
}
