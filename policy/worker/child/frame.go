package child

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// What goes through the pipes is frames: four bytes of length, big-endian, then
// that much content. Each kind has its greatest length, so that nonsense on a pipe
// costs no memory.
const prefixSize = 4

// AddFrame appends a frame of what write writes, which may have limit bytes. The error is
// write's, or that it is more; what buf then holds is no message.
func AddFrame(buf *bytes.Buffer, limit int, write func(*bytes.Buffer) error) error {
	start := buf.Len()
	buf.Write(make([]byte, prefixSize))
	if err := write(buf); err != nil {
		return err
	}
	n := buf.Len() - start - prefixSize
	if n > limit || uint64(n) > math.MaxUint32 {
		return fmt.Errorf("it takes %d bytes of JSON, the limit is %d", n, limit)
	}
	binary.BigEndian.PutUint32(buf.Bytes()[start:], uint32(n))
	return nil
}

// AddJSON appends a frame of a value as JSON, with the errors of AddFrame.
func AddJSON(buf *bytes.Buffer, limit int, v any) error {
	return AddFrame(buf, limit, func(buf *bytes.Buffer) error { return json.NewEncoder(buf).Encode(v) })
}

// ReadFrame reads one frame of at most limit bytes into buf, which grows as needed.
// It returns io.EOF only when there is no further frame at all, and a
// [*GarbageError] for what is no frame.
func ReadFrame(r io.Reader, buf []byte, limit int) ([]byte, error) {
	var prefix [prefixSize]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(prefix[:]))
	if n > limit {
		return nil, &GarbageError{fmt.Sprintf("a message of %d bytes, where at most %d make sense", n, limit)}
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

// ReadJSON reads one frame of JSON into a value, with the errors of ReadFrame; what is no
// JSON is a [*GarbageError].
func ReadJSON(r io.Reader, limit int, v any) error {
	data, err := ReadFrame(r, nil, limit)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return &GarbageError{err.Error()}
	}
	return nil
}

// GarbageError is something on a pipe that is no message.
type GarbageError struct{ What string }

// Error says what it is: an end of a sentence, or a part in brackets.
func (e *GarbageError) Error() string { return e.What }
