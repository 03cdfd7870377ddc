package feed

import (
	"net/netip"
	"slices"
	"testing"
)

func TestWhatShortLogsLeaveIsReadOfTheOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		most          uint64
		lengths, want []uint64
	}{
		"one log has all":                          {100, []uint64{1000}, []uint64{100}},
		"logs of one length have the same":         {100, []uint64{500, 500}, []uint64{50, 50}},
		"a short one leaves the rest to the other": {100, []uint64{500, 10}, []uint64{90, 10}},
		"empty ones leave all":                     {100, []uint64{0, 500, 0}, []uint64{0, 100, 0}},
		"all fit":                                  {100, []uint64{20, 30}, []uint64{20, 30}},
		"each has one where there are too many":    {2, []uint64{9, 9, 9, 0}, []uint64{1, 1, 1, 0}},
		"there is none":                            {100, nil, nil},
	} {
		if got := shares(tt.most, tt.lengths); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestNamesOfTargetsThatAreGoneDoNotShortenALiveOnesStory(t *testing.T) {
	var logs []*slice
	for range 25 {
		logs = append(logs, &slice{n: 2, start: now})
	}
	f, _ := table(append(logs, &slice{n: 1_000_000, start: now})...)
	story, err := f.Explain(t.Context(), netip.MustParseAddr("10.0.0.1"))
	if want := 1_000_000 - uint64(ofLogs.story-2*25) + 1; err != nil || story.Logs[25].From != want || story.Logs[0].From != 1 {
		t.Errorf("from %+v, want %d (%v)", story.Logs[25], want, err)
	}
}
