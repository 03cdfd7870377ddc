package ec2

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// captured are answers of the simulator, as they were on the wire: those of the
// operation, and the two error documents that every operation may be answered with.
func captured(f *testing.F, operation string) []string {
	files, err := filepath.Glob("testdata/answers/" + operation + "*.xml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no captured answer of %s: %v", operation, err)
	}
	var list []string
	for _, name := range append(files, "testdata/answers/DryRun.xml", "testdata/answers/Busy.xml") {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, string(data))
	}
	return list
}

// script answers the first request with the first body, and so on; what comes after
// the last one gets the last one.
type script struct {
	mu     sync.Mutex
	status int
	bodies []string
	sent   int
}

func (s *script) play(status int, bodies ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.bodies, s.sent = status, bodies, 0
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := s.bodies[min(s.sent, len(s.bodies)-1)]
	s.sent++
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

// listing is what an answer says by another reader than the client's. whole is false
// when it ends before its root does, or is no XML, or no answer of the operation.
type listing struct {
	ids   []string // of the set's items, in order
	rows  int      // items in a set within an item
	next  string
	whole bool
}

// readListing walks an answer whose items stand in set and have their id in id, and
// whose own lists are called inner.
func readListing(body, operation, set, id, inner string) (l listing) {
	dec := xml.NewDecoder(strings.NewReader(body))
	var path []string
	for {
		token, err := dec.Token()
		if err != nil {
			return l
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			switch strings.ToLower(strings.Join(path[1:], "/")) {
			case strings.ToLower(set + "/item"):
				l.ids = append(l.ids, "")
			case strings.ToLower(set + "/item/" + inner + "/item"):
				l.rows++
			}
			if len(path) == 1 && token.Name.Local != operation+"Response" {
				return l
			}
		case xml.CharData:
			if len(path) == 0 {
				continue
			}
			switch strings.ToLower(strings.Join(path[1:], "/")) {
			case strings.ToLower(set + "/item/" + id):
				if len(l.ids) > 0 {
					l.ids[len(l.ids)-1] += string(token)
				}
			case "nexttoken":
				l.next += string(token)
			}
		case xml.EndElement:
			if path = path[:len(path)-1]; len(path) == 0 {
				l.whole = true
				return l
			}
		}
	}
}

// fuzzListing gives one listing operation an answer of up to two pages, the second cut
// short, through the real client. read returns the ids that the client took for the
// whole list, the rows within them, and why it was not read, or "".
func fuzzListing(f *testing.F, operation, set, id, inner string, read func(context.Context, *Client, *script) (ids []string, rows int, why string)) {
	environment(f)
	wire := &script{}
	c := clientOf(f, Config{Target: "t", Mode: modeObserve, Transport: wire})
	c.rates = freeRates()
	for _, seed := range captured(f, operation) {
		f.Add(200, seed, "", 0)
		f.Add(200, seed, seed, 0)
		f.Add(200, seed, "", 40)
		paged := strings.Replace(seed, "</"+operation+"Response>", "<nextToken>t</nextToken></"+operation+"Response>", 1)
		f.Add(200, paged, seed, 0)
		f.Add(200, paged, seed, 100)
		f.Add(200, paged, paged, 0)
		f.Add(400, seed, "", 0)
		f.Add(503, seed, seed, 0)
	}
	f.Add(200, "<"+operation+"Response/>", "", 0)
	f.Add(200, "<html><body>log in</body></html>", "", 0)
	f.Fuzz(func(t *testing.T, status int, first, second string, cut int) {
		if status < 200 || status > 599 {
			status = 200
		}
		if cut > 0 {
			second = second[:max(0, len(second)-cut)]
		}
		if second == "" {
			second = first
			if cut > 0 {
				first = first[:max(0, len(first)-cut)]
				second = first
			}
		}
		synctest.Test(t, func(t *testing.T) { // what is tried again comes after a pause
			wire.play(status, first, second)
			ids, rows, why := read(t.Context(), c, wire)
			if why != "" {
				if ids != nil || len(why) > 2000 || strings.ContainsFunc(why, unicode.IsControl) {
					t.Errorf("unread, but %v; %q", ids, why)
				}
				return
			}
			if status < 200 || status > 299 {
				t.Errorf("status %d is a success", status)
			}
			wanted, bodies, inside := []string{}, []string{first, second}[:min(wire.sent, 2)], 0
			for i, body := range bodies {
				l := readListing(body, operation, set, id, inner)
				if !l.whole {
					t.Errorf("an answer that is cut off or nonsense was taken for whole: %q", body)
				}
				if last := i == len(bodies)-1; (strings.TrimSpace(l.next) == "") != last && l.next != "" == last {
					t.Errorf("page %d of %d has the token %q", i+1, len(bodies), l.next)
				}
				wanted, inside = append(wanted, l.ids...), inside+l.rows
			}
			twice := len(wanted)
			slices.Sort(wanted)
			wanted = slices.Compact(wanted)
			slices.Sort(ids)
			if !slices.Equal(ids, wanted) && len(ids)+len(wanted) > 0 {
				t.Errorf("the answer lists %q, the inventory %q", wanted, ids)
			}
			if twice == len(wanted) && rows != inside {
				t.Errorf("the answer has %d rows, the inventory %d", inside, rows)
			}
		})
	})
}

func FuzzDescribeNatGateways(f *testing.F) {
	fuzzListing(f, "DescribeNatGateways", "natGatewaySet", "natGatewayId", "natGatewayAddressSet", func(ctx context.Context, c *Client, _ *script) (ids []string, rows int, why string) {
		inv := c.Observe(ctx, inventory.Query{NatGateways: true})
		for _, g := range inv.NatGateways {
			ids, rows = append(ids, g.ID), rows+len(g.Addresses)
		}
		return ids, rows, inv.WhyUnread(inventory.ReadNatGateways, "")
	})
}

func FuzzDescribeNetworkInterfaces(f *testing.F) {
	fuzzListing(f, "DescribeNetworkInterfaces", "networkInterfaceSet", "networkInterfaceId", "nothing", func(ctx context.Context, c *Client, _ *script) (ids []string, rows int, why string) {
		inv := c.Observe(ctx, inventory.Query{NetworkInterfaces: true})
		for _, n := range inv.NetworkInterfaces {
			ids = append(ids, n.ID)
		}
		return ids, 0, inv.WhyUnread(inventory.ReadNetworkInterfaces, "")
	})
}

func FuzzDescribeSubnets(f *testing.F) {
	fuzzListing(f, "DescribeSubnets", "subnetSet", "subnetId", "nothing", func(ctx context.Context, c *Client, wire *script) (ids []string, rows int, why string) {
		// All that may come: the client keeps what it asked for.
		var asked []string
		for _, body := range wire.bodies {
			asked = append(asked, readListing(body, "DescribeSubnets", "subnetSet", "subnetId", "nothing").ids...)
		}
		found, err := c.subnets(ctx, asked)
		for id := range found {
			ids = append(ids, id)
		}
		if err != nil {
			return nil, 0, err.Error()
		}
		return ids, 0, ""
	})
}

func FuzzGetSubnetCidrReservations(f *testing.F) {
	fuzzListing(f, "GetSubnetCidrReservations", "subnetIpv4CidrReservationSet", "cidr", "nothing", func(ctx context.Context, c *Client, wire *script) (ids []string, rows int, why string) {
		list, err := c.reservations(ctx, "subnet-0a1b2c3d4e5f60001")
		if err != nil {
			return nil, 0, err.Error()
		}
		// What it takes for a reservation is one; those of other subnets are left out, so
		// that the texts say nothing here.
		for _, r := range list {
			if !r.CIDR.IsValid() {
				ids = append(ids, "no network")
			}
		}
		for _, body := range wire.bodies[:min(wire.sent, 2)] {
			ids = append(ids, readListing(body, "GetSubnetCidrReservations", "subnetIpv4CidrReservationSet", "cidr", "nothing").ids...)
		}
		slices.Sort(ids)
		return slices.Compact(ids), 0, ""
	})
}

// mutatingCalls are the four calls that change something, and one that only asks.
var mutatingCalls = []inventory.Call{assignNatCall, unassignNatCall, assignEniCall, moveEniCall, unassignEniCall, dry(assignNatCall), dry(unassignNatCall)}

// FuzzMutatingAnswer: whatever a call is answered, it is sent once, a success is a whole answer
// of that operation, and a failure is a fault whose class says what to do.
func FuzzMutatingAnswer(f *testing.F) {
	environment(f)
	wire := &script{}
	c := clientOf(f, Config{Target: "t", Mode: modeApply, Transport: wire})
	c.rates = freeRates()
	for i, ca := range mutatingCalls {
		for _, seed := range captured(f, ca.Operation()) {
			f.Add(i, 200, seed, 0)
			f.Add(i, 200, seed, 30)
			f.Add(i, 412, seed, 0)
			f.Add(i, 400, seed, 0)
			f.Add(i, 503, seed, 0)
		}
	}
	f.Add(0, 307, "", 0)
	f.Fuzz(func(t *testing.T, which, status int, body string, cut int) {
		if status < 200 || status > 599 {
			status = 200
		}
		ca := mutatingCalls[int(uint(which)%uint(len(mutatingCalls)))]
		if cut > 0 {
			body = body[:max(0, len(body)-cut)]
		}
		synctest.Test(t, func(t *testing.T) {
			wire.play(status, body)
			answer, err := c.Do(t.Context(), ca)
			if wire.sent != 1 {
				t.Errorf("sent %d times", wire.sent)
			}
			whole := readListing(body, ca.Operation(), "", "", "").whole
			success := status < 300 && whole
			var fault *inventory.Fault
			switch {
			case err == nil && !ca.DryRun && !success:
				t.Errorf("%d and %q are a success: %+v", status, body, answer)
			case err == nil && ca.DryRun && success:
				t.Error("a dry-run that was carried out is a success")
			case err == nil:
			case !errors.As(err, &fault) || fault.Class == "" || fault.Operation != ca.Operation() || fault.Class == inventory.ClassNotSent:
				t.Errorf("%#v", err)
			case status < 300 && !ca.DryRun && fault.Class != inventory.ClassLost && fault.Code == "":
				t.Errorf("an answer that says nothing is %s, though the call may have been carried out", fault.Class)
			case len(fault.Code)+len(fault.RequestID)+len(fault.Message) > 4000 || strings.ContainsFunc(fault.Code+fault.RequestID+fault.Message, unicode.IsControl):
				t.Errorf("%q", fault)
			}
		})
	})
}

// FuzzErrorDocument: an error answer is never a success, and never taken for one of which
// nothing was sent.
func FuzzErrorDocument(f *testing.F) {
	environment(f)
	wire := &script{}
	c := clientOf(f, Config{Target: "t", Mode: modeApply, Transport: wire})
	c.rates = freeRates()
	for _, code := range []string{"UnauthorizedOperation", "RequestLimitExceeded", "OperationInProgress", "InternalError", "NatGatewayNotFound", "DryRunOperation", "", "Client.AuthFailure", "\u2028"} {
		for _, status := range []int{400, 403, 412, 500, 503} {
			f.Add(status, errorBody(code, "words"))
		}
	}
	f.Add(400, "<Response><Errors/></Response>")
	f.Add(400, "<Response><Errors><Error><Code>A</Code></Error><Error><Code>B</Code></Error></Errors></Response>")
	f.Add(302, "moved")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 300 || status > 599 {
			status = 400
		}
		synctest.Test(t, func(t *testing.T) {
			wire.play(status, body)
			inv := c.Observe(t.Context(), inventory.Query{NatGateways: true, NetworkInterfaceIDs: []string{"eni-1"}})
			if len(inv.Unread) != 2 || len(inv.NatGateways)+len(inv.NetworkInterfaces) > 0 {
				t.Errorf("%+v", inv)
			}
			if _, err := c.Reread(t.Context(), inventory.KindNatGateway, "nat-1"); err == nil {
				t.Error("an error is a gateway")
			}
			wire.play(status, body)
			_, err := c.Do(t.Context(), assignNatCall)
			if class := inventory.FaultClass(err); err == nil || class == inventory.ClassNotSent || class == "" || wire.sent != 1 {
				t.Errorf("%v, %s, sent %d times", err, class, wire.sent)
			}
		})
	})
}

// answeringSTS serves one answer as STS, and is the environment's.
func answeringSTS(f *testing.F) *script {
	environment(f)
	answers := &script{status: 200, bodies: []string{""}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := answers.RoundTrip(r)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	f.Cleanup(server.Close)
	f.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	return answers
}

// stsStatus keeps to answers that the SDK does not ask for again after a real pause.
func stsStatus(n int) int { return []int{200, 200, 200, 400, 403}[uint(n)%5] }

func FuzzGetCallerIdentity(f *testing.F) {
	for _, seed := range captured(f, "GetCallerIdentity") {
		f.Add(0, seed)
		f.Add(3, seed)
	}
	f.Add(3, "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>")
	wire := answeringSTS(f)
	f.Fuzz(func(t *testing.T, status int, body string) {
		wire.play(stsStatus(status), body)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		who, err := Identify(ctx, Config{Target: "t"})
		switch {
		case err == nil && (stsStatus(status) != 200 || who.ARN == "" || who.Partition == ""):
			t.Errorf("%+v", who)
		case err != nil && (len(err.Error()) > 1000 || strings.Contains(err.Error(), "canary-secret")):
			t.Errorf("%v", err)
		}
	})
}

// FuzzAssumeRole: credentials that STS did not give are none; nothing is then sent to EC2.
func FuzzAssumeRole(f *testing.F) {
	const whole = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>canary</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
	f.Add(0, whole)
	f.Add(0, strings.Replace(whole, "2099", "1999", 1))
	f.Add(0, whole[:len(whole)/2])
	f.Add(0, "<AssumeRoleResponse/>")
	f.Add(0, "<AssumeRoleResponse><AssumeRoleResult><Credentials></Credentials></AssumeRoleResult></AssumeRoleResponse>")
	f.Add(3, "&canary ")
	f.Add(0, "&0canary 0") // encoding/xml repeats the name of an entity that it does not know
	f.Add(3, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
	wire := answeringSTS(f)
	f.Fuzz(func(t *testing.T, status int, body string) {
		wire.play(stsStatus(status), body)
		reached := &script{}
		reached.play(200, "<DescribeNatGatewaysResponse><natGatewaySet/></DescribeNatGatewaysResponse>")
		c := clientOf(t, Config{Target: "t", Mode: modeObserve, Transport: reached, RoleARN: "arn:aws:iam::123456789012:role/sluice"})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		inv := c.Observe(ctx, inventory.Query{NatGateways: true})
		why := inv.WhyUnread(inventory.ReadNatGateways, "")
		if given := stsStatus(status) == 200 && strings.Contains(strings.ToLower(body), "accesskeyid"); why == "" && !given {
			t.Errorf("%q gave credentials", body)
		}
		if why != "" && reached.sent > 0 || strings.Contains(why, "canary") {
			t.Errorf("sent %d to EC2, and then %q", reached.sent, why)
		}
	})
}

// FuzzSimulatePrincipalPolicy: a decision that IAM did not state is none.
func FuzzSimulatePrincipalPolicy(f *testing.F) {
	const one = "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults><member><EvalActionName>ec2:DescribeSubnets</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>allowed</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
	f.Add([]byte(one))
	f.Add([]byte(strings.Replace(one, "false", "true", 1)))
	f.Add([]byte(one[:len(one)-60]))
	f.Fuzz(func(t *testing.T, answer []byte) {
		list, err := readDecisions(answer)
		if (err == nil) != (len(list) > 0) {
			t.Errorf("%v, %v", list, err)
		}
		for _, d := range list {
			if d.Allowed && !strings.Contains(string(answer), "allowed") {
				t.Errorf("%+v", d)
			}
		}
	})
}
