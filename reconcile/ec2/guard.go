package ec2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"time"
)

// guard is the last look at what leaves the process. It trusts nothing above it:
// it parses the request as EC2 would, and refuses what the mode forbids.
type guard struct {
	mode  string
	reads http.RoundTripper // Describe* and Get*
	once  http.RoundTripper // mutating calls: must not send a request again

	// reportsConns says that the transports tell net/http/httptrace of their
	// connections. If not, a request counts as sent once it was handed over.
	reportsConns bool
}

// refusal is a request that the guard did not let out.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

// mutating reports whether an EC2 action changes anything. All that do not say
// that they only read count as mutating.
func mutating(action string) bool {
	return !strings.HasPrefix(action, "Describe") && !strings.HasPrefix(action, "Get")
}

// hasDryRun says of the actions that sluice uses to change things whether EC2
// gives them a DryRun parameter. Any other mutating action is not known.
func hasDryRun(action string) (dryRun, known bool) {
	switch action {
	case "AssignPrivateNatGatewayAddress", "UnassignPrivateNatGatewayAddress":
		return true, true
	case "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses":
		return false, true
	}
	return false, false
}

// RoundTrip sends a request that passes, once.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	action, body, err := g.examine(req)
	if err != nil {
		return nil, err
	}
	ctx := req.Context()
	x := exchangeOf(ctx)
	if g.reportsConns {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { x.sent.Store(true) },
		})
	}
	// What was examined is what is sent. Without GetBody nobody below can
	// send it a second time.
	out := req.Clone(ctx)
	out.Body = io.NopCloser(bytes.NewReader(body))
	out.ContentLength = int64(len(body))
	out.GetBody = nil

	transport := g.reads
	if mutating(action) {
		transport = g.once
		if err := late(ctx); err != nil {
			return nil, err
		}
		out.Body = io.NopCloser(&inTime{Reader: out.Body, ctx: ctx})
	}
	if !g.reportsConns {
		x.sent.Store(true)
	}
	resp, err := transport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	x.sent.Store(true)
	if x.date, err = http.ParseTime(resp.Header.Get("Date")); err == nil {
		x.skew = time.Until(x.date)
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	resp.Body = newAnswer(req.Context(), resp, action, x)
	return resp, nil
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (g *guard) CloseIdleConnections() {
	if t, ok := g.reads.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// late refuses what has no time left, by the clock itself: the timer that ends a
// context may not have fired yet in a process that was stopped and goes on, and by now
// another replica may hold the target.
func late(ctx context.Context) error {
	if end, limited := ctx.Deadline(); limited && !time.Now().Before(end) {
		return &refusal{"its time was over before it was sent"}
	}
	return nil
}

// inTime is the body of a mutating call. The first read of it comes when the connection
// is there, which takes a while: whoever was stopped meanwhile sends a form without a
// byte in it, which EC2 does not take.
type inTime struct {
	io.Reader
	ctx   context.Context
	begun bool
}

func (b *inTime) Read(p []byte) (int, error) {
	if !b.begun {
		if err := late(b.ctx); err != nil {
			return 0, err
		}
		b.begun = true
	}
	return b.Reader.Read(p)
}

// examine reads the request and returns its action and body, or why it may not
// leave. It closes the request's body.
func (g *guard) examine(req *http.Request) (action string, body []byte, err error) {
	if req.Body == nil {
		return "", nil, &refusal{"a request without a form is no EC2 call"}
	}
	const maxForm = 1 << 20
	body, err = io.ReadAll(io.LimitReader(req.Body, maxForm+1))
	if err := errors.Join(err, req.Body.Close()); err != nil {
		return "", nil, &refusal{"the request cannot be read: " + err.Error()}
	}
	// Parameters in the URL could contradict those in the form.
	if req.Method != http.MethodPost || req.URL.RawQuery != "" || len(body) > maxForm {
		return "", nil, &refusal{"only POST requests with all parameters in the form, at most 1 MiB of them, are sent"}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", nil, &refusal{"the form of the request cannot be parsed"}
	}
	if len(form["Action"]) != 1 {
		return "", nil, &refusal{fmt.Sprintf("the request names %d actions; it must name one", len(form["Action"]))}
	}
	action = form.Get("Action")
	if reason := g.forbids(action, form); reason != "" {
		return "", nil, &refusal{reason}
	}
	return action, body, nil
}

// forbids returns why a request may not be sent in this mode, or "".
func (g *guard) forbids(action string, form url.Values) string {
	var dryRun []string
	for key, values := range form {
		name := strings.ToLower(key)
		if strings.HasSuffix(name, "count") {
			return fmt.Sprintf("%s has %s; only explicit addresses are sent", action, cut(key))
		}
		if name == "dryrun" {
			dryRun = append(dryRun, values...)
		}
	}
	if !mutating(action) {
		return ""
	}
	offersDryRun, known := hasDryRun(action)
	switch {
	case !known:
		return fmt.Sprintf("%s is none of the calls that sluice makes", cut(action))
	case !offersDryRun && len(dryRun) > 0:
		return fmt.Sprintf("EC2 has no DryRun for %s and would carry the call out", action)
	case g.mode == modeApply:
		return ""
	case g.mode != modeDryRun:
		return fmt.Sprintf("mode %s makes no mutating call; use --mode apply to act", modeObserve)
	case !offersDryRun:
		return fmt.Sprintf("EC2 has no DryRun for %s, so mode dry-run does not send it; use --mode apply to act", action)
	case !slices.Equal(dryRun, []string{"true"}):
		return fmt.Sprintf("mode dry-run sends %s with DryRun=true only; use --mode apply to act", action)
	}
	return ""
}
