package duplex

import (
	"fmt"
	"time"

	"holdfast.dev/go/internal/session"
)

// SessionOptions are the settings of sessions. Zero means the default that stands with each.
type SessionOptions struct {
	// SendMessages and SendBytes are what is kept until the peer has processed it, from which on
	// SendMsg blocks; 256 and 8 MiB.
	SendMessages int
	SendBytes    int64
	// ReceiveMessages and ReceiveBytes are what the peer may send ahead of what was processed; 256
	// and 8 MiB.
	ReceiveMessages int
	ReceiveBytes    int64
	// AckEvery and AckDelay are the messages, and the time since the first of them, after which an
	// ack is sent; 64 and 250 ms. A client follows its server.
	AckEvery int
	AckDelay time.Duration
	// TTL is how long a server keeps a session without an attachment; 2 min.
	TTL time.Duration
	// Handshake is the most time between an attachment's begin and its welcome; 10 s.
	Handshake time.Duration
	// AssumePlain is the silence after which the server of a first attachment may be one without
	// sessions, where there is something that it may wait for; 1 s.
	AssumePlain time.Duration
	// Heartbeat is the silence of this side after which it sends a frame, for paths that forget idle
	// connections; 0 for none.
	Heartbeat time.Duration
	// Rotate is the age at which an attachment is replaced; 0 for never.
	Rotate time.Duration
	// BackoffBase and BackoffCap bound the delay between attempts; 250 ms and 30 s.
	BackoffBase, BackoffCap time.Duration
	// WaitForWelcome makes a client's first message wait for the welcome: a round trip more, and a
	// session whose first attachment is cut begins anywhere.
	WaitForWelcome bool
}

func set[T comparable](to *T, value T) {
	var zero T
	if value != zero {
		*to = value
	}
}

func (o SessionOptions) resolve() (session.Options, error) {
	r := session.Defaults()
	set(&r.SendMessages, o.SendMessages)
	set(&r.SendBytes, o.SendBytes)
	set(&r.ReceiveMessages, o.ReceiveMessages)
	set(&r.ReceiveBytes, o.ReceiveBytes)
	set(&r.AckEvery, o.AckEvery)
	set(&r.AckDelay, o.AckDelay)
	set(&r.TTL, o.TTL)
	set(&r.Handshake, o.Handshake)
	set(&r.AssumePlain, o.AssumePlain)
	set(&r.Heartbeat, o.Heartbeat)
	set(&r.Rotate, o.Rotate)
	set(&r.BackoffBase, o.BackoffBase)
	set(&r.BackoffCap, o.BackoffCap)
	r.WaitForWelcome = o.WaitForWelcome
	if err := r.Check(); err != nil {
		return r, fmt.Errorf("duplex: SessionOptions.%w", err)
	}
	return r, nil
}
