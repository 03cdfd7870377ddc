package strictyaml

import (
	"fmt"
	"time"
)

// Instant reads a time as documents write it, RFC 3339, and returns it in UTC. It refuses
// what is not in the years 1 to 9999 there: 9999-12-31T23:59:59-01:00 parses, but
// nothing could write it as JSON afterwards. The error begins with the text.
func Instant(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is not a time", text)
	}
	if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, fmt.Errorf("%.40q is not in the years 1 to 9999 of UTC", text)
	}
	return t, nil
}
