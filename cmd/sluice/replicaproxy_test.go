package main

import (
	"io"
	"net"
	"sync"
	"testing"
)

// cable is a TCP connection between a replica and the table, which can be cut: then
// nothing comes through, in either direction, and nobody is told so.
type cable struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: l, to: to, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = l.Close()
		c.mend()
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.carry(conn)
		}
	}()
	return c
}

// carry passes on what comes through one connection, both ways.
func (c *cable) carry(near net.Conn) {
	defer c.drop(near)
	c.keep(near)
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer c.drop(far)
	c.keep(far)
	go func() {
		defer near.Close()
		_, _ = io.Copy(throttle{c, near}, far)
	}()
	_, _ = io.Copy(throttle{c, far}, near)
}

func (c *cable) keep(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns[conn] = true
}

func (c *cable) drop(conn net.Conn) {
	_ = conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
}

// throttle swallows what is written while the cable is cut.
type throttle struct {
	cable *cable
	to    net.Conn
}

func (w throttle) Write(p []byte) (int, error) {
	w.cable.mu.Lock()
	cut := w.cable.cut
	w.cable.mu.Unlock()
	if cut {
		return len(p), nil
	}
	return w.to.Write(p)
}

// sever cuts the cable.
func (c *cable) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
}

// mend ends all connections, since what went through them is torn, and lets new ones
// through.
func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = false
	for conn := range c.conns {
		_ = conn.Close()
	}
}
