package gitsource

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

func TestASpoolGivesBackWhatItWasGiven(t *testing.T) {
	for _, size := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3*pieceSize + 7} {
		want := noise(size)
		var s spool
		for rest := want; len(rest) > 0; { // in writes of all sizes
			n, err := s.Write(rest[:min(len(rest), 1+len(rest)/3)])
			check(t, err)
			rest = rest[n:]
		}
		if err := iotest.TestReader(io.NewSectionReader(&s, 0, s.size), want); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		got := make([]byte, size+1)
		if n, err := s.ReadAt(got, 0); n != size || err != io.EOF || !bytes.Equal(got[:n], want) {
			t.Errorf("%d bytes: read %d, %v", size, n, err)
		}
	}
}
