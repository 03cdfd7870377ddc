package worker

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// What goes through the pipes is frames: four bytes of length, big-endian, then
// that much JSON. Each kind has its greatest length, so that nonsense on a pipe
// costs no memory.
const (
	maxHello   = 4 << 10
	maxSetup   = 256 << 20 // the sources; policy has a limit for each file
	maxHead    = 4 << 10
	maxInput   = 512 << 20
	maxAnswer  = 16 << 20
	prefixSize = 4
)

// addFrame appends a frame of what write writes.
func addFrame(buf *bytes.Buffer, limit int, write func(*bytes.Buffer) error) error {
	start := buf.Len()
	buf.Write(make([]byte, prefixSize))
	if err := write(buf); err != nil {
		return err
	}
	n := buf.Len() - start - prefixSize
	if n > limit {
		return fmt.Errorf("it takes %d bytes of JSON, the limit is %d", n, limit)
	}
	binary.BigEndian.PutUint32(buf.Bytes()[start:], uint32(n))
	return nil
}

// addJSON appends a frame of a value.
func addJSON(buf *bytes.Buffer, limit int, v any) error {
	return addFrame(buf, limit, func(buf *bytes.Buffer) error { return json.NewEncoder(buf).Encode(v) })
}

// readFrame reads one frame into buf, which grows as needed. It returns io.EOF
// only when there is no further frame at all.
func readFrame(r io.Reader, buf []byte, limit int) ([]byte, error) {
	var prefix [prefixSize]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(prefix[:]))
	if n > limit {
		return nil, &garbageError{fmt.Sprintf("a message of %d bytes, where at most %d make sense", n, limit)}
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return buf, nil
}

// readJSON reads one frame into a value.
func readJSON(r io.Reader, limit int, v any) error {
	data, err := readFrame(r, nil, limit)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return &garbageError{err.Error()}
	}
	return nil
}

// garbageError is something on a pipe that is no message.
type garbageError struct{ what string }

func (e *garbageError) Error() string { return e.what }
