package ec2sim

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// Two actions are not EC2's: STS and IAM speak the same protocol, and a client whose
// AWS_ENDPOINT_URL is the simulator asks it these too.
const (
	identityAction = "GetCallerIdentity"
	simulateAction = "SimulatePrincipalPolicy"

	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	iamNamespace = "https://iam.amazonaws.com/doc/2010-05-08/"
)

// namespaceOf is the XML namespace of an action's answer.
func namespaceOf(action string) string {
	switch action {
	case identityAction:
		return stsNamespace
	case simulateAction:
		return iamNamespace
	}
	return namespace
}

// metadata is where STS and IAM put the request's id.
type metadata struct {
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

func (m *metadata) stamp(id string) { m.RequestID = id }

type identityReply struct {
	Arn     string `xml:"GetCallerIdentityResult>Arn"`
	UserID  string `xml:"GetCallerIdentityResult>UserId"`
	Account string `xml:"GetCallerIdentityResult>Account"`
	metadata
}

// user is the ARN of a principal: every access key is a user of that name.
func (w *World) user(principal string) string {
	return fmt.Sprintf("arn:aws:iam::%s:user/%s", w.Account, principal)
}

// getCallerIdentity is STS's GetCallerIdentity. It needs no permission.
func getCallerIdentity(c *exchange) (reply, *failure) {
	who := c.call.Principal
	return &identityReply{Arn: c.world.user(who), UserID: who, Account: c.world.Account}, nil
}

type simulateReply struct {
	Truncated bool             `xml:"SimulatePrincipalPolicyResult>IsTruncated"`
	Results   []evaluationItem `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
	metadata
}

type evaluationItem struct {
	Action   string `xml:"EvalActionName"`
	Resource string `xml:"EvalResourceName"`
	Decision string `xml:"EvalDecision"`
}

// simulatePrincipalPolicy is IAM's SimulatePrincipalPolicy, for a world that offers it:
// most principals may not ask.
func simulatePrincipalPolicy(c *exchange) (reply, *failure) {
	if !c.world.SimulatesPolicy {
		return nil, &failure{status: 403, code: "AccessDenied", message: fmt.Sprintf("User: %s is not authorized to perform: iam:%s", c.world.user(c.call.Principal), simulateAction)}
	}
	source, found := strings.CutPrefix(c.p.one("PolicySourceArn"), c.world.user(""))
	if !found {
		return nil, &failure{status: 404, code: "NoSuchEntity", message: "The principal of PolicySourceArn does not exist"}
	}
	resources := c.p.list("ResourceArns.member")
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	out := &simulateReply{}
	for _, name := range c.p.list("ActionNames.member") {
		for _, resource := range resources {
			item := evaluationItem{name, resource, "allowed"}
			if action, ec2 := strings.CutPrefix(name, "ec2:"); !ec2 || c.world.denies(source, action) {
				item.Decision = "implicitDeny"
			}
			out.Results = append(out.Results, item)
		}
	}
	return out, nil
}

// otherErrorBody is an error answer of STS and IAM.
type otherErrorBody struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// errorOf is the body of an error answer, in the form of the service that is asked.
func errorOf(action string, out outcome) any {
	if !slices.Contains([]string{identityAction, simulateAction}, action) {
		return errorBody{Code: out.fail.code, Message: out.fail.message, RequestID: out.id}
	}
	return otherErrorBody{Type: "Sender", Code: out.fail.code, Message: out.fail.message, RequestID: out.id}
}
