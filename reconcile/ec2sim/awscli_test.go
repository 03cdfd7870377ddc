package ec2sim

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestTheAWSCLIIsAClient runs the real AWS CLI against the simulator.
func TestTheAWSCLIIsAClient(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the AWS CLI takes about a second a call; -short leaves it out")
	}
	cli, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI (aws) is not installed")
	}
	s := New(quickstart(t), Options{Speed: 1e6})
	server := httptest.NewServer(s)
	defer server.Close()
	// run returns the CLI's JSON, or what it says of an error.
	run := func(args ...string) (any, string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, cli, append([]string{"--endpoint-url", server.URL, "--output", "json", "ec2"}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_PAGER=", "AWS_ACCESS_KEY_ID=AKIACLI", "AWS_SECRET_ACCESS_KEY=secret",
			"AWS_DEFAULT_REGION=us-east-1", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true", "PYENV_VERSION=" + os.Getenv("PYENV_VERSION"), "PYENV_ROOT=" + os.Getenv("PYENV_ROOT")}
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			return nil, stderr.String()
		}
		var v any
		if stdout.Len() > 0 {
			if err := json.Unmarshal([]byte(stdout.String()), &v); err != nil {
				t.Fatalf("%v in %s", err, stdout.String())
			}
		}
		return v, ""
	}
	eni := derivedID("eni-", egressA)
	cases := []struct {
		name string
		args string
		want string // JSON, or part of the error's text
	}{
		{"a dry-run of a drain", "unassign-private-nat-gateway-address --nat-gateway-id nat-0ee3edd182361f662 --private-ip-addresses 10.0.1.20 --max-drain-duration-seconds 60 --dry-run",
			"An error occurred (DryRunOperation) when calling the UnassignPrivateNatGatewayAddress operation: Request would have succeeded, but DryRun flag is set."},
		{"an assignment", "assign-private-nat-gateway-address --nat-gateway-id nat-0ee3edd182361f662 --private-ip-addresses 10.0.1.30",
			`{"NatGatewayId": "nat-0ee3edd182361f662", "NatGatewayAddresses": [{"NetworkInterfaceId": "` + eni + `", "PrivateIp": "10.0.1.30", "IsPrimary": false, "Status": "assigning"}]}`},
		{"a drain", "unassign-private-nat-gateway-address --nat-gateway-id nat-0ee3edd182361f662 --private-ip-addresses 10.0.1.20 --max-drain-duration-seconds 60",
			`{"NatGatewayId": "nat-0ee3edd182361f662", "NatGatewayAddresses": [{"NetworkInterfaceId": "` + eni + `", "PrivateIp": "10.0.1.20", "IsPrimary": false, "Status": "unassigning"}]}`},
		{"the gateways, after the drain", "describe-nat-gateways --filter Name=tag:Name,Values=egress-a --query NatGateways[].[State,ConnectivityType,VpcId,SubnetId,Tags[0].Value,NatGatewayAddresses[].[PrivateIp,IsPrimary,Status]]",
			`[["available","private","vpc-0123456789abcdef0","subnet-0a1b2c3d4e5f60001","egress-a",[["10.0.1.10",true,"succeeded"],["10.0.1.21",false,"succeeded"],["10.0.1.30",false,"succeeded"]]]]`},
		{"no gateway", "describe-nat-gateways --filter Name=state,Values=deleted", `{"NatGateways": []}`},
		{"pages of the CLI", "describe-nat-gateways --page-size 5 --max-items 1 --query NatGateways[].NatGatewayId", `["nat-0b7c1d2e3f4a5b6c7"]`},
		{"an address on an interface", "assign-private-ip-addresses --network-interface-id eni-0065a61b324d1897a --private-ip-addresses 10.0.2.31",
			`{"NetworkInterfaceId": "eni-0065a61b324d1897a", "AssignedPrivateIpAddresses": [{"PrivateIpAddress": "10.0.2.31"}], "AssignedIpv4Prefixes": []}`},
		{"a prefix on an interface", "assign-private-ip-addresses --network-interface-id eni-0065a61b324d1897a --ipv4-prefix-count 1 --query AssignedIpv4Prefixes", `[{"Ipv4Prefix": "10.0.2.32/28"}]`},
		{"an address away from an interface", "unassign-private-ip-addresses --network-interface-id eni-0065a61b324d1897a --private-ip-addresses 10.0.2.30", `null`},
		{"the interfaces", "describe-network-interfaces --filters Name=interface-type,Values=interface Name=tag:Name,Values=vip-* --query NetworkInterfaces[].[NetworkInterfaceId,Status,RequesterManaged,Operator.Managed,PrivateIpAddresses[].[PrivateIpAddress,Primary],Ipv4Prefixes]",
			`[["eni-0065a61b324d1897a","in-use",false,false,[["10.0.2.100",true],["10.0.2.31",false]],[{"Ipv4Prefix":"10.0.2.32/28"}]]]`},
		{"the subnets", "describe-subnets --subnet-ids subnet-0a1b2c3d4e5f60002 --query Subnets[].[CidrBlock,AvailableIpAddressCount,AvailabilityZone]", `[["10.0.2.0/24",231,"us-east-1b"]]`},
		{"the reservations", "get-subnet-cidr-reservations --subnet-id subnet-0a1b2c3d4e5f60001 --query SubnetIpv4CidrReservations[].[Cidr,ReservationType]", `[["10.0.1.240/28","explicit"]]`},
		{"a new gateway", "create-nat-gateway --connectivity-type private --subnet-id subnet-0a1b2c3d4e5f60001 --client-token t1 --tag-specifications ResourceType=natgateway,Tags=[{Key=made,Value=cli}] --query [ClientToken,NatGateway.[State,SubnetId,ConnectivityType,NatGatewayAddresses[0].IsPrimary,Tags]]",
			`["t1",["pending","subnet-0a1b2c3d4e5f60001","private",true,[{"Key":"made","Value":"cli"}]]]`},
		{"the new gateway, a moment later", "describe-nat-gateways --filter Name=tag:made,Values=cli --query NatGateways[].State", `["available"]`},
		{"a public gateway", "create-nat-gateway --subnet-id subnet-0a1b2c3d4e5f60001 --connectivity-type public --allocation-id eipalloc-1", "(UnsupportedOperation)"},
		{"a new interface", "create-network-interface --subnet-id subnet-0a1b2c3d4e5f60001 --description new --tag-specifications ResourceType=network-interface,Tags=[{Key=made,Value=cli}] --query NetworkInterface.[Status,Description,TagSet]",
			`["available","new",[{"Key":"made","Value":"cli"}]]`},
		{"tags", "create-tags --resources eni-0065a61b324d1897a --tags Key=made,Value=too", `null`},
		{"what has the tag", "describe-network-interfaces --filters Name=tag-key,Values=made --query NetworkInterfaces[].TagSet[?Key=='made'][].Value", `["too","cli"]`},
		{"an interface in use is deleted", "delete-network-interface --network-interface-id eni-0065a61b324d1897a", "(InvalidParameterValue)"},
		{"a gateway is deleted", "delete-nat-gateway --nat-gateway-id nat-0b7c1d2e3f4a5b6c7", `{"NatGatewayId": "nat-0b7c1d2e3f4a5b6c7"}`},
		{"the gateway that was deleted", "describe-nat-gateways --nat-gateway-ids nat-0b7c1d2e3f4a5b6c7 --query NatGateways[].State", `["deleted"]`},
		{"a gateway that is not there", "describe-nat-gateways --nat-gateway-ids nat-00000000000000000", "(NatGatewayNotFound)"},
	}
	for _, c := range cases {
		got, said := run(strings.Fields(c.args)...)
		var want any
		if json.Unmarshal([]byte(c.want), &want) != nil {
			if !strings.Contains(said, c.want) {
				t.Errorf("%s: got %v %q, want %q", c.name, got, said, c.want)
			}
			continue
		}
		if said != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v %q\nwant %v", c.name, got, said, want)
		}
	}
	if c := s.Calls()[0]; c.Principal != "AKIACLI" || !c.DryRun || c.Effect || c.Parameters.Get("MaxDrainDurationSeconds") != "60" {
		t.Errorf("the log of the dry-run says %+v", c)
	}
}
