package duplex

import (
	"context"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

// serverStream is the stream that a server's handler sees. RecvMsg of message n+1 says that n was
// processed.
type serverStream struct {
	host *Host
	cardinality

	mu      sync.Mutex
	session *session.Server
	alarm   alarm
	canRead sync.Cond
	canSend sync.Cond
	ctx     context.Context
	cancel  context.CancelCauseFunc
	retired bool

	inbox      session.Output
	hasInbox   bool
	asked      bool
	given      int64
	halfClosed bool
	resumed    []byte // the cursor of an earlier handler
	hasResumed bool
	requests   int // delivered
	responses  int
	refused    error // with which this side has ended the call before its handler did
	returned   bool  // the handler has
	end        *session.End

	method  string
	header  metadata.MD
	headers bool // what the handler adds to the headers is known
	trailer metadata.MD
}

var (
	_ grpc.ServerStream          = (*serverStream)(nil)
	_ grpc.ServerTransportStream = (*transportStream)(nil)
)

func newServerStream(h *Host, s *session.Server) *serverStream {
	stream := &serverStream{host: h, session: s}
	stream.canRead.L, stream.canSend.L = &stream.mu, &stream.mu
	return stream
}

func streamOf(s *session.Server) *serverStream { return s.Carrier.(*serverStream) }

// tell gives the session an input.
func (s *serverStream) tell(input func(*session.Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	input(s.session)
	s.pump()
}

// pump does what the session asks for, with the lock held.
func (s *serverStream) pump() {
	for {
		o, ok := s.session.Poll(now())
		if !ok {
			break
		}
		switch o.Op {
		case session.OpAccept:
			serverAttachmentOf(o.To).accept(o.Welcome)
		case session.OpRefuse:
			serverAttachmentOf(o.To).refuse(o.Refusal)
		case session.OpSend:
			serverAttachmentOf(o.To).enqueue(o)
		case session.OpRequest:
			serverAttachmentOf(o.To).request()
		case session.OpEnd:
			serverAttachmentOf(o.To).endCall(o.Why)
		case session.OpStartHandler:
			s.startHandler(serverAttachmentOf(o.To))
		case session.OpDeliver:
			s.deliver(o)
		case session.OpHalfClosed:
			s.halfClosed = true
			s.canRead.Broadcast()
		case session.OpReady:
			s.canSend.Broadcast()
		case session.OpEnded:
			s.onEnded(o.End)
		}
	}
	if s.session.State().Terminal() {
		if !s.retired {
			s.retired = true
			s.alarm.stop()
			// The table's lock is never taken under this one.
			go s.host.retire(s.session)
		}
		return
	}
	s.alarm.set(&s.mu, s.session.NextDeadline(), s.onAlarm)
}

func (s *serverStream) deliver(o session.Output) {
	s.requests++
	if s.oneRequest && s.requests > 1 {
		if o.Body != nil {
			o.Body.Release()
		}
		s.refuse(errTooManyRequests)
		return
	}
	s.inbox, s.hasInbox, s.asked = o, true, false
	s.canRead.Signal()
}

// limit says what the method of the handler is; called before the handler is.
func (s *serverStream) limit(c cardinality) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cardinality = c
	if c.oneRequest {
		s.session.ExpectOneRequest(now(), c.sideEffects)
		s.pump()
	}
}

// refuse ends the call for its client, whatever the handler does; called with the lock held.
func (s *serverStream) refuse(why error) {
	if s.refused != nil || s.end != nil {
		return
	}
	s.refused = why
	s.session.Finish(uint32(status.Code(why)), finalBody(status.Convert(why), nil))
	s.cancel(why)
	s.canRead.Broadcast()
	s.canSend.Broadcast()
}

func (s *serverStream) onAlarm() {
	s.session.OnTimeout(now())
	s.pump()
}

// begin takes what the first attachment brought: the handler and its context.
func (s *serverStream) begin(a *serverAttachment) {
	ctx := context.WithoutCancel(a.stream.Context())
	md, _ := metadata.FromIncomingContext(ctx)
	md = md.Copy()
	md.Delete(wire.MetadataKey)
	md.Delete(wire.HandoverKey)
	ctx = metadata.NewIncomingContext(ctx, md)
	ctx = grpc.NewContextWithServerTransportStream(ctx, &transportStream{s})
	ctx, s.cancel = context.WithCancelCause(ctx)
	s.method = a.method
	s.ctx = ctx
	if a.hello.RemainingMillis > 0 {
		deadline := time.Now().Add(time.Duration(a.hello.RemainingMillis) * time.Millisecond)
		var stop context.CancelFunc
		s.ctx, stop = context.WithDeadline(ctx, deadline)
		context.AfterFunc(ctx, stop)
	}
}

func (s *serverStream) startHandler(a *serverAttachment) {
	s.begin(a)
	s.responses = int(s.session.SentBefore())
	s.resumed, s.hasResumed = s.session.Resumed()
	go func() {
		err := a.handler(s)
		s.finish(err)
	}()
}

// finish takes what the handler returned as the final status.
func (s *serverStream) finish(err error) {
	st := status.Convert(err)
	if _, known := status.FromError(err); !known {
		st = status.FromContextError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.returned = true
	s.knowHeaders()
	s.processed()
	if st.Code() == codes.OK && s.oneResponse && s.responses == 0 {
		st = status.Convert(errMissingResponse)
	}
	s.session.Finish(uint32(st.Code()), finalBody(st, s.trailer))
	s.pump()
	s.cancel(context.Canceled)
}

func (s *serverStream) onEnded(end *session.End) {
	s.end = end
	if !s.returned {
		s.cancel(endOfServer(end))
	}
	s.canRead.Broadcast()
	s.canSend.Broadcast()
}

func endOfServer(end *session.End) error {
	switch {
	case end.Kind == session.SessionMoved:
		return &MovedError{ProcessedByPeer: end.ByPeer, ProcessedHere: end.Here}
	case end.Kind == session.Deadline:
		return status.FromContextError(context.DeadlineExceeded).Err()
	case end.Kind.Lost():
		return lostError(end, nil, 0)
	}
	return status.FromContextError(context.Canceled).Err()
}

func (s *serverStream) knowHeaders() {
	if s.headers {
		return
	}
	s.headers = true
	if current := s.session.Current(); current != nil {
		serverAttachmentOf(current).out.wake.Broadcast()
	}
}

// SetHeader adds to the response headers, which go out with the first message, when the handler
// first receives, or 20 ms after it was started.
func (s *serverStream) SetHeader(md metadata.MD) error { return s.addHeader(md, false) }

// SendHeader adds to the response headers and sends them.
func (s *serverStream) SendHeader(md metadata.MD) error { return s.addHeader(md, true) }

func (s *serverStream) addHeader(md metadata.MD, send bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session.TakenOver() {
		return nil // The client has those of the first handler.
	}
	if s.headers {
		return status.Error(codes.Internal, "duplex: the response headers were sent")
	}
	s.header = metadata.Join(s.header, md)
	if send {
		s.knowHeaders()
	}
	return nil
}

// SetTrailer adds to what goes with the final status.
func (s *serverStream) SetTrailer(md metadata.MD) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trailer = metadata.Join(s.trailer, md)
}

// Context outlives connections and ends with the session.
func (s *serverStream) Context() context.Context { return s.ctx }

// SendMsg takes a message, and blocks while the session is full.
func (s *serverStream) SendMsg(m any) error {
	b, err := encode(protoCodec(), m)
	if err != nil {
		return status.Errorf(codes.Internal, "duplex: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knowHeaders()
	s.responses++
	if s.oneResponse && s.responses > 1 {
		s.refuse(errTooManyResponses)
	}
	for s.end == nil && s.refused == nil && !s.session.Offer(b) {
		s.canSend.Wait()
	}
	if s.end != nil || s.refused != nil {
		b.Release()
		s.pump()
		return s.failure()
	}
	s.pump()
	return nil
}

// failure is the error of a stream that this side, or the session, has ended.
func (s *serverStream) failure() error {
	if s.refused != nil {
		return s.refused
	}
	return endOfServer(s.end)
}

// RecvMsg says that the message before is processed, and returns the next one.
func (s *serverStream) RecvMsg(m any) error {
	s.mu.Lock()
	s.knowHeaders()
	s.processed()
	if !s.hasInbox && !s.asked && s.end == nil {
		s.asked = true
		s.session.Request(1)
	}
	s.pump()
	// The half-close comes with the only request: that of a client which keeps its request side open
	// for acks comes a round trip later.
	for !s.hasInbox && !s.halfClosed && s.end == nil && s.refused == nil && !(s.oneRequest && s.requests > 0) {
		s.canRead.Wait()
	}
	if !s.hasInbox {
		defer s.mu.Unlock()
		if s.refused == nil && (s.halfClosed || (s.oneRequest && s.requests > 0)) {
			return io.EOF
		}
		return s.failure()
	}
	next := s.inbox
	s.inbox, s.hasInbox = session.Output{}, false
	s.given = next.Seq
	if s.oneRequest {
		// The handler has all that comes; another request is asked for to be refused.
		s.processed()
		s.asked = true
		s.session.Request(1)
		s.pump()
	}
	s.mu.Unlock()
	if err := decode(protoCodec(), next.Body, m); err != nil {
		return status.Errorf(codes.Internal, "duplex: message %d: %v", next.Seq, err)
	}
	return nil
}

func (s *serverStream) processed() {
	if s.given > 0 {
		s.session.Processed(now(), s.given)
		s.given = 0
	}
}

// transportStream serves grpc.SetHeader, grpc.SendHeader and grpc.SetTrailer of the stream's context.
type transportStream struct{ stream *serverStream }

func (t *transportStream) Method() string { return t.stream.method }

func (t *transportStream) SetHeader(md metadata.MD) error { return t.stream.SetHeader(md) }

func (t *transportStream) SendHeader(md metadata.MD) error { return t.stream.SendHeader(md) }

func (t *transportStream) SetTrailer(md metadata.MD) error {
	t.stream.SetTrailer(md)
	return nil
}
