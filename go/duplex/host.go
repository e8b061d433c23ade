package duplex

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

const (
	defaultMaxSessions = 100_000
	drainPoll          = 20 * time.Millisecond
	defaultGrace       = 10 * time.Second
)

// HostOptions are the settings of a Host. Zero means the default that stands with each.
type HostOptions struct {
	// Session has the settings of each session.
	Session SessionOptions
	// Resumable says which methods resume, by names such as /shop.Orders/Talk. Nil means all: the
	// bidirectional ones and, registered by Registrar, all that stream.
	Resumable func(method string) bool
	// TokenKey is a secret of at least 16 bytes, the same at all instances that may redirect to each
	// other or hand streams over; a random one, which a restart forgets.
	TokenKey []byte
	// Address is where clients reach this instance and no other, as host:port. With it a session that
	// comes to another instance is sent to its owner.
	Address string
	// OnlyInstance says that no other server has these clients. Then a session may begin although its
	// first call was cut before anybody answered.
	OnlyInstance bool
	// Principal is who calls, as the authentication outside has found out; the subject of the
	// client's certificate. A session belongs to one principal.
	Principal func(ctx context.Context) string
	// MaxSessions bounds the sessions, MaxPerPrincipal those of one principal; 100,000 each. New ones
	// beyond hear BUSY.
	MaxSessions, MaxPerPrincipal int
	// BufferBytes is what all sessions hold together, on top of a message each; 256 MiB.
	BufferBytes int64
	// MaxRecvMsgSize is the largest message of a client; 4 MiB. grpc.MaxRecvMsgSize would not count
	// the header before a message.
	MaxRecvMsgSize int
}

// Host has the sessions of a server. Safe for concurrent use.
type Host struct {
	options   session.Options
	resumable func(string) bool
	principal func(context.Context) string
	maxRecv   int

	mu    sync.Mutex
	table *session.Table
}

// NewHost returns a host without sessions.
func NewHost(o HostOptions) (*Host, error) {
	options, err := o.Session.resolve()
	if err != nil {
		return nil, err
	}
	key := o.TokenKey
	if key == nil {
		key = make([]byte, 32)
		if _, err := crand.Read(key); err != nil {
			return nil, fmt.Errorf("duplex: no random numbers: %w", err)
		}
	}
	issuer, err := wire.NewIssuer(key)
	if err != nil {
		return nil, fmt.Errorf("duplex: HostOptions.TokenKey: %w", err)
	}
	if len(o.Address) > wire.MaxAddress {
		return nil, fmt.Errorf("duplex: HostOptions.Address: %d bytes (expected: <= %d)", len(o.Address), wire.MaxAddress)
	}
	h := &Host{options: options, resumable: o.Resumable, principal: o.Principal, maxRecv: o.MaxRecvMsgSize}
	if h.resumable == nil {
		h.resumable = func(string) bool { return true }
	}
	if h.principal == nil {
		h.principal = certificateSubject
	}
	if h.maxRecv == 0 {
		h.maxRecv = defaultMaxRecv
	}
	table := session.TableOptions{
		Address: o.Address, MaxSessions: defaultMaxSessions, MaxPerPrincipal: defaultMaxSessions,
		Sole: o.OnlyInstance, SoleSince: now(),
	}
	set(&table.MaxSessions, o.MaxSessions)
	set(&table.MaxPerPrincipal, o.MaxPerPrincipal)
	h.table = session.NewTable(table, issuer, options, session.NewBudget(o.BufferBytes), h.bind)
	return h, nil
}

// ServerOptions make the bidirectional methods of a server resumable with this host, and those that are
// registered by Registrar:
//
//	server := grpc.NewServer(duplex.ServerOptions(host)...)
//
// Interceptors that are chained before see each attachment, as authentication should; those after see
// each session once. Handlers use the context of their stream, which outlives connections and ends
// with the session.
func ServerOptions(host *Host) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newFrameCodec()),
		grpc.MaxRecvMsgSize(min(host.maxRecv, math.MaxInt32-wire.MaxHeader) + wire.MaxHeader),
		grpc.ChainStreamInterceptor(host.StreamServerInterceptor()),
	}
}

// Registrar registers services so that their server-streaming and client-streaming methods resume too:
// below the application all of them are bidirectional, so that acks have a way back. Clients that know
// nothing of sessions see no difference. Without it these methods are plain gRPC.
//
//	shop.RegisterOrdersServer(duplex.Registrar(server), orders)
func Registrar(server grpc.ServiceRegistrar) grpc.ServiceRegistrar { return registrar{server} }

type registrar struct{ server grpc.ServiceRegistrar }

func (r registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	below := *desc
	below.Streams = append([]grpc.StreamDesc{}, desc.Streams...)
	for i := range below.Streams {
		each := &below.Streams[i]
		if each.ClientStreams && each.ServerStreams {
			continue
		}
		limits := cardinalityOf(each)
		limits.sideEffects = !declaresNoSideEffects(desc.ServiceName, each.StreamName)
		each.Handler = limits.checked(each.Handler)
		each.ClientStreams, each.ServerStreams = true, true
	}
	r.server.RegisterService(&below, impl)
}

// StreamServerInterceptor is the part of ServerOptions that stands in a chain of interceptors. The
// other parts must be there too.
func (h *Host) StreamServerInterceptor() grpc.StreamServerInterceptor { return h.intercept }

// Sessions is the number of sessions.
func (h *Host) Sessions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.table.Len()
}

// Drain ends all sessions, when what came was processed, and lets no new one begin. A stream whose handler
// marks a Cursor is handed over to another instance; any other ends as MOVED. It returns when none is left,
// or with the context's error. Half of the time until the context's deadline is for handlers to take what
// came, to mark their last cursors, and to return. GracefulStop comes afterwards.
func (h *Host) Drain(ctx context.Context) error {
	grace := defaultGrace
	if deadline, ok := ctx.Deadline(); ok {
		grace = max(0, time.Until(deadline)/2)
	}
	h.mu.Lock()
	h.table.Drain()
	sessions := h.table.Sessions()
	h.mu.Unlock()
	for _, s := range sessions {
		streamOf(s).tell(func(s *session.Server) { s.Drain(now(), true, grace) })
	}
	tick := time.NewTicker(drainPoll)
	defer tick.Stop()
	for h.Sessions() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func (h *Host) bind(s *session.Server) sync.Locker {
	stream := newServerStream(h, s)
	s.Carrier = stream
	return &stream.mu
}

func (h *Host) retire(s *session.Server) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.table.Retire(now(), s)
}

func (h *Host) intercept(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if !info.IsClientStream || !info.IsServerStream || !h.resumable(info.FullMethod) {
		return handler(srv, ss)
	}
	md, _ := metadata.FromIncomingContext(ss.Context())
	value, err := metadataValue(md, wire.MetadataKey)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "stream session: hello: %v", err)
	}
	if value == nil {
		return handler(srv, ss)
	}
	hello, err := wire.ParseHello(value)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "stream session: hello: %v", err)
	}
	handover, err := shownHandover(md)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "stream session: hand-over: %v", err)
	}
	caller := session.Caller{
		Principal: h.principal(ss.Context()), Method: strings.TrimPrefix(info.FullMethod, "/"),
	}
	a := newServerAttachment(ss, &hello, func(stream grpc.ServerStream) error { return handler(srv, stream) }, info.FullMethod)
	h.mu.Lock()
	refusal := h.table.Admit(now(), a.a, &hello, handover, caller, func(s *session.Server) { a.join(streamOf(s)) })
	known := h.table.Session(hello.Session)
	h.mu.Unlock()
	if refusal != nil {
		if known != nil && handover != nil {
			// It may have gone on elsewhere, and be over here.
			streamOf(known).tell(func(*session.Server) {})
		}
		return refused(ss, refusal)
	}
	return a.run()
}

// shownHandover is the hand-over of a client that takes one, or its offer to; nil when it takes none.
func shownHandover(md metadata.MD) (*wire.Handover, error) {
	value, err := metadataValue(md, wire.HandoverKey)
	if value == nil || err != nil {
		return nil, err
	}
	handover, err := wire.ParseHandover(value)
	return &handover, err
}

// refused ends a call with a refusal in its trailers.
func refused(ss grpc.ServerStream, refusal *wire.Refusal) error {
	ss.SetTrailer(metadata.Pairs(wire.MetadataKey, string(refusal.Append(nil))))
	code := codes.FailedPrecondition
	switch refusal.Code {
	case wire.CodeFenced:
		code = codes.Aborted
	case wire.CodeMoved, wire.CodeBusy:
		code = codes.Unavailable
	case wire.CodeDenied:
		code = codes.PermissionDenied
	}
	return status.Errorf(code, "stream session: %s", refusal.Code)
}

// certificateSubject is the subject of the client's certificate; "" without one.
func certificateSubject(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return ""
	}
	tls, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(tls.State.PeerCertificates) == 0 {
		return ""
	}
	return tls.State.PeerCertificates[0].Subject.String()
}
