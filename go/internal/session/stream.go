package session

import (
	"fmt"
	"time"

	"holdfast.dev/go/internal/wire"
)

const (
	positionFlags   = wire.Final | wire.HalfClose | wire.Moved
	pausedHeartbeat = time.Second
)

// side is what client and server do differently.
type side interface {
	fits(h *wire.Header) bool
	onPeerActivity(now int64)
	onProgress()
	onFlags(now int64, from *Attachment, h *wire.Header)
	// onBare takes a message without a header.
	onBare(now int64, from *Attachment, body Body)
	onFinal(now int64, it item)
	onViolation(now int64, a *Attachment)
	onProcessed(now int64)
	afterInput()
	// onUnsayable: a frame was due on an attachment whose request side is closed; it was not written.
	onUnsayable(now int64, on *Attachment)
	// beforeFrames is called when everything but frames was done for earlier inputs.
	beforeFrames(now int64)
	writing() *Attachment
	wantedFlags() wire.Flag
	mayDeliver() bool
	maySend(to *Attachment, it *item) bool
}

// stream is what both sides of a session have in common.
type stream struct {
	side    side
	id      wire.SessionID
	options Options
	out     sendBuffer
	in      receiveBuffer
	outputs []Output
	state   State
	// Carries the session, or did so last until it is told to be gone.
	current      *Attachment
	end          *End
	peerWelcomed bool
	peerCredit   int64
	deadline     int64
	acks         ackSchedule
	flow         inboundFlow
	stuck        stuckDetector
}

func (s *stream) begin(side side, id wire.SessionID, o Options, budget *Budget) {
	s.side, s.id, s.options = side, id, o
	s.out = newSendBuffer(&s.options, budget)
	s.in = newReceiveBuffer(&s.options, budget)
	s.peerCredit = wire.InitialCredit
	s.deadline = never
	s.acks = newAckSchedule(&s.options, &s.in)
	s.flow = inboundFlow{in: &s.in, out: &s.out, patience: firstPatience}
	s.stuck = stuckDetector{out: &s.out}
}

// Offer takes a message to the peer; false, and nothing taken, when there is no room at all or
// after the end. The session holds the body until the peer has processed it.
func (s *stream) Offer(body Body) bool { return s.end == nil && s.out.offer(body) }

// AskReady reports whether more messages are welcome; OpReady says when they are again.
func (s *stream) AskReady() bool { return s.end == nil && s.out.askReady() }

// Request takes up so many messages more than were asked for so far.
func (s *stream) Request(messages int) { s.in.demand += messages }

// Processed says that the application is done with everything up to a position it was given.
func (s *stream) Processed(now, upTo int64) {
	if !s.state.Terminal() && upTo > s.in.processed {
		s.in.process(upTo)
		s.side.onProcessed(now)
	}
}

// OnFrame takes a message of an attachment; h is nil when it has no header, or one with another tag.
func (s *stream) OnFrame(now int64, from *Attachment, h *wire.Header, body Body) {
	// Nothing is read any more of an attachment that was replaced: fencing at this side.
	if from != s.current || s.state.Terminal() {
		release(body)
		return
	}
	from.requested = false
	from.heard = now
	from.heardAny = true
	s.side.onPeerActivity(now)
	if h == nil {
		s.side.onBare(now, from, body)
		return
	}
	// Only the first frame has a header while the peer does not know our welcome.
	from.welcomeSeen = from.headerSeen || h.Seq == 0
	from.headerSeen = true
	s.peerWelcomed = s.peerWelcomed || from.welcomeSeen
	if !s.side.fits(h) || (h.Ack > 0 && !s.ack(h.Ack)) {
		release(body)
		s.side.onViolation(now, from)
		return
	}
	s.peerCredit = max(s.peerCredit, h.Credit)
	if h.Has(wire.Echo) {
		s.stuck.onEcho(from, h.Probe)
	} else if h.Probe != 0 {
		from.echoDue = h.Probe
		from.peerProbes = true
		from.ackAsked = s.in.received
	}
	s.side.onFlags(now, from, h)
	// A last word without a number is no last word: the window refuses it.
	position := h.Seq != 0 || h.Has(wire.Final|wire.HalfClose)
	if position && from == s.current {
		from.lastSeq = h.Seq
		s.receive(now, from, h.Seq, h.Flags, h.Status, body)
	} else {
		release(body)
	}
	s.side.afterInput()
}

// OnWritable says whether the call of an attachment can take more.
func (s *stream) OnWritable(a *Attachment, writable bool) { a.full = !writable }

// Poll returns the next thing to do.
func (s *stream) Poll(now int64) (Output, bool) {
	for {
		if next, ok := s.takeOutput(); ok {
			return next, true
		}
		if s.current != nil && !s.state.Terminal() && s.flow.isDue(now, s.current) {
			return Output{Op: OpRequest, To: s.current}, true
		}
		var it item
		delivered := false
		if s.end == nil && s.side.mayDeliver() {
			it, delivered = s.in.deliver(s.current != nil && s.current.plain)
		}
		switch {
		case !delivered:
			s.side.beforeFrames(now)
			if len(s.outputs) > 0 {
				continue
			}
			if next, ok := s.nextFrame(now); ok {
				return next, true
			}
			if s.end == nil && s.out.takeReadyAgain() {
				return Output{Op: OpReady}, true
			}
			return Output{}, false
		case it.flags&wire.Final != 0:
			s.side.onProcessed(now)
			s.side.onFinal(now, it)
		case it.flags&wire.HalfClose != 0:
			release(it.body)
			s.side.onProcessed(now)
			return Output{Op: OpHalfClosed}, true
		default:
			return Output{Op: OpDeliver, Seq: it.seq, Body: it.body}, true
		}
	}
}

func (s *stream) takeOutput() (Output, bool) {
	if len(s.outputs) == 0 {
		return Output{}, false
	}
	next := s.outputs[0]
	if len(s.outputs) == 1 {
		s.outputs[0] = Output{}
		s.outputs = s.outputs[:0]
	} else {
		s.outputs = s.outputs[1:]
	}
	return next, true
}

func (s *stream) put(o Output) { s.outputs = append(s.outputs, o) }

// ID is the session's.
func (s *stream) ID() wire.SessionID { return s.id }

// State is where the session is.
func (s *stream) State() State { return s.state }

// End is what the application was told; nil before.
func (s *stream) End() *End { return s.end }

// Over reports whether nothing is left to do.
func (s *stream) Over() bool { return s.state.Terminal() && len(s.outputs) == 0 }

// Current is the attachment that carries the session; nil for none.
func (s *stream) Current() *Attachment { return s.current }

// Acked is the highest position that the peer has processed.
func (s *stream) Acked() int64 { return s.out.acked }

// Here is the highest position that this side has processed.
func (s *stream) Here() int64 { return s.in.processed }

func (s *stream) transition(next State) {
	if s.state == next {
		return
	}
	if !s.state.mayBecome(next) {
		panic(fmt.Sprintf("session %x: %s -> %s", s.id, s.state, next))
	}
	s.state = next
	s.out.onState(next)
	if next.Terminal() {
		s.in.clear()
	}
}

func (s *stream) reportEnd(end End) {
	if s.end == nil {
		s.end = &end
		s.in.clear()
		s.put(Output{Op: OpEnded, End: &end})
	}
}

func (s *stream) endOf(kind Kind) End {
	return End{Kind: kind, ByPeer: s.out.acked, Here: s.in.processed}
}

func (s *stream) close(a *Attachment, why CloseReason) {
	s.put(Output{Op: OpEnd, To: a, Why: why})
}

func (s *stream) ack(upTo int64) bool {
	before := s.out.acked
	if !s.out.ack(upTo) {
		return false
	}
	if s.out.acked > before {
		s.side.onProgress()
	}
	return true
}

func (s *stream) receive(now int64, from *Attachment, seq int64, flags wire.Flag, status uint32, body Body) {
	if s.end != nil {
		release(body)
		return
	}
	switch s.in.receive(seq, flags&positionFlags, status, body) {
	case accepted:
		s.side.onProgress()
	case duplicate:
		release(body)
		// A peer that repeats it has missed the ack.
		from.ackRepeat = s.in.processed > 0
	default:
		release(body)
		s.side.onViolation(now, from)
	}
}

// match reports whether a handshake fits: all processed was sent, what is next is held.
func (s *stream) match(watermark, low int64) bool {
	return low <= s.in.firstNeeded() && s.ack(watermark)
}

// adopt lets an attachment carry the session, after its handshake was checked.
func (s *stream) adopt(now int64, next *Attachment, credit, cursor int64) {
	s.current = next
	next.handshook = true
	next.heard = now
	next.wrote = now
	next.cursor = max(cursor, s.out.low)
	s.peerCredit = credit
	s.acks.restart()
	s.transition(Attached)
	s.acks.onProcessed(now, next)
}

func (s *stream) withinCredit(to *Attachment, it *item) bool {
	return to.plain || it.seq <= s.peerCredit || it.flags != 0
}

// frameDeadline is when a frame without a message is due. An attachment that can't be written to
// would be due for ever.
func (s *stream) frameDeadline() int64 {
	to := s.current
	if to == nil || !to.handshook || to.full {
		return never
	}
	if to.sparing {
		return s.acks.sparingDue(to)
	}
	return min(s.acks.due, after(to.wrote, s.heartbeat(to)))
}

// heartbeat is own or, while nothing is read of a peer that asks for signs of life, a second.
func (s *stream) heartbeat(to *Attachment) time.Duration {
	if s.options.Heartbeat == 0 && to.readPaused && to.peerProbes {
		return pausedHeartbeat
	}
	return s.options.Heartbeat
}

func (s *stream) nextFrame(now int64) (Output, bool) {
	to := s.side.writing()
	if s.state.Terminal() || to == nil {
		return Output{}, false
	}
	next, ok := s.frameOf(now, to)
	if ok && to.halfClosed && to.handshook {
		release(next.Body)
		s.side.onUnsayable(now, to)
		return s.takeOutput()
	}
	return next, ok
}

func (s *stream) frameOf(now int64, to *Attachment) (Output, bool) {
	wanted := s.side.wantedFlags()
	if to.full {
		// A flag is said once, and what makes room may depend on it.
		if !to.handshook || wanted&^to.sentFlags == 0 {
			return Output{}, false
		}
		return s.control(now, to, wanted)
	}
	if to.cursor != 0 {
		// Acks of what came by an older attachment overtake what is being repeated on this one.
		to.cursor = max(to.cursor, s.out.low)
		if it := s.out.at(to.cursor); it != nil && s.side.maySend(to, it) {
			return s.message(now, to, it, wanted), true
		}
	}
	if !to.handshook || to.plain {
		return Output{}, false
	}
	return s.control(now, to, wanted)
}

func (s *stream) message(now int64, to *Attachment, it *item, wanted wire.Flag) Output {
	o := Output{Op: OpSend, To: to, Body: it.body}
	seq, flags := it.seq, it.flags
	// An unproved peer sees the first header; what follows takes the next positions.
	if !to.plain && (to.handshook || !to.headerSent) {
		o.HasHeader = true
		o.Header = wire.Header{Tag: to.tag, Seq: it.seq, Flags: it.flags, Status: it.status}
		if s.in.processed > to.sentAck || it.flags&wire.Final != 0 {
			o.Header.Ack = s.in.processed
		}
		// Not with each message: a quarter of the window is soon enough.
		if s.creditDue(to, 4) {
			o.Header.Credit = s.in.credit()
		}
		if to.handshook {
			o.Header.Flags |= wanted &^ to.sentFlags
		}
		o.Header.Probe = s.stuck.probe(to, it.seq)
		s.said(now, to, &o.Header)
	}
	if o.Body != nil {
		o.Body.Retain()
	}
	// Its answer, and an ack with it, is all that lets a small share of the buffers go on soon.
	stopped := seq == s.out.end && !s.out.finished && !s.out.ready() && !s.acks.enough(&s.out)
	to.probeDue = to.probeDue || stopped
	s.acks.answers = true
	to.headerSent = true
	if !to.touched {
		to.touched, to.touchedAt = true, now
	}
	to.cursor = seq + 1
	to.wrote = now
	s.out.onSent(seq)
	if to.plain {
		s.out.release(seq)
		if flags&wire.HalfClose != 0 {
			to.halfClosed = true
			return Output{Op: OpHalfClose, To: to}
		}
	}
	return o
}

// control is a frame without a message, if there is something to say.
func (s *stream) control(now int64, to *Attachment, wanted wire.Flag) (Output, bool) {
	flags := wanted &^ to.sentFlags
	beat := !to.sparing && now >= after(to.wrote, s.heartbeat(to))
	credit := (to.sparing || !to.halfClosed) && s.creditDue(to, 2)
	due := s.acks.isDue(now, to) || credit || beat || to.echoDue != 0 || to.probeDue
	if flags == 0 && !due {
		return Output{}, false
	}
	s.acks.answers = false
	h := wire.Header{Tag: to.tag, Ack: s.in.processed, Credit: s.in.credit()}
	if to.echoDue != 0 {
		flags |= wire.Echo
		h.Probe = to.echoDue
		to.echoDue = 0
	} else if to.probeDue || beat {
		to.lastProbe++
		h.Probe = to.lastProbe
		to.probeDue = false
	}
	if flags&wire.Settled != 0 {
		h.Low = to.cursor - 1
	}
	h.Flags = flags
	s.said(now, to, &h)
	return Output{Op: OpSend, To: to, HasHeader: true, Header: h}, true
}

// creditDue reports whether there is news of such a part of the window, or the peer has none left.
func (s *stream) creditDue(to *Attachment, part int64) bool {
	news := s.in.credit() - to.sentCredit
	return news > 0 && (part*news >= s.in.window() || to.sentCredit <= s.in.received)
}

func (s *stream) said(now int64, to *Attachment, h *wire.Header) {
	to.wrote = now
	to.sentAck = max(to.sentAck, h.Ack)
	if h.Ack == s.in.processed {
		to.ackRepeat = false
		s.acks.restart()
	}
	if to.sentAck >= to.ackAsked {
		to.ackAsked = 0
	}
	to.sentCredit = max(to.sentCredit, h.Credit)
	to.sentFlags |= h.Flags &^ (wire.Echo | positionFlags)
}
