package ec2

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// environment gives the SDK static credentials and nothing of this machine.
func environment(t testing.TB) {
	for key, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "canary-secret",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_DEFAULT_REGION": "", "AWS_DEFAULT_PROFILE": "", "AWS_ROLE_ARN": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_EC2": "", "AWS_RETRY_MODE": "", "AWS_MAX_ATTEMPTS": "",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
		"AWS_CA_BUNDLE": "", "HTTP_PROXY": "", "HTTPS_PROXY": "", "http_proxy": "", "https_proxy": "",
	} {
		t.Setenv(key, value)
	}
}

// wire is an EC2 without sockets: it keeps what was sent and answers what the
// test says.
type wire struct {
	mu     sync.Mutex
	forms  []url.Values
	answer func(n int, form url.Values) (status int, body string) // n counts from 1

	// body, when set, answers instead of answer, with a body of any kind.
	body func(req *http.Request, form url.Values) (status int, body io.Reader)
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.forms = append(w.forms, form)
	n := len(w.forms)
	w.mu.Unlock()
	var status int
	var reader io.Reader
	if w.body != nil {
		status, reader = w.body(req, form)
	} else {
		var text string
		status, text = w.answer(n, form)
		reader = strings.NewReader(text)
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(reader), ContentLength: -1,
	}, nil
}

func (w *wire) sent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.forms)
}

// always answers each request the same.
func always(status int, body string) *wire {
	return &wire{answer: func(int, url.Values) (int, string) { return status, body }}
}

// ok is a success with inner in it, for the action that the form names.
func ok(form url.Values, inner string) (int, string) {
	action := form.Get("Action")
	return 200, fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<%[1]sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>req-1</requestId>%[2]s</%[1]sResponse>`, action, inner)
}

// answering is a wire whose successes hold what inner says.
func answering(inner func(n int, form url.Values) string) *wire {
	return &wire{answer: func(n int, form url.Values) (int, string) { return ok(form, inner(n, form)) }}
}

func errorBody(code, message string) string {
	return fmt.Sprintf(`<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>req-err</RequestID></Response>`, code, message)
}

func client(t testing.TB, mode string, transport http.RoundTripper) *Client {
	return clientOf(t, Config{Target: "test", Mode: mode, Transport: transport})
}

func clientOf(t testing.TB, cfg Config) *Client {
	t.Helper()
	c, err := New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func faultOf(t testing.TB, err error) *inventory.Fault {
	t.Helper()
	f, ok := err.(*inventory.Fault)
	if !ok {
		t.Fatalf("the error is %T (%v), not a fault", err, err)
	}
	return f
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// Calls that are fine, one an operation.
var (
	assignNatCall = inventory.Call{Kind: inventory.KindNatGateway, ID: "nat-1", Verb: inventory.VerbAssign,
		Addresses: []netip.Addr{addr("10.0.1.20"), addr("10.0.1.21")}}
	unassignNatCall = inventory.Call{Kind: inventory.KindNatGateway, ID: "nat-1", Verb: inventory.VerbUnassign,
		Addresses: []netip.Addr{addr("10.0.1.20")}, MaxDrainSeconds: 60}
	assignEniCall = inventory.Call{Kind: inventory.KindNetworkInterface, ID: "eni-1", Verb: inventory.VerbAssign,
		Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.2.64/28")}}
	moveEniCall = inventory.Call{Kind: inventory.KindNetworkInterface, ID: "eni-1", Verb: inventory.VerbMove,
		Addresses: []netip.Addr{addr("10.0.2.30")}}
	unassignEniCall = inventory.Call{Kind: inventory.KindNetworkInterface, ID: "eni-1", Verb: inventory.VerbUnassign,
		Addresses: []netip.Addr{addr("10.0.2.30")}}
)

func dry(ca inventory.Call) inventory.Call {
	ca.DryRun = true
	return ca
}
