package strictyaml

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestAnInstantIsOneThatCanBeWrittenAgain(t *testing.T) {
	for text, want := range map[string]string{
		"2027-03-01T19:00:00+01:00":  "2027-03-01T18:00:00Z",
		"9999-12-31T23:59:59Z":       "9999-12-31T23:59:59Z",
		"9999-12-31T23:59:59+01:00":  "9999-12-31T22:59:59Z",
		"9999-12-31T23:59:59-01:00":  `"9999-12-31T23:59:59-01:00" is not in the years 1 to 9999 of UTC`,
		"9999-12-31T23:59:00-00:01":  `is not in the years 1 to 9999 of UTC`,
		"0001-01-01T00:00:00+01:00":  `is not in the years 1 to 9999 of UTC`,
		"0000-06-01T00:00:00Z":       `is not in the years 1 to 9999 of UTC`,
		"10000-01-01T00:00:00Z":      `"10000-01-01T00:00:00Z" is not a time`,
		"2027-03-01":                 `"2027-03-01" is not a time`,
		strings.Repeat("a\x1b", 100): `is not a time`,
	} {
		got, err := Instant(text)
		switch {
		case err != nil && (!strings.Contains(err.Error(), want) || len(err.Error()) > 250):
			t.Errorf("%q: %v", text, err)
		case err == nil && got.Format(time.RFC3339) != want:
			t.Errorf("%q is read as %s", text, got)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
