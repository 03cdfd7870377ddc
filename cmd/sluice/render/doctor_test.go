package render

import (
	"bytes"
	"testing"
)

func sampleCheckup() Checkup {
	return NewCheckup([]Check{
		{Name: "configuration", Subject: "sluice.yaml", State: CheckOK, Said: "mode apply, 2 targets"},
		{Name: "git", Subject: "https://git.example.com/net/addresses", State: CheckFail, Said: "unreachable: 401", Do: "check url, ref, path and auth of this source, and whether this machine reaches the server"},
		{Name: "credentials", Subject: "prod-use1", State: CheckOK, Said: "arn:aws:sts::123456789012:assumed-role/sluice/i-1, account 123456789012, us-east-1"},
		{Name: "action", Subject: "prod-use1", State: CheckOK, Said: "DescribeNatGateways"},
		{Name: "action", Subject: "prod-use1", State: CheckOK, Said: "DescribeSubnets"},
		{Name: "action", Subject: "prod-use1", State: CheckFail, Said: "GetSubnetCidrReservations is denied", Do: "allow ec2:GetSubnetCidrReservations"},
		{Name: "action", Subject: "prod-use1", State: CheckOK, Said: "AssignPrivateNatGatewayAddress on nat-0ee3edd182361f662"},
		{Name: "action", Subject: "prod-euc1", State: CheckOK, Said: "DescribeNatGateways"},
		{Name: "clock", Subject: "prod-use1", State: CheckWarn, Said: "ours is 1m20s behind EC2's", Do: "set this machine's clock"},
		{Name: "history", Subject: "/var/lib/sluice/history.db", State: CheckOK, Said: "12 records\x1b[31m, the chain is whole"},
	})
}

func TestACheckupIsAsInTheGoldenFiles(t *testing.T) {
	for name, colour := range map[string]bool{"doctor": false, "doctor.colour": true} {
		var b bytes.Buffer
		if err := styled(&b, colour, 80).Checkup(sampleCheckup()); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
	var b bytes.Buffer
	if err := CheckupJSON(&b, sampleCheckup()); err != nil {
		t.Fatal(err)
	}
	golden(t, "doctor-json", b.Bytes())
}
