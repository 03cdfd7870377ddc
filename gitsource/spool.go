package gitsource

import "io"

// spool keeps what is written to it, in pieces: a single slice would be copied each
// time that it grows, and take three times the memory for a moment.
type spool struct {
	pieces [][]byte
	size   int64
}

const pieceSize = 256 << 10

func (s *spool) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		at := s.size % pieceSize
		if at == 0 {
			s.pieces = append(s.pieces, make([]byte, pieceSize))
		}
		n := copy(s.pieces[len(s.pieces)-1][at:], p)
		p = p[n:]
		s.size += int64(n)
	}
	return written, nil
}

// ReadAt is that of [io.ReaderAt].
func (s *spool) ReadAt(p []byte, off int64) (read int, err error) {
	for read < len(p) && off < s.size {
		start := off - off%pieceSize
		piece := s.pieces[off/pieceSize][:min(pieceSize, s.size-start)]
		n := copy(p[read:], piece[off-start:])
		read += n
		off += int64(n)
	}
	if read < len(p) {
		return read, io.EOF
	}
	return read, nil
}
