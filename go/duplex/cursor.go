package duplex

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"holdfast.dev/go/internal/wire"
)

// MaxCursor is the length of the longest cursor, in bytes.
const MaxCursor = wire.MaxCursor

// Cursor is the place in a stream from which a handler on another instance can go on, in the application's own
// bytes. With cursors a stream survives a deploy:
//
//	cursor := duplex.CursorFrom(stream.Context())
//	next := request.From
//	if place, resumed := cursor.Resumed(); resumed {
//		next = binary.BigEndian.Uint64(place)
//	}
//	for ; ; next++ {
//		if err := stream.Send(event(next)); err != nil {
//			return err
//		}
//		if err := cursor.Mark(binary.BigEndian.AppendUint64(nil, next+1)); err != nil {
//			return err
//		}
//	}
//
// At Host.Drain a stream with nothing sent or processed behind its last cursor is handed over: the context of
// its handler is canceled, and when that has returned, or the grace is over, the client goes to another
// instance, whose handler is called with the cursor. The client's application sees nothing. A server-streaming
// handler gets its request again; other handlers go on with the first message of the client that the cursor
// does not cover. All instances need the same HostOptions.TokenKey.
//
// Cursors are authenticated and travel by the client, which can read them: nothing secret belongs into one.
// The zero Cursor, of a call without a session, ignores marks; those of a client that takes no hand-overs have
// no effect. Safe for concurrent use.
type Cursor struct{ stream *serverStream }

// CursorFrom returns the cursor of the stream whose handler has this context.
func CursorFrom(ctx context.Context) Cursor {
	t, ok := grpc.ServerTransportStreamFromContext(ctx).(*transportStream)
	if !ok {
		return Cursor{}
	}
	return Cursor{stream: t.stream}
}

// Resumed returns the cursor that a handler of an earlier instance marked last; false in a stream that is to be
// begun from the beginning.
func (c Cursor) Resumed() ([]byte, bool) {
	if c.stream == nil || !c.stream.hasResumed {
		return nil, false
	}
	return append([]byte{}, c.stream.resumed...), true
}

// Mark says that a handler elsewhere which is given these bytes goes on behind everything that this stream has
// sent so far. Of a bidirectional or client-streaming method it also covers the messages that RecvMsg has
// returned: a handler that receives in one goroutine and marks in another one marks again for each message,
// before it receives the next one.
//
// Mark after each message: a stream is handed over only while nothing follows its last cursor. A mark costs a
// copy of at most MaxCursor bytes, above which it is an error; only the last one is ever sent.
func (c Cursor) Mark(cursor []byte) error {
	if len(cursor) > MaxCursor {
		return fmt.Errorf("duplex: cursor: %d bytes (expected: <= %d)", len(cursor), MaxCursor)
	}
	if c.stream != nil {
		c.stream.mark(cursor)
	}
	return nil
}

func (s *serverStream) mark(cursor []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The handler knows of the message that it has in hand, which is processed when it asks for the next one.
	s.session.Mark(now(), cursor, s.given, s.oneRequest)
	s.pump()
}

// declaresNoSideEffects reports whether the .proto file of a method, where generated code has registered it,
// says that it may be called again.
func declaresNoSideEffects(service, method string) bool {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return false
	}
	described, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return false
	}
	m := described.Methods().ByName(protoreflect.Name(method))
	if m == nil {
		return false
	}
	options, ok := m.Options().(*descriptorpb.MethodOptions)
	return ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}
