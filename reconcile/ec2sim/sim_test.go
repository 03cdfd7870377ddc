package ec2sim

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

const (
	egressA = "nat-0ee3edd182361f662"
	egressB = "nat-0b7c1d2e3f4a5b6c7"
	vipDB   = "eni-0065a61b324d1897a"
	subnetA = "subnet-0a1b2c3d4e5f60001"
	subnetB = "subnet-0a1b2c3d4e5f60002"
)

// quickstart is the world that every part of sluice uses as its example.
func quickstart(t testing.TB) World {
	t.Helper()
	const file = "../../examples/quickstart/world.yaml"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ParseWorld(file, data)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// answered is what a client sees of one call.
type answered struct {
	status int
	code   string // of an error
	body   string
	err    error // no answer at all
}

// ask makes a signed call through the socketless transport. pairs are names and
// values of parameters.
func ask(s *Server, action string, pairs ...string) answered {
	return askAs(s, "AKIAEXAMPLE", action, pairs...)
}

func askAs(s *Server, key, action string, pairs ...string) answered {
	form := url.Values{"Action": {action}, "Version": {"2016-11-15"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, "http://ec2.test/", strings.NewReader(form.Encode()))
	if err != nil {
		return answered{err: err}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if key != "" {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=00")
	}
	return send(s, r)
}

func send(s *Server, r *http.Request) answered {
	resp, err := (&http.Client{Transport: s.Transport()}).Do(r)
	if err != nil {
		return answered{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	a := answered{status: resp.StatusCode, body: string(body), err: err}
	if codes := a.texts("Errors/Error/Code"); len(codes) == 1 {
		a.code = codes[0]
	}
	return a
}

// texts returns the text of every element at a path below the root, in order. It
// reads the XML by itself, so that it does not share a mistake with the encoder.
func (a answered) texts(at string) []string {
	var list, stack []string
	var text strings.Builder
	dec := xml.NewDecoder(strings.NewReader(a.body))
	for {
		token, err := dec.Token()
		if err != nil {
			return list
		}
		switch token := token.(type) {
		case xml.StartElement:
			stack = append(stack, token.Name.Local)
			text.Reset()
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			if strings.Join(stack[1:], "/") == at {
				list = append(list, text.String())
			}
			stack = stack[:len(stack)-1]
		}
	}
}

// rows returns ip=status of every address in a gateway's answer.
func (a answered) rows(at string) string {
	ips, statuses := a.texts(at+"/privateIp"), a.texts(at+"/status")
	var rows []string
	for i := range ips {
		rows = append(rows, ips[i]+"="+statuses[i])
	}
	return strings.Join(rows, " ")
}

// gateway returns what DescribeNatGateways says of one gateway's addresses.
func gateway(s *Server, id string) string {
	return ask(s, "DescribeNatGateways", "NatGatewayId.1", id).rows("natGatewaySet/item/natGatewayAddressSet/item")
}

func mustOK(t testing.TB, a answered) answered {
	t.Helper()
	if a.err != nil || a.status != http.StatusOK {
		t.Fatalf("want a success, got %d %s %v\n%s", a.status, a.code, a.err, a.body)
	}
	return a
}

func mustFail(t testing.TB, a answered, status int, code string) {
	t.Helper()
	if a.err != nil || a.status != status || a.code != code {
		t.Fatalf("want %d %s, got %d %s %v\n%s", status, code, a.status, a.code, a.err, a.body)
	}
}
