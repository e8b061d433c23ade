package duplex

import (
	"context"
	"io"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

type (
	traceKey   struct{}
	attemptKey struct{} // of the metadata of a transport's attempt, where its hello says an age
)

// trace is what the transport shows of one attachment's call: whether a hello went out, whether a
// status came, and how many attempts grpc-go made of it.
type trace struct {
	watched    atomic.Bool
	helloSent  atomic.Bool
	anySent    atomic.Bool // a hello of any attempt
	statusCame atomic.Bool
	attempts   atomic.Int32
	// again gives a hello with another number for an attempt more.
	again func() []byte
	// renew gives the hello with the age of now; nil where it says none.
	renew func() []byte
	// refuse ends a call that grpc-go repeats because of a retryPolicy.
	refuse func()
}

// transportWatch fills the traces of calls. It is a stats.Handler because nothing else in grpc-go
// tells a status of the server from one that the client made of a broken connection.
type transportWatch struct{}

func (transportWatch) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	t, ok := ctx.Value(traceKey{}).(*trace)
	if !ok {
		return ctx
	}
	t.watched.Store(true)
	t.helloSent.Store(false)
	hello := t.renew
	if t.attempts.Add(1) > 1 {
		// A fencing token is given once, whatever became of the attempt before.
		hello = t.again
	}
	if hello == nil {
		return ctx
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	md.Set(wire.MetadataKey, string(hello()))
	if t.renew != nil {
		ctx = context.WithValue(ctx, attemptKey{}, md)
	}
	return metadata.NewOutgoingContext(ctx, md)
}

func (transportWatch) HandleRPC(ctx context.Context, event stats.RPCStats) {
	t, ok := ctx.Value(traceKey{}).(*trace)
	if !ok {
		return
	}
	switch e := event.(type) {
	case *stats.Begin:
		// grpc-go says of a call that found no connection, whose attempt it begins anew, that it is no
		// transparent one. A configured retry is that of a call that went out.
		if t.attempts.Load() > 1 && !e.IsTransparentRetryAttempt && t.anySent.Load() {
			t.refuse()
		}
	case *stats.DelayedPickComplete:
		// The attempt has waited for its connection, and is written next, by this goroutine and from this map.
		if md, ok := ctx.Value(attemptKey{}).(metadata.MD); ok {
			md.Set(wire.MetadataKey, string(t.renew()))
		}
	case *stats.OutHeader:
		t.helloSent.Store(true)
		t.anySent.Store(true)
	case *stats.InTrailer:
		t.statusCame.Store(true)
	}
}

func (transportWatch) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (transportWatch) HandleConn(context.Context, stats.ConnStats) {}

// closure is what the end of an attachment's call means to its session.
func (t *trace) closure(err error, opened bool, trailer metadata.MD) session.Closure {
	st := status.Convert(err)
	if err == io.EOF {
		st = status.New(codes.OK, "")
	}
	scope := session.ScopeStream
	switch {
	case t.watched.Load() && t.statusCame.Load():
		scope = session.ScopeStatus
	case !t.watched.Load():
		scope = guessScope(st, opened, trailer)
	case !t.helloSent.Load() || strings.Contains(st.Message(), "REFUSED_STREAM"):
		scope = session.ScopeUnreached
	case st.Code() == codes.Unavailable && !isReset(st):
		scope = session.ScopeConnection
	}
	code := uint32(st.Code())
	if code > wire.MaxStatus {
		code = uint32(codes.Unknown)
	}
	return session.Closure{Scope: scope, Status: code, Trailers: &plainEnd{err: err, trailer: trailer}}
}

func isReset(st *status.Status) bool { return strings.Contains(st.Message(), "RST_STREAM") }

// guessScope goes by the texts of grpc-go where no transportWatch was set.
func guessScope(st *status.Status, opened bool, trailer metadata.MD) session.Scope {
	switch {
	case !opened:
		return session.ScopeUnreached
	case isReset(st):
		return session.ScopeStream
	case st.Code() != codes.Unavailable || len(trailer) > 0:
		return session.ScopeStatus
	}
	for _, text := range []string{"error reading from server", "transport is closing", "connection error", "draining", "keepalive", "closing"} {
		if strings.Contains(st.Message(), text) {
			return session.ScopeConnection
		}
	}
	return session.ScopeStatus
}
