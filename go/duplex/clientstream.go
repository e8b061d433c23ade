package duplex

import (
	"context"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/internal/session"
)

// clientStream is the stream that a client's application sees. RecvMsg of message n+1 says that n was
// processed.
type clientStream struct {
	calls    *calls
	cc       *grpc.ClientConn
	method   string
	streamer grpc.Streamer
	options  callOptions
	ctx      context.Context
	// With one response RecvMsg returns it together with the status.
	cardinality
	peer peerKey

	mu       sync.Mutex
	session  *session.Client
	alarm    alarm
	canRead  sync.Cond
	canSend  sync.Cond
	begun    time.Time // by the wall clock
	stopped  func() bool
	inbox    session.Output // the message that the application is to take
	hasInbox bool
	asked    bool
	given    int64 // the position of the message that the application has
	// Messages of the handlers before one that began anew: told before the message in the inbox, and before
	// the one that follows it. 0 for none.
	inboxRestarted, restarted int64
	received                  bool // a message
	closing                   bool // CloseSend was called
	header                    metadata.MD
	answered                  bool // the header is there, or never will be
	end                       *session.End
	err                       error
	trailer                   metadata.MD
	refused                   error // why this side ended the session, if it did
	last                      error // the status of the attachment that ended last
}

var _ grpc.ClientStream = (*clientStream)(nil)

func (s *clientStream) start() {
	s.canRead.L, s.canSend.L = &s.mu, &s.mu
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = s.calls.wall().Round(0)
	var untilDeadline time.Duration
	if deadline, ok := s.ctx.Deadline(); ok {
		untilDeadline = max(1, time.Until(deadline))
	}
	if s.options.onRestarted != nil {
		s.session.AcceptRestart()
	}
	s.session.Start(now(), untilDeadline, s.calls.knownPeer(s.peer), s.kind())
	s.stopped = context.AfterFunc(s.ctx, s.onContextDone)
	s.pump()
}

func (s *clientStream) onContextDone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() == context.DeadlineExceeded {
		s.session.Expire()
	} else {
		s.session.Cancel(now())
	}
	s.pump()
}

// pause lets another stream's welcome wake this one, if it waits for its next attempt; called with the lock
// held.
func (s *clientStream) pause() {
	if server, paused := s.session.Paused(); paused {
		s.calls.pause(s, server)
	}
}

func (s *clientStream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session.OnReachable(now())
	s.pump()
}

// abandon ends the session where no attachment can follow.
func (s *clientStream) abandon(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = why
	s.session.Abandon()
	s.pump()
}

// refuse ends the session with an error of this side; called with the lock held.
func (s *clientStream) refuse(why error) {
	if s.refused == nil {
		s.refused = why
	}
	s.session.Cancel(now())
	s.pump()
}

// pump does what the session asks for, with the lock held.
func (s *clientStream) pump() {
	for {
		o, ok := s.session.Poll(now())
		if !ok {
			break
		}
		switch o.Op {
		case session.OpStart:
			s.calls.endPause(s)
			s.startAttachment(o)
		case session.OpSend:
			attachmentOf(o.To).enqueue(o)
		case session.OpRequest:
			attachmentOf(o.To).request()
		case session.OpHalfClose:
			attachmentOf(o.To).halfClose()
		case session.OpEnd:
			attachmentOf(o.To).endCall(o.Why)
		case session.OpDeliver:
			s.inbox, s.hasInbox, s.asked = o, true, false
			s.inboxRestarted, s.restarted = s.restarted, 0
			s.canRead.Signal()
		case session.OpRestarted:
			s.restarted = o.Seq
		case session.OpReady:
			s.canSend.Broadcast()
		case session.OpEnded:
			s.onEnded(o.End)
		}
	}
	if s.session.State().Terminal() {
		s.alarm.stop()
		s.calls.remove(s)
		return
	}
	s.alarm.set(&s.mu, s.session.NextDeadline(), s.onAlarm)
}

func (s *clientStream) onAlarm() {
	s.session.OnTimeout(now())
	s.pump()
}

func (s *clientStream) onEnded(end *session.End) {
	s.end = end
	s.trailer, s.err = endError(end, s.refused, s.last, s.session.HeadBytes())
	s.answered = true
	s.stopped()
	s.canRead.Broadcast()
	s.canSend.Broadcast()
	err := s.err
	if err == io.EOF {
		err = nil
	}
	s.options.finish(s.header, s.trailer, err)
}

func (s *clientStream) startAttachment(o session.Output) {
	a := newClientAttachment(s, o)
	o.To.Carrier = a
	s.session.OnHelloUnsent(o.To)
	go a.run()
}

func attachmentOf(a *session.Attachment) *clientAttachment { return a.Carrier.(*clientAttachment) }

// onHeader takes the metadata of the first response headers for the application.
func (s *clientStream) onHeader(md metadata.MD, from *peer.Peer) {
	if !s.answered {
		s.options.setPeer(from)
		s.answered = true
		s.header = md
		s.canRead.Broadcast()
	}
}

// Header blocks until a server has answered the session, or it has ended.
func (s *clientStream) Header() (metadata.MD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.answered {
		s.canRead.Wait()
	}
	if s.header == nil && s.err != io.EOF {
		return nil, s.err
	}
	return s.header, nil
}

// Trailer is what came with the final status.
func (s *clientStream) Trailer() metadata.MD {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trailer
}

// CloseSend half-closes the session.
func (s *clientStream) CloseSend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	s.canSend.Broadcast()
	s.session.HalfClose()
	s.pump()
	return nil
}

// Context is the application's; its end cancels the session.
func (s *clientStream) Context() context.Context { return s.ctx }

// SendMsg takes a message, and blocks while the session is full. After the end it returns io.EOF, and
// RecvMsg says why. The only request of a method half-closes.
func (s *clientStream) SendMsg(m any) error {
	b, err := encode(s.options.codec, m)
	if err != nil {
		return status.Errorf(codes.Internal, "duplex: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.end == nil && !s.closing && !s.session.Offer(b) {
		s.canSend.Wait()
	}
	if s.closing {
		b.Release()
		return status.Error(codes.Internal, "duplex: SendMsg after CloseSend")
	}
	if s.end != nil {
		b.Release()
		return io.EOF
	}
	if s.oneRequest {
		s.closing = true
		s.session.HalfClose()
	}
	s.pump()
	return nil
}

// RecvMsg says that the message before is processed, and returns the next one.
func (s *clientStream) RecvMsg(m any) error {
	s.mu.Lock()
	s.ask()
	for !s.hasInbox && s.end == nil {
		s.canRead.Wait()
	}
	if !s.hasInbox {
		restarted, err := s.restarted, s.err
		s.restarted = 0
		if s.oneResponse && err == io.EOF && !s.received {
			err = errMissingResponse
		}
		s.mu.Unlock()
		s.tellRestarted(restarted)
		return err
	}
	s.received = true
	next, restarted := s.inbox, s.inboxRestarted
	s.inbox, s.hasInbox, s.inboxRestarted = session.Output{}, false, 0
	s.given = next.Seq
	s.mu.Unlock()
	s.tellRestarted(restarted)
	if err := decode(s.options.codec, next.Body, m); err != nil {
		err = status.Errorf(codes.Internal, "duplex: message %d: %v", next.Seq, err)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.given = 0
		s.refuse(err)
		return err
	}
	if s.oneResponse {
		return s.awaitStatus()
	}
	return nil
}

// tellRestarted calls the application where a handler began anew; without the lock.
func (s *clientStream) tellRestarted(messages int64) {
	if messages > 0 {
		s.options.onRestarted(messages)
	}
}

// awaitStatus is nil when the call that has one response ended well.
func (s *clientStream) awaitStatus() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ask()
	for s.end == nil && !s.hasInbox {
		s.canRead.Wait()
	}
	if s.hasInbox {
		s.refuse(status.Error(codes.Internal, "duplex: more than one response of a method that has one"))
	}
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

// ask says that the message before is processed, and asks for one more.
func (s *clientStream) ask() {
	s.processed()
	if !s.hasInbox && !s.asked && s.end == nil {
		s.asked = true
		s.session.Request(1)
		if a := s.session.Current(); a != nil && a.Plain() {
			// A plain peer knows no credit: its transport is asked for what the application wants.
			attachmentOf(a).canRead.Signal()
		}
	}
	s.pump()
}

func (s *clientStream) processed() {
	if s.given > 0 {
		s.session.Processed(now(), s.given)
		s.given = 0
	}
}
