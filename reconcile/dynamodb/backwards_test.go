package dynamodb_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
)

// meter is a transport that notes how many items each answer has: what is paid for.
type meter struct {
	mu    sync.Mutex
	items []int
}

func (m *meter) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct{ Count int }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items = append(m.items, answer.Count)
	return resp, nil
}

func (m *meter) read() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.items
	m.items = nil
	return items
}

func TestThoseWhoReadTheNewestRecordsPayForLittleMore(t *testing.T) {
	s := server(t)
	log, _, _ := holder(t, open(t, s, nil), "a", "prod")
	for range 200 {
		write(t, log, "one")
	}
	m := &meter{}
	reader := open(t, s, m).Log("prod")
	m.read() // what opening asked
	take := func(n int) []int {
		for _, err := range reader.Before(ctx, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if n--; n == 0 {
				break
			}
		}
		return m.read()
	}
	for _, tt := range []struct {
		taken int
		want  []int // first, whether the log was cut: it was not
	}{{1, []int{0, 16}}, {16, []int{0, 16}}, {17, []int{0, 16, 64}}, {-1, []int{0, 16, 64, 121}}} {
		if got := take(tt.taken); !slices.Equal(got, tt.want) {
			t.Errorf("for %d records answers of %v items were read, not %v", tt.taken, got, tt.want)
		}
	}
}
