package gitsource

import (
	"context"
	"io"
	"net"
	"sync/atomic"
)

// budget counts the bytes that a server sends in one conversation, and ends the
// reading past it.
type budget struct {
	left, limit int64
	// wire is for all bytes of its connections: TLS and ssh, headers, and what is said
	// beside the conversation. Others than the reader of the answer count them.
	wire atomic.Int64
}

// newBudget allows limit bytes, and up to most after a raise. What surrounds them may
// have an eighth of that, and a megabyte.
func newBudget(limit, most int64) *budget {
	b := &budget{left: limit, limit: limit}
	most = min(most, 1<<60) // so that nothing overflows
	b.wire.Store(most + most/8 + 1<<20)
	return b
}

// raise sets the whole allowance; what was already read stays spent.
func (b *budget) raise(limit int64) {
	b.left += limit - b.limit
	b.limit = limit
}

// transferError says that a server sent too much. It may come back wrapped by
// the library, or as text only: budget.spent tells then.
type transferError struct{ limit int64 }

func (e transferError) Error() string {
	return "the server sent more than " + bytesText(e.limit)
}

func (b *budget) spent() bool { return b.left < 0 || b.wire.Load() < 0 }

// dialer opens connections.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// counted takes what connections bring out of the budget.
func (b *budget) counted(dial dialer) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return countedConn{conn, b}, nil
	}
}

type countedConn struct {
	net.Conn
	b *budget
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.b.wire.Add(-int64(n)) < 0 {
		_ = c.Close()
		return n, transferError{c.b.limit}
	}
	return n, err
}

// budgetReader takes what it reads out of a budget.
type budgetReader struct {
	io.Reader
	b *budget
}

func (r budgetReader) Read(p []byte) (int, error) {
	if r.b.left < 0 {
		return 0, transferError{r.b.limit}
	}
	n, err := r.Reader.Read(p)
	if r.b.left -= int64(n); r.b.left < 0 {
		return n, transferError{r.b.limit}
	}
	return n, err
}
