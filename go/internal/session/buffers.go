package session

import "holdfast.dev/go/internal/wire"

// Body is an application's message as the session keeps it: opaque bytes with a reference count.
type Body interface {
	Len() int
	// Bytes is a copy of the content.
	Bytes() []byte
	// Retain and Release count the holders. A body is made with one.
	Retain()
	Release()
}

func size(b Body) int64 {
	if b == nil {
		return 0
	}
	return int64(b.Len())
}

func release(b Body) {
	if b != nil {
		b.Release()
	}
}

// item is what stands at a position.
type item struct {
	seq    int64
	body   Body
	flags  wire.Flag
	status uint32
}

func (i *item) last() bool { return i.flags&(wire.Final|wire.HalfClose) != 0 }

// sendBuffer keeps what the peer has not processed, from low to end. At its limits the session is
// full; what was accepted stays until it is acknowledged.
type sendBuffer struct {
	limitMessages int
	limitBytes    int64
	items         []item // a ring; its length is a power of two
	low, end      int64
	acked, sent   int64
	held          int64 // bytes
	flowed        int64 // bytes acknowledged since the session was attached
	finished      bool
	toldFull      bool
	// Whether the first message is kept after its ack, and that message once it was released.
	keepsFirst bool
	first      *item
	budget     *Budget
}

func newSendBuffer(o *Options, budget *Budget) sendBuffer {
	return sendBuffer{
		limitMessages: o.SendMessages, limitBytes: o.SendBytes,
		items: make([]item, 2), low: 1, budget: budget,
	}
}

// goOnBehind begins behind the last position of another owner.
func (s *sendBuffer) goOnBehind(position int64) {
	s.low, s.end, s.acked, s.sent = position+1, position, position, position
}

func (s *sendBuffer) count() int { return int(s.end - s.low + 1) }

func (s *sendBuffer) ready() bool {
	room := s.count() == 0 || s.budget.hasRoom(s.held, s.flowed)
	return !s.finished && s.count() < s.limitMessages && s.held < s.limitBytes && room
}

// askReady promises to say when there is room again.
func (s *sendBuffer) askReady() bool {
	ready := s.ready()
	s.toldFull = s.toldFull || !ready
	return ready
}

func (s *sendBuffer) takeReadyAgain() bool {
	again := s.toldFull && s.ready()
	if again {
		s.toldFull = false
	}
	return again
}

// offer takes a message while there is room: so one message may stand above the limit.
func (s *sendBuffer) offer(body Body) bool {
	taken := s.askReady()
	if taken {
		s.append(body, 0, 0)
	}
	return taken
}

// finish takes the last position, which always fits; only one counts.
func (s *sendBuffer) finish(flags wire.Flag, status uint32, body Body) {
	if !s.finished {
		s.append(body, flags, status)
		s.finished = true
	}
}

func (s *sendBuffer) append(body Body, flags wire.Flag, status uint32) {
	if s.count() == len(s.items) {
		larger := make([]item, 2*len(s.items))
		for seq := s.low; seq <= s.end; seq++ {
			larger[seq&int64(len(larger)-1)] = *s.slot(seq)
		}
		s.items = larger
	}
	s.end++
	*s.slot(s.end) = item{seq: s.end, body: body, flags: flags, status: status}
	s.hold(size(body))
}

func (s *sendBuffer) slot(seq int64) *item { return &s.items[seq&int64(len(s.items)-1)] }

func (s *sendBuffer) at(seq int64) *item {
	if seq < s.low || seq > s.end {
		return nil
	}
	return s.slot(seq)
}

// ack releases what the peer has processed; false when it was never sent.
func (s *sendBuffer) ack(upTo int64) bool {
	if upTo > s.sent {
		return false
	}
	s.acked = max(s.acked, upTo)
	before := s.held
	s.release(upTo)
	s.flowed += before - s.held
	return true
}

func (s *sendBuffer) release(upTo int64) {
	for ; s.low <= upTo; s.low++ {
		slot := s.slot(s.low)
		if s.low == 1 && s.keepsFirst && size(slot.body) <= maxFirstBytes {
			first := *slot
			s.first = &first
		} else {
			s.hold(-size(slot.body))
			release(slot.body)
		}
		*slot = item{}
	}
}

// mayRewind reports whether all that was sent, a first message and a half-close, can be sent again.
func (s *sendBuffer) mayRewind() bool { return s.end <= 2 && (s.first != nil || s.at(1) != nil) }

// rewind begins at position 1 again, with the first message and the half-close.
func (s *sendBuffer) rewind() {
	again := s.first
	if held := s.at(1); held != nil {
		first := *held
		again = &first
		*held = item{}
		s.low = 2
	}
	halfClosed := s.finished
	s.release(s.end)
	s.hold(-size(again.body))
	s.first = nil
	s.low, s.end, s.acked, s.sent = 1, 0, 0, 0
	s.finished = again.last()
	s.append(again.body, again.flags, again.status)
	if halfClosed {
		s.finish(wire.HalfClose, 0, nil)
	}
}

func (s *sendBuffer) dropFirst() {
	if s.first != nil {
		s.hold(-size(s.first.body))
		release(s.first.body)
		s.first = nil
	}
}

func (s *sendBuffer) hold(bytes int64) {
	s.held += bytes
	s.budget.take(bytes)
}

func (s *sendBuffer) onSent(seq int64) { s.sent = max(s.sent, seq) }

func (s *sendBuffer) settled() bool { return s.finished && s.acked == s.end }

func (s *sendBuffer) onState(next State) {
	if !next.attached() {
		s.flowed = 0
	}
	if next.Terminal() {
		s.release(s.end)
		s.dropFirst()
	}
}

// received is the result for a position that came.
type received int

const (
	accepted received = iota
	duplicate
	gap
	violation
)

const (
	windowForgets = 16
	leastWindow   = 2
	// A larger request is not kept for a hand-over: its stream ends with MOVED.
	maxFirstBytes = 64 << 10
)

// receiveBuffer is the receive window of a session, committed <= processed <= delivered <=
// received. In memory committed is processed.
type receiveBuffer struct {
	windowMessages int
	limitBytes     int64
	waiting        []item
	inHand         []int64 // sizes of what the application has and has not processed
	received       int64
	delivered      int64
	processed      int64
	last           int64 // the last position; 0 while it is not known
	moved          int64 // the last position of the owner before; 0 for none
	ownerMoved     bool  // whether the last position is that of an owner which moves the session
	waitingBytes   int64
	inHandBytes    int64
	processedBytes int64
	granted        int64
	demand         int
	large          int64 // the largest message of late, as credit is meant in bytes
	duplicates     int64
	budget         *Budget
}

func newReceiveBuffer(o *Options, budget *Budget) receiveBuffer {
	r := receiveBuffer{windowMessages: o.ReceiveMessages, limitBytes: o.ReceiveBytes, budget: budget}
	r.granted = r.window()
	return r
}

// goOnBehind begins behind a position that another owner has processed, which may be the last one.
func (r *receiveBuffer) goOnBehind(processed int64, last bool) {
	r.received, r.delivered, r.processed = processed, processed, processed
	r.granted = processed + r.window()
	if last {
		r.last = processed
	}
}

// finished reports whether the last position was processed.
func (r *receiveBuffer) finished() bool { return r.last != 0 && r.processed == r.last }

func (r *receiveBuffer) receive(seq int64, flags wire.Flag, status uint32, body Body) received {
	last := flags&(wire.Final|wire.HalfClose) != 0
	invited := last || seq <= max(r.granted, wire.InitialCredit)
	switch {
	case seq == 0:
		return violation
	case seq <= r.received:
		r.duplicates++
		return duplicate
	case seq > r.received+1:
		return gap
	case (r.last != 0 && seq > r.last) || !invited:
		return violation
	}
	r.accept(item{seq: seq, flags: flags, status: status, body: body})
	return accepted
}

// admit accepts the positions up to this one, whatever credit was given.
func (r *receiveBuffer) admit(upTo int64) { r.granted = max(r.granted, upTo) }

func (r *receiveBuffer) accept(it item) {
	r.received = max(r.received, it.seq)
	r.waiting = append(r.waiting, it)
	bytes := size(it.body)
	r.waitingBytes += bytes
	r.large = max(r.large-r.large/windowForgets, 1+bytes)
	r.budget.take(bytes)
	if it.last() {
		r.last, r.ownerMoved = it.seq, it.flags&wire.Moved != 0
	}
}

// deliver returns the next position for the application. From a plain peer, which knows no credit,
// comes what the application asked for.
func (r *receiveBuffer) deliver(plain bool) (item, bool) {
	if len(r.waiting) == 0 {
		return item{}, false
	}
	next := r.waiting[0]
	if !next.last() {
		if r.demand == 0 || (r.inHandBytes >= r.limitBytes && !plain) {
			return item{}, false
		}
		r.demand--
	}
	r.waiting[0] = item{}
	if r.waiting = r.waiting[1:]; len(r.waiting) == 0 {
		r.waiting = nil
	}
	bytes := size(next.body)
	r.waitingBytes -= bytes
	r.delivered = next.seq
	if next.last() {
		r.budget.take(-bytes)
		r.process(r.processed)
	} else {
		r.inHand = append(r.inHand, bytes)
		r.inHandBytes += bytes
	}
	return next, true
}

func (r *receiveBuffer) process(upTo int64) {
	upTo = min(upTo, r.delivered)
	for seq := r.processed; seq < upTo && len(r.inHand) > 0; seq++ {
		bytes := r.inHand[0]
		if r.inHand = r.inHand[1:]; len(r.inHand) == 0 {
			r.inHand = nil
		}
		r.inHandBytes -= bytes
		r.processedBytes += bytes
		r.budget.take(-bytes)
	}
	// Nobody processes a half-close or a status: what comes before it implies it.
	// Two owners' last words may follow each other.
	if upTo+1 == r.moved {
		upTo = r.moved
	}
	if upTo+1 == r.last && r.delivered == r.last {
		upTo = r.last
	}
	r.processed = max(r.processed, upTo)
}

// goOn: the last position was that of one owner only; the next one goes on behind it. Until that one has
// welcomed the session, whatever comes behind the last position is the old owner's mistake.
func (r *receiveBuffer) goOn() { r.moved, r.last, r.ownerMoved = r.last, 0, false }

// mayGoOn reports whether all before an earlier owner's last position was processed.
func (r *receiveBuffer) mayGoOn() bool {
	return r.processed >= r.moved && r.last != 0 && r.delivered == r.last
}

// firstNeeded is the lowest position that the peer must still hold. An owner that took the session over
// holds nothing of what came from the owner before, though the application may have some in hand.
func (r *receiveBuffer) firstNeeded() int64 { return max(r.processed, r.moved) + 1 }

func (r *receiveBuffer) clear() {
	r.budget.take(-r.waitingBytes - r.inHandBytes)
	for i := range r.waiting {
		release(r.waiting[i].body)
	}
	r.waiting, r.inHand = nil, nil
	r.waitingBytes, r.inHandBytes = 0, 0
}

func (r *receiveBuffer) window() int64 {
	fitting := int64(wire.InitialCredit)
	if r.large > 0 {
		fitting = r.limitBytes / r.large
	}
	return min(int64(r.windowMessages), max(leastWindow, fitting))
}

// wantsMore reports whether the transport may be asked for one message, however large.
func (r *receiveBuffer) wantsMore() bool {
	idle := len(r.waiting) == 0 && len(r.inHand) == 0
	return idle || (r.hasRoom() && (len(r.waiting) <= 1 || r.waitingBytes < 2*r.limitBytes))
}

func (r *receiveBuffer) hasRoom() bool {
	return r.budget.hasRoom(r.waitingBytes+r.inHandBytes, r.processedBytes)
}

// credit is the highest position that may come; it never goes back.
func (r *receiveBuffer) credit() int64 {
	switch {
	case r.waitingBytes < r.limitBytes && r.hasRoom():
		r.granted = max(r.granted, r.processed+r.window())
	case len(r.waiting) == 0:
		// One at a time goes on, or this session would wait for others.
		r.granted = max(r.granted, r.processed+1)
	}
	return r.granted
}
