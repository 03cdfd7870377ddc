package dynamodb_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/dynamodb/dynalite"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// network is a transport that does to the next requests what it is told.
type network struct {
	mu    sync.Mutex
	plan  []func(*http.Request) (*http.Response, error)
	calls []string
}

// next sets what happens to the coming requests, one after another; nil lets one pass.
func (n *network) next(plan ...func(*http.Request) (*http.Response, error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.plan, n.calls = plan, nil
}

// made returns the calls since next, by name.
func (n *network) made() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.calls, " ")
}

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	n.mu.Lock()
	_, action, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	n.calls = append(n.calls, action)
	var do func(*http.Request) (*http.Response, error)
	if len(n.plan) > 0 {
		do, n.plan = n.plan[0], n.plan[1:]
	}
	n.mu.Unlock()
	if do == nil {
		return http.DefaultTransport.RoundTrip(req)
	}
	return do(req)
}

var errCut = errors.New("the line was cut")

// lost lets a request have its effect, and loses the answer.
func lost(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return nil, errCut
}

// gone loses a request.
func gone(*http.Request) (*http.Response, error) { return nil, errCut }

// answered is an answer of DynamoDB's own.
func answered(status int, code, text string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		body := `{"__type":"com.amazonaws.dynamodb.v20120810#` + code + `","message":"` + text + `"}`
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
			Body: io.NopCloser(strings.NewReader(body)), Request: req,
		}, nil
	}
}

// givenUp lets a request have its effect, and has a proxy answer in DynamoDB's place.
func givenUp(req *http.Request) (*http.Response, error) {
	_, _ = lost(req)
	return &http.Response{StatusCode: 408, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"message": "Request Timeout"}`)), Request: req}, nil
}

func TestAWriteWithoutAnAnswerIsDecidedByReadingItBack(t *testing.T) {
	server := server(t)
	throttle := answered(400, "ProvisionedThroughputExceededException", "slow down")
	broken := answered(500, "InternalServerError", "oops")
	type do = func(*http.Request) (*http.Response, error)
	for name, c := range map[string]struct {
		plan    []do
		calls   string
		written bool
		says    string // "": the append goes well
		after   string // what the next append says; "": it goes well
	}{
		"the answer is lost":                            {[]do{lost}, "PutItem PutItem GetItem", true, "", ""},
		"the request is lost":                           {[]do{gone}, "PutItem PutItem", true, "", ""},
		"an error of the service":                       {[]do{broken, broken}, "PutItem PutItem PutItem", true, "", ""},
		"every answer is lost":                          {[]do{lost, gone, gone}, "PutItem PutItem PutItem GetItem", true, "", ""},
		"throttled for a moment":                        {[]do{throttle, throttle}, "PutItem PutItem PutItem", true, "", ""},
		"throttled for long":                            {[]do{throttle, throttle, throttle}, "PutItem PutItem PutItem", false, "is throttled at PutItem", ""},
		"refused":                                       {[]do{answered(400, "AccessDeniedException", "User: x is not authorized")}, "PutItem", false, "not allowed to dynamodb:PutItem", ""},
		"every request is lost":                         {[]do{gone, gone, gone}, "PutItem PutItem PutItem GetItem", false, "effect of a failed write is unknown", "effect of a failed write is unknown"},
		"written, and nobody can read it back":          {[]do{lost, gone, gone, gone}, "PutItem PutItem PutItem GetItem", true, "effect of a failed write is unknown", "effect of a failed write is unknown"},
		"a proxy gives up after the effect":             {[]do{givenUp}, "PutItem PutItem GetItem", true, "", ""},
		"an answer is lost, and then it is not allowed": {[]do{lost, answered(400, "AccessDeniedException", ""), answered(400, "AccessDeniedException", "")}, "PutItem PutItem PutItem GetItem", true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			net := &network{}
			db := open(t, server.fresh(t, name), net)
			log, _, _ := holder(t, db, "a", "prod")
			net.next(c.plan...)
			_, err := log.Append(ctx, records("one")...)
			if got := net.made(); got != c.calls {
				t.Errorf("made %s, not %s", got, c.calls)
			}
			checkSays(t, "append", err, c.says)
			_, err = log.Append(ctx, records("two")...)
			checkSays(t, "the next append", err, c.after)
			want := []string{"taken"}
			if c.written {
				want = append(want, "one")
			}
			if c.after == "" {
				want = append(want, "two")
			}
			if got := messages(t, db.Log("prod").Records(ctx, 0)); !slices.Equal(got, want) {
				t.Errorf("the log has %q, not %q", got, want)
			}
			if _, err := history.Verify(ctx, db.Log("prod")); err != nil {
				t.Error(err)
			}
		})
	}
}

func checkSays(t *testing.T, what string, err error, says string) {
	t.Helper()
	if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v does not say %q", what, err, says)
	}
	if err != nil && strings.Contains(err.Error(), "canary") {
		t.Errorf("%s tells a secret: %v", what, err)
	}
}

// A write of the old holder that comes between the new one's look and its taking costs
// another look, and stays in the log.
func TestATakingThatComesSecondLooksAgain(t *testing.T) {
	net := &network{}
	s := server(t)
	db := open(t, s, nil)
	old, _, end := holder(t, db, "a", "prod")
	end()
	young := open(t, s, net)
	h, stop := hold(t, young, "b", "prod")
	defer stop()
	net.next(nil, func(req *http.Request) (*http.Response, error) { // its look, then its taking
		if _, err := old.Append(context.Background(), records("late")...); err != nil {
			t.Error(err)
		}
		return http.DefaultTransport.RoundTrip(req)
	})
	log, err := young.Writer(ctx, "prod", h)
	if err != nil {
		t.Fatal(err)
	}
	write(t, log, "on")
	if got := messages(t, db.Log("prod").Records(ctx, 0)); !slices.Equal(got, []string{"taken", "late", "taken", "on"}) {
		t.Errorf("%q", got)
	}
}

// A taking that was written and not answered is not written twice.
func TestATakingWhoseAnswerIsLostIsTakenOnce(t *testing.T) {
	net := &network{}
	db := open(t, server(t), net)
	h, stop := hold(t, db, "a", "prod")
	defer stop()
	net.next(nil, lost)
	log, err := db.Writer(ctx, "prod", h)
	if err != nil {
		t.Fatal(err)
	}
	write(t, log, "one")
	if got := messages(t, db.Log("prod").Records(ctx, 0)); !slices.Equal(got, []string{"taken", "one"}) {
		t.Errorf("%q", got)
	}
}

func TestAQuestionIsAskedAgain(t *testing.T) {
	net := &network{}
	db := open(t, server(t), net)
	throttle := answered(400, "ThrottlingException", "slow down")
	net.next(gone, throttle)
	if _, err := db.Targets(ctx); err != nil || net.made() != "Query Query Query" {
		t.Errorf("%v, made %s", err, net.made())
	}
	net.next(throttle, gone, gone)
	if _, err := db.Targets(ctx); err == nil || net.made() != "Query Query Query" {
		t.Errorf("%v, made %s", err, net.made())
	}
	net.next(answered(400, "AccessDeniedException", "no"))
	if _, err := db.Targets(ctx); err == nil || net.made() != "Query" {
		t.Errorf("%v, made %s", err, net.made())
	}
}

func TestACallThatNobodyWaitsForIsNotMade(t *testing.T) {
	net := &network{}
	db := open(t, server(t), net)
	log, _, _ := holder(t, db, "a", "prod")
	net.next()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := log.Append(ended, records("one")...); !errors.Is(err, context.Canceled) || net.made() != "" {
		t.Errorf("%v, made %q", err, net.made())
	}
}

func TestErrorsOfATableSayWhatToDo(t *testing.T) {
	server := dynalite.Start(t)
	for name, c := range map[string]struct {
		keys   []string // of the table; nil: there is none
		answer func(*http.Request) (*http.Response, error)
		table  string
		says   []string
	}{
		"no table": {nil, nil, "sluice", []string{
			"aws dynamodb create-table --table-name sluice --attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S " +
				"--key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE --billing-mode PAY_PER_REQUEST --region eu-central-1 --endpoint-url " + server.URL,
		}},
		"other keys":                {[]string{"id:S", "at:S"}, nil, "other", []string{"has other keys", "create-table"}},
		"one key":                   {[]string{"pk:S"}, nil, "one", []string{"has other keys"}},
		"keys of another type":      {[]string{"pk:S", "sk:N"}, nil, "types", []string{"has other keys", "both strings"}},
		"no permission":             {nil, answered(400, "AccessDeniedException", "User: arn:aws:iam::1:user/x is not authorized"), "sluice", []string{"not allowed to dynamodb:Query", "sluice iam-policy", "user/x"}},
		"credentials that are over": {nil, answered(400, "ExpiredTokenException", "expired"), "sluice", []string{"does not take the credentials"}},
		"no answer":                 {nil, gone, "sluice", []string{"no answer to Query", "the line was cut"}},
		"another error":             {nil, answered(400, "LimitExceededException", "too\\u0007 much"), "sluice", []string{"LimitExceededException: too? much"}},
		"no name":                   {nil, nil, "", []string{"needs the name of a table"}},
	} {
		t.Run(name, func(t *testing.T) {
			net := &network{}
			s := place{server, c.table}
			if c.keys != nil {
				server.TableWithKeys(t, c.table, c.keys...)
			}
			if c.answer != nil {
				net.next(c.answer)
			}
			_, err := dynamodb.Open(ctx, settings(s, net))
			if err == nil {
				t.Fatal("it is opened")
			}
			for _, says := range c.says {
				checkSays(t, "open", err, says)
			}
		})
	}
}
