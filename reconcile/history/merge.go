package history

import (
	"iter"
	"slices"
	"sync"
)

// Entry is a record, and the name of the log that it stands in.
type Entry struct {
	Log string `json:"log,omitempty"` // the target; empty where one log is of all targets
	Record
}

// Strand is the records of one log, in the order in which they are wanted.
type Strand struct {
	Log     string
	Records Records
}

// begunAtOnce is how many logs are asked for their first record at a time.
const begunAtOnce = 8

// Merge yields the records of several logs by their time, each log's in its own order,
// since clocks of replicas differ. Newest says that each log begins with its newest
// record. An error is yielded with the name of its log, before any record that is still
// to come; whoever goes on then gets those of the other logs. The logs are asked for
// their first records at the same time.
func Merge(strands []Strand, newest bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		cursors := make([]*cursor, len(strands))
		for i, s := range strands {
			next, stop := iter.Pull2(s.Records)
			defer stop()
			cursors[i] = &cursor{log: s.Log, next: next}
		}
		begin(cursors)
		for {
			cursors = slices.DeleteFunc(cursors, func(c *cursor) bool { return !c.more })
			if len(cursors) == 0 {
				return
			}
			c := first(cursors, newest)
			if !yield(Entry{c.log, c.record}, c.err) {
				return
			}
			c.advance()
		}
	}
}

// cursor is where one log is.
type cursor struct {
	log  string
	next func() (Record, error, bool)

	record Record
	err    error
	more   bool // there is a record, or an error
}

func (c *cursor) advance() { c.record, c.err, c.more = c.next() }

func begin(cursors []*cursor) {
	var asking sync.WaitGroup
	free := make(chan struct{}, begunAtOnce)
	for _, c := range cursors {
		asking.Go(func() {
			free <- struct{}{}
			c.advance()
			<-free
		})
	}
	asking.Wait()
}

// first is the one whose turn it is: backwards, of records of one time that of the last
// log, so that both orders are each other's reverse.
func first(cursors []*cursor, newest bool) *cursor {
	best := cursors[0]
	for _, c := range cursors {
		switch {
		case c.err != nil:
			return c
		case newest && !c.record.Time.Before(best.record.Time), !newest && c.record.Time.Before(best.record.Time):
			best = c
		}
	}
	return best
}

// Together is the story of an address from its stories of several logs: which call an
// answer belongs to is a matter of its own log.
func Together(stories ...Story) Story {
	var all Story
	for _, s := range stories {
		all.Address = s.Address
		all.Events = append(all.Events, s.Events...)
	}
	slices.SortStableFunc(all.Events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	return all
}
