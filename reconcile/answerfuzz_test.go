package reconcile_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// answering is the simulator but for one read, which is answered with body.
type answering struct {
	simulator http.RoundTripper
	body      string
}

func (a *answering) RoundTrip(req *http.Request) (*http.Response, error) {
	form, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if values, _ := url.ParseQuery(string(form)); values.Get("Action") == "DescribeNatGateways" {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: req}, nil
	}
	req.Body = io.NopCloser(strings.NewReader(string(form)))
	return a.simulator.RoundTrip(req)
}

// renewed is a client that can be replaced: a new one has all tokens of EC2's rates.
type renewed struct{ *ec2.Client }

func (r *renewed) renew(t testing.TB, wire http.RoundTripper) {
	var err error
	if r.Client, err = ec2.New(t.Context(), ec2.Config{Target: "default", Region: "us-east-1", Mode: "observe", Transport: wire}); err != nil {
		t.Fatal(err)
	}
}

// primaries are the addresses that an answer calls primary, by a reader of its own, and how
// many rows say so.
func primaries(body string) (ips []string, rows int) {
	dec := xml.NewDecoder(strings.NewReader(body))
	var path []string
	ip, primary := "", ""
	for {
		token, err := dec.Token()
		if err != nil {
			return ips, rows
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, strings.ToLower(token.Name.Local))
			if len(path) == 5 {
				ip, primary = "", ""
			}
		case xml.CharData:
			switch strings.Join(path, "/") {
			case "describenatgatewaysresponse/natgatewayset/item/natgatewayaddressset/item/privateip":
				ip += string(token)
			case "describenatgatewaysresponse/natgatewayset/item/natgatewayaddressset/item/isprimary":
				primary += string(token)
			}
		case xml.EndElement:
			if len(path) == 5 && slices.Contains([]string{"true", "1", "t"}, strings.ToLower(strings.TrimSpace(primary))) {
				ips, rows = append(ips, strings.TrimSpace(ip)), rows+1
			}
			path = path[:len(path)-1]
		}
	}
}

// FuzzPlanOfAnyGateways plans and judges whatever EC2 may list, under a spec that wants
// nothing of it to stay: no removal that may go ahead names an address that any row calls primary,
// there is none where no row or several do, and none of a gateway with something in transition.
func FuzzPlanOfAnyGateways(f *testing.F) {
	f.Setenv("AWS_ACCESS_KEY_ID", "test")
	f.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	f.Setenv("AWS_CONFIG_FILE", filepath.Join(f.TempDir(), "none"))
	w, err := ec2sim.ParseWorld("world.yaml", []byte(world("10.0.1.20", "10.0.1.21")))
	if err != nil {
		f.Fatal(err)
	}
	throttling := false
	w.Throttling = &throttling
	wire := &answering{simulator: ec2sim.New(w, ec2sim.Options{}).Transport()}
	client := &renewed{}
	specs := &memory{}
	specs.commit(gateway("10.0.1.99"))
	loop, err := reconcile.New(reconcile.Config{
		Mode: reconcile.Apply, LookOnly: true, Specs: specs, Budget: judge.Budget{Removals: 1000, Percent: 100},
		Targets: map[string]reconcile.Target{"default": {EC2: client}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = loop.Close() })
	captured, err := os.ReadFile("ec2/testdata/answers/DescribeNatGateways.xml")
	if err != nil {
		f.Fatal(err)
	}
	seed := strings.NewReplacer("nat-0ee3edd182361f662", gatewayID, "10.0.1.21", "10.0.1.99", "subnet-0a1b2c3d4e5f60001", "subnet-0123456789abcdef0").Replace(string(captured))
	f.Add(seed)
	f.Add(strings.ReplaceAll(seed, "<isPrimary>false", "<isPrimary>true"))
	f.Add(strings.ReplaceAll(seed, "<isPrimary>true", "<isPrimary>false"))
	f.Add(strings.ReplaceAll(seed, "<isPrimary>true</isPrimary>", ""))
	f.Add(strings.Replace(seed, "<status>succeeded", "<status>unassigning", 1))
	f.Add(strings.Replace(seed, "nat-0b7c1d2e3f4a5b6c7", gatewayID, 1)) // listed twice
	f.Add(seed[:len(seed)/2])
	f.Fuzz(func(t *testing.T, body string) {
		wire.body = body
		client.renew(t, wire)
		turn, err := loop.Once(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		named, rows := primaries(body)
		for _, r := range turn.Plan().Resources {
			if r.State != plan.Pending {
				continue
			}
			for _, wave := range r.Waves {
				for _, a := range wave {
					if a.Verb != inventory.VerbUnassign {
						continue
					}
					if rows == 0 {
						t.Errorf("%s, and no address is called primary", a)
					}
					for _, ip := range a.Addresses {
						if slices.Contains(named, ip.String()) {
							t.Errorf("%s, which is called primary", a)
						}
					}
				}
			}
			if strings.Contains(body, ">unassigning<") && !strings.Contains(body, "succeeded") {
				t.Errorf("%s is pending while it drains", r.ID)
			}
		}
	})
}
