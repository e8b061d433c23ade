package session

import "holdfast.dev/go/internal/wire"

// serverHandover is the cursor of a server's session, the place from which a handler on another instance can
// go on, and the hand-over that is made of it. A cursor is current while the handler has sent nothing and
// processed nothing behind it. Only then is the session handed over: otherwise a message would be lost or
// sent twice.
type serverHandover struct {
	// Whether the client takes hand-overs.
	offered bool
	marked  bool
	cursor  []byte
	// The last positions that the cursor covers, of the server and of the client.
	position, processed int64
	// Whether the next owner gets the client's messages from the first one on, whatever was processed.
	replays bool
	// Whether a handler that marked no cursor may be called anew.
	restartable bool
	restarted   bool
	// The hand-overs before this owner.
	moves int64
	// The last word, sealed, which waits for the end of the handler; nil for none.
	prepared Body
}

// sealedBody is the hand-over in a final frame.
type sealedBody []byte

func (b sealedBody) Len() int      { return len(b) }
func (b sealedBody) Bytes() []byte { return append([]byte(nil), b...) }

func (b sealedBody) Retain()  {}
func (b sealedBody) Release() {}

func (h *serverHandover) mark(cursor []byte, position, processed int64, replays bool) {
	h.marked, h.cursor = true, append([]byte{}, cursor...)
	h.position, h.processed, h.replays = position, processed, replays
}

// restore begins where the owner before stopped.
func (h *serverHandover) restore(taken *wire.Handover) {
	h.moves, h.position, h.processed = taken.Moves, taken.Position, taken.Processed
	h.replays = taken.Replays != wire.ReplayNone
	h.restarted = taken.Replays == wire.ReplayRestart
	h.restartable = h.restarted
	h.marked = !h.restarted
	h.cursor = append([]byte{}, taken.Cursor...)
}

func (h *serverHandover) isCurrent(end, processed int64) bool {
	return h.position == end && (h.replays || h.processed == processed)
}

// awaitsMark reports whether the handler marks cursors and has done something behind its last one.
func (h *serverHandover) awaitsMark(end, processed int64) bool {
	return h.offered && h.marked && !h.isCurrent(end, processed)
}

// next is the hand-over behind these positions, without its seal.
func (h *serverHandover) next(end, processed int64, halfClosed bool) (wire.Handover, bool) {
	next := wire.Handover{Position: end + 1, Moves: h.moves + 1}
	switch {
	case !h.offered:
		return next, false
	case !h.marked:
		next.Replays = wire.ReplayRestart
		return next, h.restartable
	case h.replays:
		next.Replays = wire.ReplayAll
	default:
		next.Processed, next.HalfClosed = processed, halfClosed
	}
	next.Cursor = h.cursor
	return next, h.isCurrent(end, processed)
}

// isBefore reports whether a hand-over is later than what is here: the session was handed over, or was begun
// by an earlier hand-over, of whose welcome its client never heard, so that it went on elsewhere.
func (h *serverHandover) isBefore(later *wire.Handover) bool {
	return h.prepared != nil || h.moves < later.Moves
}

// Mark takes the place from which a handler of another instance can go on: behind all that was sent, and
// behind a position of the client. With replays that handler gets the client's messages from the first one
// on.
func (s *Server) Mark(now int64, cursor []byte, upTo int64, replays bool) {
	if s.end == nil && !s.out.finished && !s.state.Terminal() {
		s.handover.mark(cursor, s.out.end, max(upTo, s.in.processed), replays)
		s.leave(now)
	}
}

// ExpectOneRequest says that the method has one request and many responses: its client has nothing to send
// behind the request, and need not confirm that when the instance leaves. Without side effects, a handler
// that has marked no cursor may be called anew by another instance.
func (s *Server) ExpectOneRequest(now int64, sideEffects bool) {
	s.oneRequest = true
	s.handover.restartable = s.handover.restartable || !sideEffects
	s.leave(now)
}

// Resumed is the cursor that was marked last; before the handler starts, that of the owner before.
func (s *Server) Resumed() ([]byte, bool) { return s.handover.cursor, s.handover.marked }

// TakenOver reports whether another owner handed the session over.
func (s *Server) TakenOver() bool { return s.handover.moves > 0 }

// SentBefore is how many messages the handlers before have sent that the one here goes on from.
func (s *Server) SentBefore() int64 {
	if s.handover.restarted {
		return 0
	}
	return s.out.end - s.handover.moves
}

func (s *Server) takeOver(taken *wire.Handover) {
	s.out.goOnBehind(taken.Position)
	s.in.goOnBehind(taken.Processed, taken.HalfClosed)
	s.oneRequest = taken.Replays != wire.ReplayNone
	s.handover.restore(taken)
}

// move ends the session here, by a hand-over where there can be one. The handler ends before the client can
// know of it: two of them must not go on.
func (s *Server) move() {
	next, possible := s.handover.next(s.out.end, s.in.processed, s.in.finished())
	if !possible {
		s.sayMoved(nil)
		return
	}
	next = s.issuer.Seal(next, s.id, s.caller.Principal, s.caller.Method)
	s.handover.prepared = sealedBody(next.Append(nil))
	if s.started {
		s.reportEnd(s.endOf(SessionMoved))
	}
	if !s.started || s.late {
		s.sayMoved(s.handover.prepared)
	}
}

// comesBack takes a hand-over that is later than this session, which has gone on elsewhere and is over here.
func (s *Server) comesBack(shown *wire.Handover) {
	switch {
	case s.handover.prepared == nil:
		s.givenUp = true
		if s.current != nil {
			s.close(s.current, Replaced)
			s.current = nil
		}
		s.conclude(SessionMoved)
	case s.ack(shown.Position) && s.out.settled():
		s.settle()
	}
}
