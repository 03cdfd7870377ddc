package child

import (
	"bytes"
	"testing"
)

// FuzzReadFrame: nonsense on a pipe is an error, and a frame is never longer than it may be.
func FuzzReadFrame(f *testing.F) {
	var good bytes.Buffer
	if err := AddJSON(&good, 1<<10, map[string]int{"a": 1}); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:6])
	f.Add([]byte("\xff\xff\xff\xff{}"))
	f.Add([]byte("\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 10
		frame, err := ReadFrame(bytes.NewReader(data), nil, limit)
		if err == nil && (len(frame) > limit || !bytes.Equal(frame, data[prefixSize:prefixSize+len(frame)])) {
			t.Errorf("%q of %q", frame, data)
		}
		var v struct{ A int }
		if again := ReadJSON(bytes.NewReader(data), limit, &v); again == nil && err != nil {
			t.Errorf("%+v of what is no frame", v)
		}
	})
}
