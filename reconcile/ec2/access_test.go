package ec2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Whatever is asked, nothing leaves that could change something.
func TestAskingForAccessSendsDryRunsOnly(t *testing.T) {
	environment(t)
	w := always(412, errorBody("DryRunOperation", "Request would have succeeded"))
	c := client(t, modeDryRun, w)
	asked := append(c.ReadAccess(t.Context()), c.ChangeAccess(t.Context(), "nat-1")...)
	var names []string
	for _, a := range asked {
		names = append(names, a.Operation)
		if a.Err != nil {
			t.Errorf("%s: %v", a.Operation, a.Err)
		}
	}
	const want = "DescribeNatGateways DescribeNetworkInterfaces DescribeSubnets GetSubnetCidrReservations AssignPrivateNatGatewayAddress UnassignPrivateNatGatewayAddress"
	if got := strings.Join(names, " "); got != want || w.sent() != len(asked) {
		t.Errorf("asked %s in %d requests", got, w.sent())
	}
	for _, form := range w.forms {
		if form.Get("DryRun") != "true" {
			t.Errorf("%s left without DryRun=true", form.Encode())
		}
	}
	observing := client(t, modeObserve, w)
	for _, a := range observing.ChangeAccess(t.Context(), "nat-1") {
		if inventory.FaultClass(a.Err) != inventory.ClassNotSent {
			t.Errorf("in mode observe %s was sent: %v", a.Operation, a.Err)
		}
	}
}

func TestAccessThatIsDeniedNamesWhatToAllow(t *testing.T) {
	environment(t)
	c := client(t, modeDryRun, always(403, errorBody("UnauthorizedOperation", "no")))
	for _, a := range append(c.ReadAccess(t.Context()), c.ChangeAccess(t.Context(), "nat-1")...) {
		if inventory.FaultClass(a.Err) != inventory.ClassUnauthorized || !strings.Contains(a.Err.Error(), "allow ec2:"+a.Operation) {
			t.Errorf("%s: %v", a.Operation, a.Err)
		}
	}
}

func TestTheSkewIsReadFromTheAnswersDate(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{-7 * time.Minute, 0, 7 * time.Minute} {
			dated := roundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 412, Header: http.Header{"Date": {time.Now().Add(ahead).UTC().Format(http.TimeFormat)}},
					Body: io.NopCloser(strings.NewReader(errorBody("DryRunOperation", "")))}, nil
			})
			for _, a := range client(t, modeObserve, dated).ReadAccess(t.Context()) {
				if !a.Known || (a.Skew-ahead).Abs() > time.Second {
					t.Errorf("%s: a skew of %s is read as %s (known: %v)", a.Operation, ahead, a.Skew, a.Known)
				}
			}
		}
	})
	if a := client(t, modeObserve, always(412, errorBody("DryRunOperation", ""))).ReadAccess(t.Context())[0]; a.Known {
		t.Errorf("an answer without a date has a skew of %s", a.Skew)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// aws is STS and IAM in one, for the environment.
func awsAt(t *testing.T, answer func(form url.Values) (int, string)) {
	t.Helper()
	environment(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "Credential=AKIDEXAMPLE/") {
			t.Errorf("the request is not signed: %q", r.Header.Get("Authorization"))
		}
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		status, body := answer(r.Form)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
}

func TestStsSaysWhoTheCredentialsAre(t *testing.T) {
	awsAt(t, func(form url.Values) (int, string) {
		return 200, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
			<Arn>arn:aws-cn:sts::123456789012:assumed-role/sluice/i-1</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	})
	who, err := Identify(t.Context(), Config{})
	if want := (Identity{"aws-cn", "us-east-1", "123456789012", "arn:aws-cn:sts::123456789012:assumed-role/sluice/i-1"}); err != nil || who != want {
		t.Errorf("%+v, %v", who, err)
	}
	awsAt(t, func(url.Values) (int, string) {
		return 403, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>`
	})
	if _, err := Identify(t.Context(), Config{}); err == nil || err.Error() != "STS: ExpiredToken: old" {
		t.Errorf("expired: %v", err)
	}
}

func TestCredentialsOfAnotherEndpointAreNotShownToAws(t *testing.T) {
	environment(t)
	cfg := Config{Endpoint: "http://127.0.0.1:9"}
	if _, err := Identify(t.Context(), cfg); !errors.Is(err, ErrElsewhere) {
		t.Errorf("STS: %v", err)
	}
	who := Identity{Partition: "aws", ARN: "arn:aws:iam::123456789012:user/ada"}
	if _, err := SimulatePolicy(t.Context(), cfg, who, []string{"X"}, nil); !errors.Is(err, ErrElsewhere) {
		t.Errorf("IAM: %v", err)
	}
}

func TestIamIsAskedForTheRoleOfASession(t *testing.T) {
	for _, c := range []struct{ name, role, principal, source string }{
		{"a user", "", "arn:aws:iam::123456789012:user/x/ada", "arn:aws:iam::123456789012:user/x/ada"},
		{"a session", "", "arn:aws:sts::123456789012:assumed-role/sluice/i-0", "arn:aws:iam::123456789012:role/sluice"},
		{"a role with a path, which its sessions do not show", "arn:aws:iam::123456789012:role/net/sluice",
			"arn:aws:sts::123456789012:assumed-role/sluice/i-0", "arn:aws:iam::123456789012:role/net/sluice"},
		{"the account itself", "", "arn:aws:iam::123456789012:root", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var form url.Values
			awsAt(t, func(f url.Values) (int, string) {
				form = f
				return 200, `<SimulatePrincipalPolicyResponse xmlns="x"><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>
					<member><EvalActionName>ec2:A</EvalActionName><EvalResourceName>arn:1</EvalResourceName><EvalDecision>allowed</EvalDecision></member>
					<member><EvalActionName>ec2:B</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>explicitDeny</EvalDecision>
						<ResourceSpecificResults><member><EvalResourceName>arn:1</EvalResourceName><EvalResourceDecision>explicitDeny</EvalResourceDecision></member></ResourceSpecificResults></member>
					</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`
			})
			who := Identity{Partition: "aws", ARN: c.principal}
			got, err := SimulatePolicy(t.Context(), Config{RoleARN: ""}, who, []string{"A", "B"}, []string{"arn:1"})
			if c.role != "" { // to assume it would need another STS
				source, e := policySource(Config{RoleARN: c.role}, who)
				if e != nil || source != c.source {
					t.Errorf("asked for %s, %v", source, e)
				}
				return
			}
			if c.source == "" {
				if err == nil || form != nil {
					t.Errorf("%v was asked: %v", form, err)
				}
				return
			}
			if err != nil || len(got) != 2 || got[0] != (Decision{"A", "arn:1", true}) || got[1] != (Decision{"B", "arn:1", false}) {
				t.Errorf("%+v, %v", got, err)
			}
			if form.Get("PolicySourceArn") != c.source || form.Get("ActionNames.member.2") != "ec2:B" || form.Get("ResourceArns.member.1") != "arn:1" {
				t.Errorf("sent %s", form.Encode())
			}
		})
	}
}

func TestWhatIamDoesNotSayIsNotADenial(t *testing.T) {
	who := Identity{Partition: "aws", ARN: "arn:aws:iam::123456789012:user/ada"}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"it may not be asked", 403, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`, "IAM: AccessDenied: no"},
		{"a proxy's page", 200, `<html/>`, "cannot be read"},
		{"a proxy's error", 502, `oops`, "IAM: 502 Bad Gateway"},
		{"half of an answer", 200, `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>true</IsTruncated></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`, "not whole"},
	} {
		t.Run(c.name, func(t *testing.T) {
			awsAt(t, func(url.Values) (int, string) { return c.status, c.body })
			if got, err := SimulatePolicy(t.Context(), Config{}, who, []string{"A"}, []string{"arn:1"}); err == nil || len(got) > 0 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	environment(t)
	who.Partition = "aws-iso"
	if _, err := SimulatePolicy(t.Context(), Config{}, who, []string{"A"}, nil); err == nil || !strings.Contains(err.Error(), "AWS_ENDPOINT_URL_IAM") {
		t.Errorf("an unknown partition: %v", err)
	}
}
