package ec2

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// iamHome is where IAM is asked: it has one endpoint in a partition.
var iamHome = map[string]struct{ endpoint, region string }{
	"aws":        {"https://iam.amazonaws.com", "us-east-1"},
	"aws-cn":     {"https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"},
	"aws-us-gov": {"https://iam.us-gov.amazonaws.com", "us-gov-west-1"},
}

// Decision is what IAM says of one operation on one resource.
type Decision struct {
	Operation string // without ec2:
	Resource  string // its ARN
	Allowed   bool
}

// SimulatePolicy asks IAM whether who may make calls on resources, given by their
// ARNs. That needs iam:SimulatePrincipalPolicy, which many principals do not have: an
// error says that nothing is known, and never that something is denied. What bounds
// an organisation or a session counts only as far as IAM simulates it.
//
// The request is one form, signed with the SDK's own signer: the client of all of IAM
// would add a megabyte to the program.
func SimulatePolicy(ctx context.Context, cfg Config, who Identity, operations, resources []string) ([]Decision, error) {
	loaded, err := cfg.ready(ctx)
	if err != nil {
		return nil, err
	}
	source, err := policySource(cfg, who)
	if err != nil {
		return nil, err
	}
	home, known := iamHome[who.Partition]
	for _, own := range []string{os.Getenv("AWS_ENDPOINT_URL_IAM"), aws.ToString(loaded.BaseEndpoint)} {
		if own != "" {
			home.endpoint, known = own, true
			break
		}
	}
	switch {
	case !known:
		return nil, fmt.Errorf("where IAM of partition %s is asked is not known; set AWS_ENDPOINT_URL_IAM", cut(who.Partition))
	case !ofAWS(cfg.Endpoint) && ofAWS(home.endpoint):
		return nil, ErrElsewhere
	}
	form := url.Values{"Action": {"SimulatePrincipalPolicy"}, "Version": {"2010-05-08"}, "PolicySourceArn": {source}, "MaxItems": {"1000"}}
	for i, name := range operations {
		form.Set(fmt.Sprintf("ActionNames.member.%d", i+1), "ec2:"+name)
	}
	for i, name := range resources {
		form.Set(fmt.Sprintf("ResourceArns.member.%d", i+1), name)
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.CallTimeout)
	defer cancel()
	answer, err := post(ctx, loaded, home.endpoint, home.region, form.Encode())
	if err != nil {
		return nil, err
	}
	return readDecisions(answer)
}

// policySource is the principal that has the policies: of a session, its role.
func policySource(cfg Config, who Identity) (string, error) {
	if cfg.RoleARN != "" {
		return cfg.RoleARN, nil
	}
	a, err := arn.Parse(who.ARN)
	if err != nil {
		return "", fmt.Errorf("the principal %q cannot be read", cut(who.ARN))
	}
	kind, name, _ := strings.Cut(a.Resource, "/")
	switch kind {
	case "user":
		return who.ARN, nil
	case "assumed-role": // the path of a role, where it has one, is not in its sessions' names
		name, _, _ = strings.Cut(name, "/")
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", a.Partition, a.AccountID, name), nil
	}
	return "", fmt.Errorf("%s is neither a user nor a role", cut(who.ARN))
}

// post sends one signed form to IAM.
func post(ctx context.Context, cfg aws.Config, endpoint, region, form string) ([]byte, error) {
	keys, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("no usable AWS credentials (%s)", cut(err.Error()))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(endpoint, "/")+"/", strings.NewReader(form))
	if err != nil {
		return nil, errors.New("the endpoint of IAM is not an URL")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(form))
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "iam", region, time.Now()); err != nil {
		return nil, fmt.Errorf("IAM: the request cannot be signed: %s", cut(err.Error()))
	}
	resp, err := cfg.HTTPClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("IAM: %s", cut(err.Error()))
	}
	defer resp.Body.Close()
	const most = 4 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("IAM: %s", cut(err.Error()))
	case len(body) > most:
		return nil, fmt.Errorf("IAM: the answer is larger than %d MiB", most>>20)
	case resp.StatusCode != http.StatusOK:
		var refused struct {
			Code    string `xml:"Error>Code"`
			Message string `xml:"Error>Message"`
		}
		if xml.Unmarshal(body, &refused) != nil || refused.Code == "" {
			refused.Code = resp.Status
		}
		return nil, fmt.Errorf("IAM: %s", cut(strings.TrimSuffix(refused.Code+": "+refused.Message, ": ")))
	}
	return body, nil
}

// readDecisions reads IAM's answer (SimulatePrincipalPolicy: EvaluationResults). Of an
// operation on several resources the decision of each counts, not the summary. An
// answer that goes on, or is empty, is an error: half of one decides nothing.
func readDecisions(answer []byte) ([]Decision, error) {
	var read struct {
		XMLName xml.Name `xml:"SimulatePrincipalPolicyResponse"`
		More    bool     `xml:"SimulatePrincipalPolicyResult>IsTruncated"`
		Results []struct {
			Action   string `xml:"EvalActionName"`
			Resource string `xml:"EvalResourceName"`
			Decision string `xml:"EvalDecision"`
			Each     []struct {
				Resource string `xml:"EvalResourceName"`
				Decision string `xml:"EvalResourceDecision"`
			} `xml:"ResourceSpecificResults>member"`
		} `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
	}
	if err := xml.NewDecoder(bytes.NewReader(answer)).Decode(&read); err != nil {
		return nil, fmt.Errorf("IAM: the answer cannot be read: %s", cut(err.Error()))
	}
	if read.More || len(read.Results) == 0 {
		return nil, errors.New("IAM: the answer is not whole")
	}
	var list []Decision
	for _, r := range read.Results {
		name := strings.TrimPrefix(r.Action, "ec2:")
		if len(r.Each) == 0 {
			list = append(list, Decision{name, r.Resource, r.Decision == "allowed"})
		}
		for _, e := range r.Each {
			list = append(list, Decision{name, e.Resource, e.Decision == "allowed"})
		}
	}
	return list, nil
}
