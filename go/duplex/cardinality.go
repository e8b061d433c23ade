package duplex

import (
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"holdfast.dev/go/internal/session"
)

// cardinality is how many requests and responses a method has. Below the application each method is
// bidirectional, so this package checks what grpc-go otherwise does.
type cardinality struct {
	oneRequest, oneResponse bool
	// Whether a call may change something, so that it must not be made again.
	sideEffects bool
}

// The ends of calls that break it, in the words of the Java library.
var (
	errTooManyRequests  = status.Error(codes.Internal, "Too many requests")
	errTooManyResponses = status.Error(codes.Internal, "Too many responses")
	errMissingResponse  = status.Error(codes.Internal, "Completed without a response")
)

func cardinalityOf(desc *grpc.StreamDesc) cardinality {
	return cardinality{oneRequest: !desc.ClientStreams, oneResponse: !desc.ServerStreams, sideEffects: true}
}

func (c cardinality) kind() session.MethodKind {
	switch {
	case c.oneRequest:
		return session.ServerStreaming
	case c.oneResponse:
		return session.ClientStreaming
	}
	return session.Bidirectional
}

// checked is a handler whose calls keep to the cardinality.
func (c cardinality) checked(handler grpc.StreamHandler) grpc.StreamHandler {
	return func(srv any, stream grpc.ServerStream) error {
		// Interceptors may have wrapped the stream, and keep what its context has.
		if t, ok := grpc.ServerTransportStreamFromContext(stream.Context()).(*transportStream); ok {
			t.stream.limit(c)
			return handler(srv, stream)
		}
		plain := &checkedStream{ServerStream: stream, cardinality: c}
		return plain.end(handler(srv, plain))
	}
}

// checkedStream is a call of a client without sessions at a handler whose method has one request or one
// response.
type checkedStream struct {
	grpc.ServerStream
	cardinality

	received bool // used by the goroutine that receives

	mu     sync.Mutex
	sent   bool
	broken error
}

func (s *checkedStream) RecvMsg(m any) error {
	if s.oneRequest && s.received {
		return io.EOF
	}
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	s.received = true
	if !s.oneRequest {
		return nil
	}
	// As grpc-go does: the half-close comes with the request.
	err := s.ServerStream.RecvMsg(&emptypb.Empty{})
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		err = errTooManyRequests
	}
	return s.refuse(err)
}

func (s *checkedStream) SendMsg(m any) error {
	s.mu.Lock()
	second := s.oneResponse && s.sent
	s.sent = true
	s.mu.Unlock()
	if second {
		return s.refuse(errTooManyResponses)
	}
	return s.ServerStream.SendMsg(m)
}

func (s *checkedStream) refuse(why error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = why
	}
	return why
}

// end is the status of a call whose handler returned.
func (s *checkedStream) end(returned error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.broken != nil:
		return s.broken
	case returned == nil && s.oneResponse && !s.sent:
		return errMissingResponse
	}
	return returned
}
