// Package relay is a TCP relay that cuts connections, for tests.
package relay

import (
	"io"
	"net"
	"sync"
)

// Relay forwards connections of a loopback port to an address.
type Relay struct {
	listener net.Listener

	mu     sync.Mutex
	target string
	open   map[*net.TCPConn]struct{}
	cuts   int
	closed bool
}

// Start returns a relay to an address.
func Start(target string) (*Relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Relay{listener: listener, target: target, open: map[*net.TCPConn]struct{}{}}
	go r.accept()
	return r, nil
}

// Address is where to connect to.
func (r *Relay) Address() string { return r.listener.Addr().String() }

// Cut resets every connection, and returns how many cuts met one so far.
func (r *Relay) Cut() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.open) > 0 {
		r.cuts++
	}
	r.reset()
	return r.cuts
}

// Redirect sends connections from now on to another address.
func (r *Relay) Redirect(target string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target = target
}

// Close ends the relay with its connections.
func (r *Relay) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	_ = r.listener.Close() // Nobody needs it.
	r.reset()
}

func (r *Relay) reset() {
	for conn := range r.open {
		_ = conn.SetLinger(0) // A reset, not an orderly end.
		_ = conn.Close()
	}
	clear(r.open)
}

func (r *Relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.forward(conn.(*net.TCPConn))
	}
}

func (r *Relay) forward(from *net.TCPConn) {
	r.mu.Lock()
	target := r.target
	r.mu.Unlock()
	conn, err := net.Dial("tcp", target)
	if err != nil {
		_ = from.Close()
		return
	}
	to := conn.(*net.TCPConn)
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		_ = from.Close()
		_ = to.Close()
		return
	}
	r.open[from], r.open[to] = struct{}{}, struct{}{}
	r.mu.Unlock()
	go r.copy(to, from)
	r.copy(from, to)
}

func (r *Relay) copy(to, from *net.TCPConn) {
	_, _ = io.Copy(to, from) // Either end is the end of both.
	_ = to.Close()
	_ = from.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, to)
	delete(r.open, from)
}
