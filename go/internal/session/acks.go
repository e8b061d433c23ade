package session

import (
	"time"

	"holdfast.dev/go/internal/wire"
)

// ackSchedule says when what was processed is acknowledged.
type ackSchedule struct {
	in       *receiveBuffer
	bytes    int64
	answered int64 // bytes while messages are answered, so that an answer may carry the ack
	every    int64
	delay    time.Duration
	due      int64
	covered  int64 // processed bytes that acks have covered
	answers  bool  // a message went out since an ack had to go by itself
}

func newAckSchedule(o *Options, in *receiveBuffer) ackSchedule {
	return ackSchedule{in: in, bytes: o.ackBytes(), answered: o.answeredAckBytes(), every: int64(o.AckEvery), delay: o.AckDelay, due: never}
}

// follow takes what a welcome asks for; 0 asks for nothing.
func (s *ackSchedule) follow(o *Options, w *wire.Welcome) {
	s.every, s.delay = int64(o.AckEvery), o.AckDelay
	if w.AckEvery > 0 {
		s.every = min(w.AckEvery, maxMessages)
	}
	if w.AckDelayMillis > 0 {
		s.delay = min(time.Duration(w.AckDelayMillis)*time.Millisecond, maxAckDelay)
	}
}

func (s *ackSchedule) onProcessed(now int64, to *Attachment) {
	if s.due == never && to != nil && to.handshook && s.in.processed > to.sentAck {
		s.due = now + int64(s.delay)
	}
}

func (s *ackSchedule) restart() {
	s.due = never
	s.covered = s.in.processedBytes
}

func (s *ackSchedule) isDue(now int64, to *Attachment) bool {
	if to.sparing {
		return now >= s.sparingDue(to)
	}
	unsaid := s.in.processed - to.sentAck
	asked := to.ackAsked > 0 && s.in.processed >= to.ackAsked
	return to.ackRepeat || s.enoughUnsaid(to) || (unsaid > 0 && (now >= s.due || asked))
}

// sparingDue is when an ack is due that costs an attachment. A peer whose buffer is full waits for an
// ack by number or bytes, and sends nothing; while it sends, credit is soon enough.
func (s *ackSchedule) sparingDue(to *Attachment) int64 {
	if !s.enoughUnsaid(to) {
		return never
	}
	return to.heard + int64(s.delay)
}

// enoughUnsaid reports whether an ack is due by number or by bytes.
func (s *ackSchedule) enoughUnsaid(to *Attachment) bool {
	unsaid := s.in.processed - to.sentAck
	most := s.bytes
	if s.answers {
		most = s.answered
	}
	return unsaid >= s.every || (unsaid > 0 && s.in.processedBytes-s.covered >= most)
}

// enough reports whether a peer with the same schedule acknowledges so much without delay.
func (s *ackSchedule) enough(out *sendBuffer) bool {
	return int64(out.count()) >= s.every || out.held >= s.answered
}

const (
	streamWeight     = 4
	connectionWeight = 1
	stuckWeight      = 3 * streamWeight
)

// stuckDetector counts attachments in a row that ended without progress after they had sent the
// same message: some hop can't take it.
type stuckDetector struct {
	out    *sendBuffer
	at     int64
	weight int
}

// probe is the number that a suspect message is sent with; 0 for any other.
func (d *stuckDetector) probe(to *Attachment, seq int64) int64 {
	if d.weight == 0 || seq != d.at || seq != d.out.acked+1 || !to.handshook {
		return 0
	}
	to.lastProbe++
	to.suspectSeq, to.suspectProbe = seq, to.lastProbe
	return to.suspectProbe
}

// onEcho acquits what was sent with the probe: it has arrived.
func (d *stuckDetector) onEcho(from *Attachment, probe int64) {
	if from.suspectProbe != 0 && probe >= from.suspectProbe {
		from.arrivedSeq = from.suspectSeq
		d.weight = 0
	}
}

// isLimit reports whether an attachment that ended was one too many.
func (d *stuckDetector) isLimit(ended *Attachment, how Closure) bool {
	head := d.out.acked + 1
	// Who never heard of it may have given it up before it was let in.
	if !ended.heardAny || head > d.out.end || ended.cursor <= head || ended.arrivedSeq == head {
		return false
	}
	if d.at != head {
		d.at, d.weight = head, 0
	}
	if how.Scope == ScopeConnection || how.Scope == ScopeUnreached {
		d.weight += connectionWeight
	} else {
		d.weight += streamWeight
	}
	return d.weight >= stuckWeight
}

const (
	firstPatience   = time.Second
	longestPatience = 30 * time.Second
)

// inboundFlow asks the transport for one message at a time, and for none while too much waits for
// the application. Acks wait behind what is not read; when they are awaited for long, the
// attachment is replaced, because a handshake acknowledges too.
type inboundFlow struct {
	in       *receiveBuffer
	out      *sendBuffer
	paused   int64
	patience time.Duration
}

func (f *inboundFlow) isDue(now int64, from *Attachment) bool {
	if !from.handshook || from.plain || from.requested {
		return false
	}
	// What was received before is dropped, and what stands in its header is read.
	repeated := from.lastSeq < f.in.received
	if !f.in.wantsMore() && !repeated {
		if !from.readPaused {
			from.readPaused = true
			f.paused = now
		}
		return false
	}
	if from.readPaused {
		from.readPaused = false
		// Nothing could be heard meanwhile, which says nothing of the path.
		from.heard = now
		f.patience = firstPatience
	}
	from.requested = true
	return true
}

func (f *inboundFlow) heldUpAt(on *Attachment) int64 {
	if on == nil || !on.readPaused || f.out.acked >= f.out.sent {
		return never
	}
	return f.paused + int64(f.patience)
}

// takeHeldUp reports, once each time, whether acks have been awaited for too long.
func (f *inboundFlow) takeHeldUp(now int64, on *Attachment) bool {
	if now < f.heldUpAt(on) {
		return false
	}
	f.paused = now
	f.patience = min(2*f.patience, longestPatience)
	return true
}
