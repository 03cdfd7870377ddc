package history_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// strand is a log whose records have these seconds, in this order; a negative one is an
// error.
func strand(log string, seconds ...int) history.Strand {
	return history.Strand{Log: log, Records: func(yield func(history.Record, error) bool) {
		for _, s := range seconds {
			if s < 0 {
				yield(history.Record{}, errors.New("damaged"))
				return
			}
			if !yield(history.Record{Time: time.Unix(int64(s), 0)}, nil) {
				return
			}
		}
	}}
}

func TestMergeGoesByTimeAndKeepsTheOrderOfEachLog(t *testing.T) {
	for _, tt := range []struct {
		name    string
		newest  bool
		strands []history.Strand
		want    string
	}{
		{"no log", false, nil, ""},
		{"one log", false, []history.Strand{strand("", 1, 2)}, "1 2"},
		{"by time", false, []history.Strand{strand("a", 1, 4), strand("b", 2, 3, 5)}, "a1 b2 b3 a4 b5"},
		{"a clock that went back changes no log's order", false, []history.Strand{strand("a", 5, 1), strand("b", 2, 3)}, "b2 b3 a5 a1"},
		{"of one time the first log's", false, []history.Strand{strand("a", 1, 1), strand("b", 1)}, "a1 a1 b1"},
		{"the newest first", true, []history.Strand{strand("a", 4, 1), strand("b", 5, 3, 2)}, "b5 a4 b3 b2 a1"},
		{"of one time the last log's, backwards", true, []history.Strand{strand("a", 1, 1), strand("b", 1)}, "b1 a1 a1"},
		{"an empty log", false, []history.Strand{strand("a"), strand("b", 1)}, "b1"},
		{"a damaged log ends alone, and is told at once", false, []history.Strand{strand("a", 1, 2, 3), strand("b", -1), strand("c", 2, -1)}, "b:damaged a1 a2 c2 c:damaged a3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for e, err := range history.Merge(tt.strands, tt.newest) {
				if err != nil {
					got = append(got, e.Log+":"+err.Error())
					continue
				}
				got = append(got, fmt.Sprint(e.Log, e.Time.Unix()))
			}
			if text := strings.Join(got, " "); text != tt.want {
				t.Errorf("%s, want %s", text, tt.want)
			}
		})
	}
}

func TestMergeReadsOneRecordMoreOfEachLogThanIsTaken(t *testing.T) {
	read := map[string]int{}
	counted := func(log string) history.Strand {
		return history.Strand{Log: log, Records: func(yield func(history.Record, error) bool) {
			for {
				read[log]++
				if !yield(history.Record{Time: time.Unix(int64(read[log]), 0)}, nil) {
					return
				}
			}
		}}
	}
	taken := 0
	for range history.Merge([]history.Strand{counted("a")}, false) {
		if taken++; taken == 10 {
			break
		}
	}
	if read["a"] != 10 {
		t.Errorf("read %v for 10", read)
	}
}

func TestMergeAsksLogsForTheirFirstRecordsAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var strands []history.Strand
		for i := range 16 {
			strands = append(strands, history.Strand{Log: fmt.Sprint(i), Records: func(yield func(history.Record, error) bool) {
				time.Sleep(time.Second)
				yield(history.Record{}, nil)
			}})
		}
		began := time.Now()
		for range history.Merge(strands, true) {
			break
		}
		if took := time.Since(began); took != 2*time.Second { // eight at a time
			t.Errorf("it took %s", took)
		}
	})
}

func TestAStoryOfSeveralLogsIsInTheOrderOfTime(t *testing.T) {
	event := func(seconds ...int64) (s history.Story) {
		for _, n := range seconds {
			s.Events = append(s.Events, history.Event{Time: time.Unix(n, 0)})
		}
		return s
	}
	got := history.Together(event(1, 4), history.Story{}, event(2, 3)).Events
	if len(got) != 4 || !slices.IsSortedFunc(got, func(a, b history.Event) int { return a.Time.Compare(b.Time) }) {
		t.Errorf("%+v", got)
	}
}
