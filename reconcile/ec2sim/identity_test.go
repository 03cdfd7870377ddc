package ec2sim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// asked posts a form as one access key's owner.
func asked(t *testing.T, s *Server, form string) (status int, date time.Time, body string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=ada/20261122/us-east-1/iam/aws4_request, Signature=x")
	resp, err := s.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	date, _ = http.ParseTime(resp.Header.Get("Date"))
	return resp.StatusCode, date, string(text)
}

func TestStsSaysWhoAsks(t *testing.T) {
	status, _, body := asked(t, New(World{}, Options{}), "Action=GetCallerIdentity&Version=2011-06-15")
	for _, part := range []string{`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`,
		"<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ada</Arn>", "<Account>123456789012</Account></GetCallerIdentityResult>", "<ResponseMetadata><RequestId>"} {
		if status != 200 || !strings.Contains(body, part) {
			t.Errorf("status %d, and no %s in\n%s", status, part, body)
		}
	}
}

func TestIamSimulatesWhereTheWorldSaysSo(t *testing.T) {
	form := "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=arn:aws:iam::123456789012:user/ada" +
		"&ActionNames.member.1=ec2:AssignPrivateIpAddresses&ActionNames.member.2=ec2:UnassignPrivateIpAddresses&ResourceArns.member.1=arn:x"
	world := World{Denied: []Denied{{AccessKeyID: "ada", Actions: []string{"Unassign*"}}}}
	status, _, body := asked(t, New(world, Options{}), form)
	if status != 403 || !strings.Contains(body, "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>") {
		t.Errorf("most may not ask: status %d\n%s", status, body)
	}
	world.SimulatesPolicy = true
	status, _, body = asked(t, New(world, Options{}), form)
	for _, part := range []string{"<EvalActionName>ec2:AssignPrivateIpAddresses</EvalActionName><EvalResourceName>arn:x</EvalResourceName><EvalDecision>allowed</EvalDecision>",
		"<EvalActionName>ec2:UnassignPrivateIpAddresses</EvalActionName><EvalResourceName>arn:x</EvalResourceName><EvalDecision>implicitDeny</EvalDecision>"} {
		if status != 200 || !strings.Contains(body, part) {
			t.Errorf("status %d, and no %s in\n%s", status, part, body)
		}
	}
	if status, _, body := asked(t, New(world, Options{}), strings.Replace(form, "user/ada", "role/ada", 1)); status != 404 || !strings.Contains(body, "NoSuchEntity") {
		t.Errorf("a principal that is none: status %d\n%s", status, body)
	}
}

func TestAnswersShowTheClockOfTheWorld(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	s := New(World{ClockAhead: Duration(10 * time.Minute)}, Options{Now: func() time.Time { return now }})
	if _, date, _ := asked(t, s, "Action=DescribeNatGateways&Version=2016-11-15"); !date.Equal(now.Add(10 * time.Minute)) {
		t.Errorf("the answer is of %s", date)
	}
}
