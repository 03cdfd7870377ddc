package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// The bounds of an expression.
const (
	maxLength = 256 // bytes; every honest expression is far shorter
	minEvery  = time.Minute
	maxEvery  = 366 * 24 * time.Hour
)

const allHours = 1<<24 - 1

// Parse reads a five-field cron expression (minute, hour, day of month, month,
// day of week with Sunday as 0), or one of @yearly, @monthly, @weekly, @daily,
// @hourly and "@every d" with d a Go duration of 1m to 8784h. The time zone is
// an IANA name; empty means UTC.
//
// The error is one sentence that quotes the expression and says what to write
// instead.
func Parse(expr, timeZone string) (s Schedule, err error) {
	// The library panics on some inputs. Those that are known are refused
	// below; this is for the others.
	defer func() {
		if p := recover(); p != nil {
			s, err = Schedule{}, fmt.Errorf("cron expression %q cannot be parsed", clip(expr))
		}
	}()
	zone, err := loadZone(timeZone)
	if err != nil {
		return Schedule{}, err
	}
	s = Schedule{expr: strings.TrimSpace(expr), zone: zone}
	if err := s.parse(); err != nil {
		return Schedule{}, fmt.Errorf("cron expression %q: %w", clip(expr), err)
	}
	return s, nil
}

func loadZone(name string) (*time.Location, error) {
	if len(name) > maxLength || name == "Local" {
		// "Local" would mean another zone on another machine.
		return nil, fmt.Errorf("time zone %q: write an IANA name such as Europe/Berlin, or UTC", clip(name))
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known: write an IANA name such as Europe/Berlin, or UTC", name)
	}
	return zone, nil
}

// parse hands the library only what it reads as people mean it, and tries the result once:
// a date that never comes, such as 30 February, is no schedule.
func (s *Schedule) parse() error {
	if err := checkText(s.expr); err != nil {
		return err
	}
	if d, ok := strings.CutPrefix(s.expr, "@every"); ok {
		return s.parseEvery(strings.TrimSpace(d))
	}
	fields := strings.Fields(s.expr)
	if !strings.HasPrefix(s.expr, "@") {
		if len(fields) != 5 {
			return fmt.Errorf("it has %d fields; write five (minute, hour, day of month, month, day of week)", len(fields))
		}
		if err := checkLists(fields); err != nil {
			return err
		}
	}
	parsed, err := cron.ParseStandard(s.expr)
	if err != nil {
		return err
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return errors.New("it is of a kind that is not supported")
	}
	spec.Location = time.UTC // wall clock times are handed to it as UTC
	// Every possible date comes once between 2000, a leap year, and 2005.
	if spec.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return errors.New("it names a date that never comes; look at day of month and month")
	}
	s.fields = spec
	s.repeats = spec.Hour&allHours == allHours ||
		len(fields) == 5 && (stepped(fields[0]) || stepped(fields[1]))
	return nil
}

// parseEvery reads the duration of @every.
func (s *Schedule) parseEvery(text string) error {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("@every needs a duration such as 15m or 1h30m")
	case d < minEvery:
		return fmt.Errorf("@every %s is too short: the least is 1m", text)
	case d > maxEvery:
		return fmt.Errorf("@every %s is too long: the most is 8784h (366 days)", text)
	}
	s.every = d
	return nil
}

// stepped reports whether a list has * or */n (? is the library's other spelling
// of *) among its items.
func stepped(field string) bool {
	for item := range strings.SplitSeq(field, ",") {
		if strings.HasPrefix(item, "*") || strings.HasPrefix(item, "?") {
			return true
		}
	}
	return false
}

// checkText refuses what the library must not see.
func checkText(expr string) error {
	switch {
	case expr == "":
		return errors.New("it is empty; write five fields, for example */15 * * * *")
	case len(expr) > maxLength:
		return fmt.Errorf("it is longer than %d bytes", maxLength)
	case strings.HasPrefix(expr, "TZ=") || strings.HasPrefix(expr, "CRON_TZ="):
		return errors.New("a time zone inside the expression is not read; set timeZone instead")
	}
	for _, r := range expr {
		if r != '\t' && (r < ' ' || r > '~') {
			return errors.New("it has characters that do not belong into a cron expression")
		}
	}
	return nil
}

// checkLists refuses a list with a hole in it: the library reads "," as no value
// at all, a schedule that never runs.
func checkLists(fields []string) error {
	names := [...]string{"minute", "hour", "day of month", "month", "day of week"}
	for i, field := range fields {
		for item := range strings.SplitSeq(field, ",") {
			if item == "" {
				return fmt.Errorf("the %s field %q has an empty item", names[i], field)
			}
		}
	}
	return nil
}

// clip keeps error texts readable whatever was given.
func clip(text string) string {
	if len(text) > 64 {
		return strings.ToValidUTF8(text[:64], "") + "…"
	}
	return text
}
