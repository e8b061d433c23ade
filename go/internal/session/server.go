package session

import (
	"sync"
	"time"

	"holdfast.dev/go/internal/wire"
)

// Caller is who calls, by the authentication outside, and which method.
type Caller struct{ Principal, Method string }

// Server is the server's side of a session. It lets in only the newest attachment, by its number
// and not by its arrival, and one at a time.
type Server struct {
	// Carrier is the owner's.
	Carrier any

	stream
	lock            sync.Locker
	caller          Caller
	issuer          *wire.Issuer
	token           []byte
	handover        serverHandover
	newest          int64
	newestUntouched int64
	expires         int64
	started         bool
	draining        *Attachment
	leaving         bool // the instance ends, and with it the session
	graceEnds       int64
	late            bool // the grace time is over
	oneRequest      bool
	settled         bool
	frozen          bool
	moved           bool
	givenUp         bool // the session went on elsewhere
	responseHeld    bool // a hop may have held a response of this session
	spread          time.Duration
}

func newServer(id wire.SessionID, o Options, budget *Budget, caller Caller, issuer *wire.Issuer, owner string) *Server {
	token := issuer.Issue(id, caller.Principal, caller.Method, owner)
	s := &Server{caller: caller, issuer: issuer, token: token, expires: never}
	s.begin(s, id, o, budget)
	return s
}

// Caller is who began the session.
func (s *Server) Caller() Caller { return s.caller }

// Finish takes the final status; messages are refused afterwards. Behind a hand-over it says that the handler
// has ended.
func (s *Server) Finish(status uint32, body Body) {
	switch {
	case s.state.Terminal() || s.out.finished:
		release(body)
	case s.handover.prepared != nil:
		release(body)
		s.sayMoved(s.handover.prepared)
	default:
		s.out.finish(wire.Final, status, body)
	}
}

func (s *Server) onHello(now int64, a *Attachment, h *wire.Hello) {
	switch {
	case s.state.Terminal():
		s.refuse(a, wire.CodeExpired)
	case h.Attach <= s.newest:
		s.refuse(a, wire.CodeFenced)
	case !s.match(h.Watermark, h.Low):
		s.refuse(a, wire.CodeGap)
		s.conclude(LostGap)
	default:
		s.admit(now, a, h)
	}
}

func (s *Server) admit(now int64, a *Attachment, h *wire.Hello) {
	s.newest = h.Attach
	if h.Untouched {
		s.newestUntouched = h.Attach
	}
	if s.out.settled() {
		s.refuse(a, wire.CodeExpired)
		s.settle()
		return
	}
	if s.current != nil {
		s.close(s.current, Replaced)
	}
	if h.RemainingMillis > 0 && s.deadline == never {
		s.deadline = now + h.RemainingMillis*int64(time.Millisecond)
	}
	s.expires = never
	switch s.state {
	case New:
		s.transition(Opening)
	case Detached:
		s.transition(Resuming)
	}
	w := &wire.Welcome{
		Token: s.token, Watermark: s.in.processed, Low: s.out.low, Credit: s.in.credit(),
		TTLMillis: s.options.TTL.Milliseconds(), AckEvery: s.acks.every,
		AckDelayMillis: max(1, s.acks.delay.Milliseconds()), SpreadMillis: s.spread.Milliseconds(),
	}
	s.put(Output{Op: OpAccept, To: a, Welcome: w})
	a.sentAck, a.sentCredit = w.Watermark, w.Credit
	a.comesBack, a.wasHeld = len(h.Token) > 0, s.responseHeld
	s.adopt(now, a, h.Credit, h.Watermark+1)
	// A session that was handed over may come to another instance as well, until its client has a welcome.
	if s.handover.moves == 0 || s.peerWelcomed {
		s.startHandler()
	}
}

func (s *Server) startHandler() {
	if s.started || s.moved || s.current == nil {
		return
	}
	s.started = true
	s.put(Output{Op: OpStartHandler, To: s.current})
	if s.in.finished() {
		s.put(Output{Op: OpHalfClosed})
	}
}

// OnClosed says that the call of an attachment ended. A reset of the stream and the end of its
// connection look the same from here.
func (s *Server) OnClosed(now int64, a *Attachment) {
	if a != s.current || s.state.Terminal() {
		return
	}
	if s.end == nil && s.stuck.isLimit(a, Closure{Scope: ScopeConnection}) {
		s.conclude(LostStuck)
	}
	s.detach(now)
}

// OnHalfClosed takes the end of the request side: the half-close of a peer that is unproved to
// itself, which can't put it into a frame.
func (s *Server) OnHalfClosed(now int64, a *Attachment) {
	a.ended, a.endedAt = true, now
	if a == s.current && a.headerSeen && !a.welcomeSeen {
		a.lastSeq++
		s.receive(now, a, a.lastSeq, wire.HalfClose, 0, nil)
	}
	if a == s.current && s.awaitedWelcome(a) && s.in.received > a.sentAck {
		// What it knows to be acknowledged it need not say on the next attachment.
		a.ackAsked = s.in.received
	}
}

// Drain says that the connection ends, or with leaving the instance: the session then ends as
// moved, when all that came was processed, after the grace time at the latest.
func (s *Server) Drain(now int64, leaving bool, grace time.Duration) {
	s.draining = s.current
	if leaving && !s.leaving {
		s.leaving = true
		s.graceEnds = now + int64(grace)
		s.leave(now)
	}
}

// OnTimeout is due at NextDeadline and harmless at any other time.
func (s *Server) OnTimeout(now int64) {
	if s.state.Terminal() {
		return
	}
	switch {
	case s.end == nil && now >= s.deadline:
		s.conclude(Deadline)
	case now >= s.expires:
		s.conclude(LostExpired)
	default:
		s.leave(now)
	}
	if s.flow.takeHeldUp(now, s.current) {
		s.draining = s.current
	}
	if s.current != nil && s.current.silent(now, s.silentAfter()) {
		s.close(s.current, Silent)
		s.detach(now)
	} else if now >= s.responseHeldAt() {
		s.responseHeld = true
		s.close(s.current, ResponseHeld)
		s.detach(now)
	}
}

// NextDeadline is when OnTimeout is due; the highest number for never.
func (s *Server) NextDeadline() int64 {
	if s.state.Terminal() {
		return never
	}
	at := min(s.frameDeadline(), s.flow.heldUpAt(s.current), s.expires)
	if s.end == nil {
		at = min(at, s.deadline)
	}
	if s.leaving && !s.late {
		at = min(at, s.graceEnds)
	}
	if s.current != nil {
		at = min(at, s.current.silence(s.silentAfter()), s.responseHeldAt())
	}
	return at
}

// responseHeldAt is when the attachment is to be ended because a hop may hold its response until that is
// complete. A client that gets no answer ends its request side, and from then on it can acknowledge what
// comes only on another attachment, which it opens when it has the welcome. If it does not, the end of the
// call brings welcome and messages through such a hop, and the client comes again. When that has helped, it
// half-closes at once (halfDuplexPath), as it does where a hop holds requests; the session remembers which
// of the two it is.
func (s *Server) responseHeldAt() int64 {
	a := s.current
	if a == nil || !a.ended || a.welcomeSeen {
		return never
	}
	held := s.awaitedWelcome(a)
	since := max(a.touchedAt, a.endedAt)
	switch {
	case a.touched && held && a.comesBack && a.ackAsked == 0:
		return since
	case a.touched && held:
		// Of another kind than server-streaming, no later attachment goes this way: at first there is time for
		// all that the handler says behind the half-close.
		return after(since, s.options.AssumePlain)
	case a.touched && !a.comesBack:
		// Through a hop that holds requests, the second attachment comes after one such silence.
		return after(since, 2*s.options.AssumePlain)
	case held && a.comesBack:
		return after(a.endedAt, s.options.Handshake/2)
	}
	return never
}

// awaitedWelcome reports whether the client, which has not shown the welcome, waited for it in vain: now, when
// the welcome had been sent for a while before the half-close, or on an earlier attachment. It waits for
// AssumePlain until it ends its half, and for Handshake until it gives the attachment up.
func (s *Server) awaitedWelcome(a *Attachment) bool {
	late := a.endedAt-a.heard >= int64(s.options.AssumePlain/2)
	return a.handshook && !a.welcomeSeen && (late || a.wasHeld)
}

func (s *Server) silentAfter() time.Duration {
	if s.options.Suspect == 0 {
		return 0
	}
	return s.options.Suspect + s.options.Dead
}

// leave says the last word of a session whose instance ends, when it is time.
func (s *Server) leave(now int64) {
	if !s.leaving || s.state.Terminal() {
		return
	}
	s.late = s.late || now >= s.graceEnds
	switch {
	case s.out.finished:
	case s.handover.prepared != nil:
		if s.late {
			s.sayMoved(s.handover.prepared)
		}
	default:
		settled := s.settled || (s.oneRequest && s.in.finished())
		s.frozen = s.frozen || s.late || (settled && s.in.delivered == s.in.received)
		if s.frozen && s.in.processed == s.in.delivered && (s.late || !s.handover.awaitsMark(s.out.end, s.in.processed)) {
			s.move()
		}
	}
}

// sayMoved sends the last word of a session that goes elsewhere.
func (s *Server) sayMoved(body Body) {
	s.moved = true
	s.out.finish(wire.Final|wire.Moved, codeUnavailable, body)
}

func (s *Server) settle() {
	if s.moved {
		s.conclude(SessionMoved)
	} else {
		s.conclude(Finished)
	}
}

func (s *Server) conclude(kind Kind) {
	if s.state.Terminal() {
		return
	}
	if s.started {
		s.reportEnd(s.endOf(kind))
	}
	if s.current != nil {
		s.close(s.current, Done)
		s.current = nil
	}
	if kind.Lost() {
		s.transition(Lost)
	} else {
		s.transition(Closed)
	}
}

func (s *Server) detach(now int64) {
	s.current = nil
	if !s.state.Terminal() {
		s.transition(Detached)
		s.expires = now + int64(s.options.TTL)
	}
}

func (s *Server) refuse(a *Attachment, code wire.Code) {
	refusal := &wire.Refusal{Code: code}
	if code != wire.CodeFenced {
		refusal.Processed = s.in.processed
	}
	s.put(Output{Op: OpRefuse, To: a, Refusal: refusal})
}

func (s *Server) fits(h *wire.Header) bool { return h.OfClient() }

// onPeerActivity: a client that takes a hand-over sends nothing before it has the welcome.
func (s *Server) onPeerActivity(int64) {
	if s.handover.moves > 0 {
		s.startHandler()
	}
}

func (s *Server) onProgress() {}

func (s *Server) onFlags(now int64, _ *Attachment, h *wire.Header) {
	if h.Has(wire.Cancel) {
		s.conclude(Cancelled)
	} else if h.Has(wire.Settled) && h.Low <= s.in.received {
		s.settled = true
		s.leave(now)
	}
}

func (s *Server) onBare(now int64, from *Attachment, body Body) {
	if from.lastSeq == 0 || from.welcomeSeen {
		release(body)
		s.onViolation(now, from)
		return
	}
	from.lastSeq++
	// Its client has not read a welcome and knows no credit; the transport's window bounds it.
	s.in.admit(from.lastSeq)
	s.receive(now, from, from.lastSeq, 0, 0, body)
}

func (s *Server) onFinal(int64, item) {}

func (s *Server) onViolation(now int64, a *Attachment) {
	s.close(a, ProtocolError)
	if s.stuck.isLimit(a, Closure{Scope: ScopeStream, Status: codeUnavailable}) {
		s.conclude(LostStuck)
	}
	s.detach(now)
}

func (s *Server) onProcessed(now int64) {
	s.acks.onProcessed(now, s.current)
	s.leave(now)
}

func (s *Server) onUnsayable(int64, *Attachment) {}

func (s *Server) beforeFrames(int64) {}

func (s *Server) afterInput() {
	if s.out.settled() {
		s.settle()
	}
}

func (s *Server) writing() *Attachment { return s.current }

func (s *Server) wantedFlags() wire.Flag {
	var flags wire.Flag
	if s.leaving || (s.draining != nil && s.draining == s.current) {
		flags = wire.Drain
	}
	if s.leaving {
		flags |= wire.Leaving
	}
	return flags
}

func (s *Server) mayDeliver() bool { return !s.frozen && s.started }

func (s *Server) maySend(to *Attachment, it *item) bool { return s.withinCredit(to, it) }
