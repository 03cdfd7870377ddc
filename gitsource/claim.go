package gitsource

import (
	"strings"
	"time"
)

// The bounds of what a commit says of itself. Git has next to none, and whoever records,
// shows or judges the commit has some: one commit must not be what stops them.
const (
	// maxPerson bounds a name and an e-mail address, in bytes. Mail ends at 254.
	maxPerson = 1 << 10
	// maxBriefPerson bounds them in a Line, of which there are thousands.
	maxBriefPerson = 256
	// The seconds of the years 1 to 9999: JSON and RFC 3339 write no others.
	firstSecond, lastSecond = -62135596800, 253402300799
)

// cutMark ends a text that was cut, so that it equals none that is whole.
const cutMark = "…"

// bounded is c within the bounds, as [Commit] tells them.
func (c Commit) bounded() Commit {
	c.Author, c.Committer, c.Time = c.Author.bounded(maxPerson), c.Committer.bounded(maxPerson), boundedTime(c.Time)
	c.Message = strings.ToValidUTF8(c.Message, "\uFFFD")
	return c
}

// brief is c within the bounds, as [Line] tells them of people.
func (c Commit) brief() Commit {
	c = c.bounded()
	c.Author, c.Committer = c.Author.bounded(maxBriefPerson), c.Committer.bounded(maxBriefPerson)
	return c
}

func (p Person) bounded(most int) Person {
	return Person{boundedText(p.Name, most), boundedText(p.Email, most)}
}

func boundedText(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len(cutMark)], "") + cutMark
}

// boundedTime compares seconds: of the largest ones that Git writes, time.Time's own
// comparison is wrong.
func boundedTime(t time.Time) time.Time {
	switch s := t.Unix(); {
	case s > lastSecond:
		return time.Unix(lastSecond, 0).UTC()
	case s <= firstSecond:
		return time.Time{}
	}
	return t.UTC()
}
