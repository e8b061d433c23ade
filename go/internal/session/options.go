// Package session has the pure state of streams that outlive their connections, of both sides:
// positions, what the peer has not processed, attachments, deadlines and the end. Time and random
// numbers are handed in, and what is to be done comes out as an Output. docs/duplex-v1.md defines
// the behaviour.
//
// Nothing here is safe for concurrent use: the owner of a session guards it.
package session

import (
	"fmt"
	"time"

	"holdfast.dev/go/internal/wire"
)

// Options are the settings of a session. Defaults has the protocol's.
type Options struct {
	// Messages and bytes kept until the peer has processed them, from which on the session is full.
	SendMessages int
	SendBytes    int64
	// Messages that the peer may send ahead of what was processed, and bytes received and not
	// delivered from which on no more credit is given.
	ReceiveMessages int
	ReceiveBytes    int64
	// Messages processed, and the time since the first of them, after which an ack is due.
	AckEvery int
	AckDelay time.Duration
	// How long a session without an attachment is kept.
	TTL time.Duration
	// The most time between an attachment's begin and its welcome.
	Handshake time.Duration
	// Silence after which a first attachment's peer may be one without sessions.
	AssumePlain time.Duration
	// Silence of this side after which it sends a frame; 0: none.
	Heartbeat time.Duration
	// Silence of the peer after which an attachment is suspect, from then until a second one is
	// begun, and until it is given up. Suspect 0: never.
	Suspect, Race, Dead time.Duration
	// Age at which an attachment is replaced; 0: never.
	Rotate time.Duration
	// The bounds of the delay between attempts.
	BackoffBase, BackoffCap time.Duration
	// Whether the first message waits for the welcome.
	WaitForWelcome bool
}

// Defaults are the settings of a session without any.
func Defaults() Options {
	return Options{
		SendMessages: 256, SendBytes: 8 << 20,
		ReceiveMessages: 256, ReceiveBytes: 8 << 20,
		AckEvery: 64, AckDelay: 250 * time.Millisecond,
		TTL: 2 * time.Minute, Handshake: 10 * time.Second, AssumePlain: time.Second,
		Race: time.Second, Dead: 30 * time.Second,
		BackoffBase: 250 * time.Millisecond, BackoffCap: 30 * time.Second,
	}
}

const (
	maxMessages         = 65_536
	maxAckBytes         = 256 << 10
	maxAnsweredAckBytes = 2 << 20
	maxAckDelay         = 10 * time.Second
	maxSayable          = wire.MaxMillis * time.Millisecond
)

// Check returns an error that names the first setting out of its range.
func (o *Options) Check() error {
	for _, c := range []struct {
		name     string
		value    int64
		min, max int64
	}{
		{"SendMessages", int64(o.SendMessages), 1, maxMessages},
		{"SendBytes", o.SendBytes, 1, 1 << 62},
		{"ReceiveMessages", int64(o.ReceiveMessages), 1, maxMessages},
		{"ReceiveBytes", o.ReceiveBytes, 1, 1 << 62},
		{"AckEvery", int64(o.AckEvery), 1, maxMessages},
	} {
		if c.value < c.min || c.value > c.max {
			return fmt.Errorf("%s: %d (expected: %d to %d)", c.name, c.value, c.min, c.max)
		}
	}
	for _, c := range []struct {
		name       string
		value, min time.Duration
	}{
		{"AckDelay", o.AckDelay, 1}, {"TTL", o.TTL, time.Millisecond}, {"Handshake", o.Handshake, 1},
		{"AssumePlain", o.AssumePlain, 1}, {"Heartbeat", o.Heartbeat, 0}, {"Suspect", o.Suspect, 0},
		{"Race", o.Race, 1}, {"Dead", o.Dead, 1}, {"Rotate", o.Rotate, 0},
		{"BackoffBase", o.BackoffBase, 1}, {"BackoffCap", o.BackoffCap, o.BackoffBase},
	} {
		if c.value < c.min || c.value > maxSayable {
			return fmt.Errorf("%s: %v (expected: %v to %v)", c.name, c.value, c.min, maxSayable)
		}
	}
	return nil
}

func (o *Options) ackBytes() int64 { return min(maxAckBytes, max(1, o.ReceiveBytes/4)) }

// answeredAckBytes is the bytes after which an ack goes by itself while messages are answered.
func (o *Options) answeredAckBytes() int64 {
	return min(maxAnsweredAckBytes, max(1, o.ReceiveBytes/2))
}

// Random gives the random numbers of a session, as *rand.Rand of math/rand/v2 does.
type Random interface {
	// Uint64N returns a number in [0, n).
	Uint64N(n uint64) uint64
}
