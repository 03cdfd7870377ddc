package spec

import (
	"strings"
	"testing"
)

func TestASuspendAsksForNothing(t *testing.T) {
	plain := strings.Replace(networkInterface, "Name: vip-db}", "Name: \"a<b>&c\"}", 1)
	suspended := plain + "  suspend: {until: 2027-03-01T19:00:00+01:00, reason: a move, owner: net@example.com}\n"
	set := Parse([]File{{"a.yaml", []byte(plain)}, {"b.yaml", []byte(strings.ReplaceAll(suspended, "name: vip-db", "name: other"))}})
	a, b := set.Documents[0], set.Documents[1]
	if a.Suspend != nil || b.Suspend == nil || b.Suspend.Until.Format("15:04 MST") != "18:00 UTC" || b.Suspend.Reason != "a move" || b.Suspend.Owner != "net@example.com" {
		t.Fatalf("%+v, %+v", a.Suspend, b.Suspend)
	}
	if string(a.Asks()) != string(b.Asks()) || !strings.Contains(string(a.Asks()), "a<b>&c") || strings.Contains(string(b.JSON), "until") == strings.Contains(string(b.Asks()), "until") {
		t.Errorf("%s\n%s", a.Asks(), b.Asks())
	}
}
