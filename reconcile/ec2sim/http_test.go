package ec2sim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

const signature = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=5ec2e7"

// request is a signed request with a form body.
func request(t testing.TB, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "http://ec2.test"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", signature)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestARequestMustBeOfTheProtocol(t *testing.T) {
	const list = "Action=DescribeNatGateways&Version=2016-11-15"
	cases := []struct {
		name   string
		change func(*http.Request)
		method string
		target string
		body   string
		status int
		code   string
	}{
		{"a form", nil, "POST", "/", list, 200, ""},
		{"an old version", nil, "POST", "/", "Action=DescribeNatGateways&Version=2012-01-01", 200, ""},
		{"a query", nil, "GET", "/?" + list, "", 200, ""},
		{"a presigned query", func(r *http.Request) { r.Header.Del("Authorization") }, "GET",
			"/?" + list + "&X-Amz-Credential=AKIAEXAMPLE%2F20260101%2Fus-east-1%2Fec2%2Faws4_request&X-Amz-Signature=00&X-Amz-Security-Token=secret", "", 200, ""},
		{"no content type", func(r *http.Request) { r.Header.Del("Content-Type") }, "POST", "/", list, 200, ""},
		{"another method", nil, "PUT", "/", list, 405, "UnsupportedOperation"},
		{"another content type", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, "POST", "/", "{}", 415, "UnsupportedProtocol"},
		{"another path", nil, "POST", "/ec2", list, 404, "InvalidAction"},
		{"a form with a syntax error", nil, "POST", "/", list + "&x=%zz", 400, "MalformedQueryString"},
		{"a query with a syntax error", nil, "GET", "/?" + list + "&x=%zz", "", 400, "MalformedQueryString"},
		{"a body of a MiB and one", nil, "POST", "/", "Action=" + strings.Repeat("x", bodyLimit-6), 413, "InvalidParameterValue"},
		{"no body", nil, "POST", "/", "", 400, "MissingParameter"},
		{"no credentials", func(r *http.Request) { r.Header.Del("Authorization") }, "POST", "/", list, 403, "MissingAuthenticationToken"},
		{"credentials that cannot be read", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, "POST", "/", list, 401, "AuthFailure"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(quickstart(t), Options{})
			r := request(t, c.method, c.target, c.body)
			if c.change != nil {
				c.change(r)
			}
			got := send(s, r)
			if got.status != c.status || got.code != c.code {
				t.Errorf("got %d %q %v, want %d %q", got.status, got.code, got.err, c.status, c.code)
			}
			log, err := json.Marshal(s.Calls())
			if err != nil || strings.Contains(string(log), "secret") {
				t.Errorf("a session token is in the call log: %v", err)
			}
		})
	}
}

func TestAnonymousWorldsServeEverybody(t *testing.T) {
	w := quickstart(t)
	w.Anonymous = true
	mustOK(t, askAs(New(w, Options{}), "", "DescribeNatGateways"))
}

func TestADeniedPrincipalIsUnauthorizedAlsoInADryRun(t *testing.T) {
	w := quickstart(t)
	w.Denied = []Denied{{AccessKeyID: "AKIAREADER", Actions: []string{"Assign*", "Unassign*"}}, {AccessKeyID: "*", Actions: []string{"DescribeSubnets"}}}
	s := New(w, Options{})
	call := []string{"NatGatewayId", egressA, "PrivateIpAddressCount", "1", "DryRun", "true"}
	mustFail(t, askAs(s, "AKIAREADER", "AssignPrivateNatGatewayAddress", call...), 403, "UnauthorizedOperation")
	mustFail(t, askAs(s, "AKIAWRITER", "AssignPrivateNatGatewayAddress", call...), 412, "DryRunOperation")
	mustOK(t, askAs(s, "AKIAREADER", "DescribeNatGateways"))
	mustFail(t, askAs(s, "AKIAWRITER", "DescribeSubnets"), 403, "UnauthorizedOperation")
	if c := s.Calls()[0]; c.Principal != "AKIAREADER" || !c.DryRun || c.Parameters.Get("NatGatewayId") != egressA || c.Seq != 1 {
		t.Errorf("the log says %+v", c)
	}
}

func TestTheHandlerAnswersOnARealSocket(t *testing.T) {
	s := New(quickstart(t), Options{})
	server := httptest.NewServer(s)
	defer server.Close()
	post := func(path, contentType, body string) (*http.Response, error) {
		r, err := http.NewRequest("POST", server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", signature)
		r.Header.Set("Content-Type", contentType)
		return server.Client().Do(r)
	}
	read := func(resp *http.Response, err error) (int, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := read(http.Get(server.URL + "/")); status != 200 || !strings.Contains(body, "EC2 simulator") {
		t.Errorf("the front page is %d %q", status, body)
	}
	if status, body := read(post("/_sluice/faults", "application/json", `{"kind": "lost-response-after-effect", "action": "DescribeSubnets"}`)); status != 201 {
		t.Errorf("the fault: %d %s", status, body)
	}
	const form = "application/x-www-form-urlencoded"
	if _, err := post("/", form, "Action=DescribeSubnets"); !errors.Is(err, io.EOF) {
		t.Errorf("the connection must be closed without an answer, got %v", err)
	}
	if status, _ := read(post("/", form, "Action=DescribeSubnets")); status != 200 {
		t.Errorf("after the fault: %d", status)
	}
	if _, body := read(http.Get(server.URL + "/_sluice/faults")); !strings.Contains(body, `"lost-response-after-effect": 1`) {
		t.Errorf("the faults are %s", body)
	}
	_, lines := read(http.Get(server.URL + "/_sluice/calls"))
	var calls []Call
	for line := range strings.Lines(lines) {
		var c Call
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		calls = append(calls, c)
	}
	if len(calls) != 2 || !calls[0].Lost || calls[1].Lost || calls[1].Action != "DescribeSubnets" {
		t.Errorf("the call log is %s", lines)
	}
	// The state is a world file: it can be loaded again.
	_, state := read(http.Get(server.URL + "/_sluice/world"))
	if w, err := ParseWorld("state.json", []byte(state)); err != nil || len(w.NatGateways) != 2 {
		t.Errorf("the state is no world: %v\n%s", err, state)
	}
}

func TestFaultsOverHTTPAreChecked(t *testing.T) {
	for body, want := range map[string]int{
		`{"kind": "throttle", "times": 0}`:       201,
		`{"kind": "throttle"} {}`:                400,
		`{"kind": "earthquake"}`:                 400,
		`{"kind": "throttle", "tmies": 1}`:       400,
		`{"kind": "slow", "delay": "5 seconds"}`: 400,
		`throttle`:                               400,
	} {
		s := New(quickstart(t), Options{})
		r := request(t, "POST", "/_sluice/faults", body)
		if got := send(s, r); got.status != 415 {
			t.Errorf("a form is no fault, got %d", got.status)
		}
		r = request(t, "POST", "/_sluice/faults", body)
		r.Header.Set("Content-Type", "application/json")
		if got := send(s, r); got.status != want {
			t.Errorf("%s: got %d %s, want %d", body, got.status, got.body, want)
		}
		if got := send(s, request(t, "DELETE", "/_sluice/faults", "")); got.status != 200 || len(s.World().Faults) != 0 {
			t.Errorf("clearing: %d, armed %v", got.status, s.World().Faults)
		}
		if got := send(s, request(t, "GET", "/_sluice/nothing", "")); got.status != 404 {
			t.Errorf("a page that is not there: %d", got.status)
		}
	}
}

// FuzzBody throws raw form bodies at the simulator. It must answer each with
// EC2's XML, and never with the InternalError of a bug.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		"", "Action=DescribeNatGateways&NatGatewayId.1=" + egressA + "&Filter.1.Name=tag:Name&Filter.1.Value.1=*a",
		"Action=AssignPrivateNatGatewayAddress&NatGatewayId=" + egressA + "&PrivateIpAddress.1=10.0.1.30",
		"Action=UnassignPrivateNatGatewayAddress&NatGatewayId=" + egressA + "&PrivateIpAddress.1=10.0.1.20&MaxDrainDurationSeconds=4000",
		"Action=AssignPrivateIpAddresses&NetworkInterfaceId=" + vipDB + "&Ipv4Prefix.1=0.0.0.0/0&PrivateIpAddress.1=255.255.255.255",
		"Action=AssignPrivateIpAddresses&NetworkInterfaceId=" + vipDB + "&SecondaryPrivateIpAddressCount=1&Ipv4PrefixCount=1000",
		"Action=UnassignPrivateIpAddresses&NetworkInterfaceId=" + vipDB + "&PrivateIpAddress.9999999999999999999=1",
		"Action=DescribeNetworkInterfaces&MaxResults=5&NextToken=%00&Filter.0.Value.1=x", "Action=DescribeSubnets&MaxResults=5&SubnetId.1=\xff",
		"Action=GetSubnetCidrReservations&SubnetId=" + subnetA + "&Filter.1.Name=tag-key&Filter.1.Value.1=\\*?", "Action&Action=&=&&%gg", "Action=%00%ff<&DryRun=TRUE",
	} {
		f.Add(seed)
	}
	w := quickstart(f)
	w.Throttling = new(false)
	f.Fuzz(func(t *testing.T, body string) {
		s := New(w, Options{})
		for range 2 { // the second time finds what the first has changed
			got := send(s, request(t, "POST", "/", body))
			if got.err != nil || got.code == codeInternal || len(got.texts("requestId"))+len(got.texts("RequestID")) != 1 {
				t.Fatalf("got %d %s %v\n%s", got.status, got.code, got.err, got.body)
			}
		}
		// The state stays a valid world.
		state := send(s, request(t, "GET", "/_sluice/world", ""))
		if _, err := ParseWorld("state.json", []byte(state.body)); err != nil {
			t.Fatalf("the state after %q: %v", body, err)
		}
	})
}

func TestABugIsAnsweredWithInternalError(t *testing.T) {
	s := New(quickstart(t), Options{})
	broken := s.actions["DescribeSubnets"]
	broken.run = func(*exchange) (reply, *failure) { panic("a bug") }
	s.actions["DescribeSubnets"] = broken
	mustFail(t, ask(s, "DescribeSubnets"), 500, "InternalError")
	mustOK(t, ask(s, "DescribeNatGateways")) // the lock is free
	if log := s.Calls(); len(log) != 2 || log[0].Code != "InternalError" {
		t.Errorf("the log is %+v", log)
	}
}

func TestManyClientsAtOnceGetEveryAddressOnce(t *testing.T) {
	w := quickstart(t)
	w.Throttling = new(false)
	s := New(w, Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", vipDB, "SecondaryPrivateIpAddressCount", "1")
				ask(s, "DescribeNetworkInterfaces", "MaxResults", "5")
				s.World()
			}
		})
	}
	wg.Wait()
	ips := strings.Fields(holds(s, vipDB))
	slices.Sort(ips)
	if len(ips) != 25 || len(slices.Compact(ips)) != 25 {
		t.Errorf("24 calls for one address each, and the one from before: %v", ips)
	}
	for i, c := range s.Calls() {
		if c.Seq != i+1 {
			t.Fatalf("call %d has the number %d", i+1, c.Seq)
		}
	}
}
