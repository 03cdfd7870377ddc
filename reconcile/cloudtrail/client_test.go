package cloudtrail_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/seed-6ca89210/sluice/reconcile/cloudtrail"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

const world = `
apiVersion: sluice/v1
kind: World
cloudTrail: {enabled: true, lag: 5m}
subnets: [{id: subnet-0123456789abcdef0, vpcId: vpc-0123456789abcdef0, cidr: 10.0.1.0/24}]
networkInterfaces:
  - {id: eni-0123456789abcdef0, subnetId: subnet-0123456789abcdef0, primary: 10.0.1.200}
`

func simulator(t *testing.T, world string) (*ec2sim.Server, *cloudtrail.Client) {
	t.Helper()
	w, err := ec2sim.ParseWorld("world.yaml", []byte(world))
	if err != nil {
		t.Fatal(err)
	}
	sim := ec2sim.New(w, ec2sim.Options{})
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("auditor", "secret", "")}
	return sim, cloudtrail.New(cfg, cloudtrail.Options{Endpoint: "http://sim", Transport: sim.Transport()})
}

// call makes a call of EC2 as a user.
func call(t *testing.T, sim *ec2sim.Server, user, action, ip string) {
	t.Helper()
	form := url.Values{"Action": {action}, "NetworkInterfaceId": {"eni-0123456789abcdef0"}, "PrivateIpAddress.1": {ip}}
	req, _ := http.NewRequest(http.MethodPost, "http://sim/", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+user+"/20261122/us-east-1/ec2/aws4_request")
	if _, err := sim.Transport().RoundTrip(req); err != nil {
		t.Fatal(err)
	}
}

func query(since time.Time) inventory.TrailQuery {
	return inventory.TrailQuery{ResourceID: "eni-0123456789abcdef0", Since: since.Add(-time.Minute), Until: time.Now()}
}

func TestACallShowsOnceCloudTrailHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := simulator(t, world)
		start := time.Now()
		call(t, sim, "mallory", "AssignPrivateIpAddresses", "10.0.1.20")
		time.Sleep(time.Minute)
		if list, err := client.Calls(t.Context(), query(start)); err != nil || len(list) != 0 {
			t.Fatalf("too early: %+v %v", list, err)
		}
		time.Sleep(5 * time.Minute)
		for name, q := range map[string]inventory.TrailQuery{
			"by resource":  query(start),
			"by operation": {Operation: "AssignPrivateIpAddresses", Since: start.Add(-time.Minute), Until: time.Now()},
		} {
			list, err := client.Calls(t.Context(), q)
			if err != nil || len(list) != 1 || list[0].Principal != "arn:aws:iam::123456789012:user/mallory" || !list[0].Names("10.0.1.20") || list[0].Failed {
				t.Errorf("%s: %+v %v", name, list, err)
			}
		}
		q := query(start)
		q.Until = start.Add(-time.Second)
		if list, err := client.Calls(t.Context(), q); err != nil || len(list) != 0 {
			t.Errorf("outside the span: %+v %v", list, err)
		}
	})
}

func TestLookupsAreOneASecondAndTwoPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := simulator(t, world)
		start := time.Now()
		for i := range 120 {
			call(t, sim, "mallory", "AssignPrivateIpAddresses", fmt.Sprintf("10.0.1.%d", 20+i%20))
			time.Sleep(time.Second)
		}
		time.Sleep(10 * time.Minute)
		begun := time.Now()
		for range 5 {
			list, err := client.Calls(t.Context(), query(start))
			if err != nil || len(list) != 100 || !list[0].Time.After(list[99].Time) {
				t.Fatalf("%d events, %v", len(list), err)
			}
		}
		if took := time.Since(begun); took < 9*time.Second || took > 10*time.Second {
			t.Errorf("ten lookups took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := client.Calls(ctx, query(start)); err == nil {
			t.Error("a lookup beyond the rate was made")
		}
	})
}

func TestARefusalSaysWhetherAPermissionIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		world string
		class inventory.Class
	}{
		"no permission":          {world + `denied: [{accessKeyId: auditor, actions: [LookupEvents]}]`, inventory.ClassUnauthorized},
		"no CloudTrail":          {strings.Replace(world, "enabled: true", "enabled: false", 1), inventory.ClassRefused},
		"nothing at the address": {"", inventory.ClassLost},
	} {
		t.Run(name, func(t *testing.T) {
			client := cloudtrail.New(aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("auditor", "secret", "")},
				cloudtrail.Options{Endpoint: "http://127.0.0.1:1"})
			if c.world != "" {
				_, client = simulator(t, c.world)
			}
			_, err := client.Calls(t.Context(), query(time.Now()))
			if inventory.FaultClass(err) != c.class || err == nil {
				t.Errorf("%v, class %s", err, inventory.FaultClass(err))
			}
		})
	}
}
