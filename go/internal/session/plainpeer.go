package session

import (
	"time"

	"holdfast.dev/go/internal/wire"
)

// MethodKind is the cardinality of a method, as the client's application sees it. The wire does not
// carry it: below the application each side may send any number of messages. It decides what a client
// says before it knows whether its server has sessions, because a server without them may answer only
// when it has heard everything.
type MethodKind int

// The kinds of methods that have sessions.
const (
	// Bidirectional: each side sends any number of messages.
	Bidirectional MethodKind = iota
	// ServerStreaming: the client sends one message, after which the server answers with any number.
	ServerStreaming
	// ClientStreaming: the client sends any number of messages, after which the server answers with one.
	ClientStreaming
)

// step is what a client does when the peer of its first attachment stays silent: it may be a slow
// one with sessions, or a plain one that waits for what is held back.
type step int

const (
	noStep step = iota
	// stepGiveUp: the application is done, and nobody is left to be told.
	stepGiveUp
	// stepWrite: write before the welcome, although the first message was to wait for it.
	stepWrite
	// stepHalfClose: end the request side, with nothing else left to send.
	stepHalfClose
	// stepWriteOn: write beyond the initial credit, and keep everything.
	stepWriteOn
	// stepPlain: take the peer for one without sessions.
	stepPlain
)

// plainPeerDetector has the steps by which a client finds out whether a silent peer has sessions.
// They escalate, because a peer may just be slow: what was written is let go only when no more can be
// kept and no welcome would be awaited any longer. A server without sessions answers a method in one
// direction only after the half-close, so there the steps are taken at once, unless the same method
// has found sessions before.
type plainPeerDetector struct {
	handshake, assumePlain time.Duration
	atOnce                 bool // the first message does not wait for the welcome
	kind                   MethodKind
	peer                   Peer
	mayBePlain             bool
}

func newPlainPeerDetector(o *Options) plainPeerDetector {
	return plainPeerDetector{
		handshake: o.Handshake, assumePlain: o.AssumePlain, atOnce: !o.WaitForWelcome, peer: PeerWelcomes,
	}
}

func (d *plainPeerDetector) begin(peer Peer, kind MethodKind) {
	d.peer, d.kind = peer, kind
	// An instance without the method's sessions may stand beside those with them, and would wait for
	// ever: a proof says what to expect, not what must be.
	doubted := d.atOnce && d.oneDirection() && peer == PeerWelcomes
	d.mayBePlain = doubted || peer != PeerWelcomes
}

// end ends the doubt: the peer has shown that it knows sessions.
func (d *plainPeerDetector) end() { d.mayBePlain = false }

func (d *plainPeerDetector) oneDirection() bool { return d.kind != Bidirectional }

func (d *plainPeerDetector) likely() bool { return d.peer == PeerLikelyPlain }

// mayStaySilent: a plain peer's headers may come with its first message, whenever that is.
func (d *plainPeerDetector) mayStaySilent(p *Attachment) bool {
	return p.plain || (p.first && d.mayBePlain)
}

// isPlainCallsEnd reports whether the end of an attachment that nobody answered is that of a plain
// peer's call. A peer without sessions answers a method in one direction late, one with them at once;
// and its caller is told of a lost connection when it is lost.
func (d *plainPeerDetector) isPlainCallsEnd(now int64, p *Attachment) bool {
	silence := d.assumePlain
	if d.peer == PeerWelcomes {
		silence = d.handshake
	}
	return d.mayBePlain && d.oneDirection() && (d.likely() || now >= p.silentUntil(silence))
}

// next is the step to take if the peer of a first attachment stays silent.
func (d *plainPeerDetector) next(p *Attachment, out *sendBuffer, ended bool) step {
	switch {
	case p == nil || !p.first || !d.mayBePlain || p.plain:
		return noStep
	case ended:
		return stepGiveUp
	case p.halfClosed:
		return noStep
	case !p.mayWriteEarly:
		if out.end > 0 {
			return stepWrite
		}
		return noStep
	}
	waiting := out.at(p.cursor)
	switch {
	case waiting != nil && waiting.flags&wire.HalfClose != 0:
		return stepHalfClose
	case !p.mayExceed && ((waiting != nil && p.cursor > wire.InitialCredit) || !out.ready()):
		return stepWriteOn
	case p.mayExceed && waiting == nil && !out.ready():
		return stepPlain
	}
	return noStep
}

// dueAt is when it is time for a step.
func (d *plainPeerDetector) dueAt(p *Attachment, s step) int64 {
	patience := d.patience(s)
	if patience == 0 || s == stepGiveUp {
		return p.opened + int64(patience)
	}
	return p.silentUntil(patience)
}

// patience is the silence before a step; 0 for none.
func (d *plainPeerDetector) patience(s step) time.Duration {
	atOnce := false
	switch s {
	case stepGiveUp:
		atOnce = d.oneDirection() && d.likely()
	case stepHalfClose:
		// A server-streaming call keeps its request side open where sessions are expected: acks need it.
		// A client-streaming one has one response to acknowledge, which another attachment can do.
		atOnce = d.kind == ClientStreaming || (d.kind == ServerStreaming && d.peer != PeerWelcomes)
	case stepWriteOn:
		atOnce = d.kind == ClientStreaming
	case stepPlain:
		atOnce = d.kind == ClientStreaming && d.likely()
		// A welcome that takes longer than any handshake may is not waited for.
		sure := !d.likely()
		if d.oneDirection() {
			sure = d.peer == PeerWelcomes
		}
		if sure {
			return max(d.handshake, d.assumePlain)
		}
	}
	if atOnce {
		return 0
	}
	return d.assumePlain
}

// halfDuplexPath is the way of a server-streaming session through hops that pass a request on only
// when it is complete. A server without sessions would take a half-closed call of another kind for a whole one. Each later attachment is half-closed when nobody answers it, and at once when
// that has helped before. Its hello acknowledges and gives credit, and the server goes on to the end of
// that credit; then the next attachment follows. Only a session that has nothing more to send than acks
// can go this way.
type halfDuplexPath struct {
	possible bool
	proofs   int
	provedAt int64
}

const (
	// A server may be slow once; an answer after the half-close twice in a row is the path.
	halfDuplexProofs = 2
	// A path that was only slow for a while is found out within a minute.
	halfDuplexValid = int64(time.Minute)
)

// onAnswered takes a welcome; ended says that the application knows the end, which is to be
// acknowledged soon.
func (h *halfDuplexPath) onAnswered(now int64, a *Attachment, ended bool) {
	if a.first {
		return
	}
	if !a.halfClosed {
		h.proofs = 0
	} else if !h.proved() {
		h.proofs++
		h.provedAt = now
	}
	a.sparing = a.halfClosed && !ended
}

// onFailed: an attempt came to nothing, so that it is to be seen again whether answers come behind the half-close.
func (h *halfDuplexPath) onFailed() { h.proofs = 0 }

func (h *halfDuplexPath) proved() bool { return h.proofs >= halfDuplexProofs }

func (h *halfDuplexPath) applies(c *Client, p *Attachment) bool {
	return h.possible && p != nil && !p.first && !p.queued && !p.plain && !p.halfClosed &&
		c.state != Racing && c.out.settled() && c.wantedFlags() == 0
}

func (h *halfDuplexPath) isHalfCloseDue(now int64, c *Client, p *Attachment) bool {
	if h.proved() && now-h.provedAt >= halfDuplexValid {
		h.proofs = 0
	}
	return h.applies(c, p) && (h.proved() || now >= p.helloSent+int64(c.options.AssumePlain))
}

// deadline is when isHalfCloseDue may be true for the silence of the peer.
func (h *halfDuplexPath) deadline(c *Client, p *Attachment) int64 {
	if !h.applies(c, p) || h.proved() {
		return never
	}
	return after(p.helloSent, c.options.AssumePlain)
}
