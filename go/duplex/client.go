// Package duplex makes gRPC streams outlive their connections: exactly once, in order, by the
// duplex protocol of docs/duplex-v1.md. It works on existing services, without a change of their
// .proto files, and with Holdfast's Java library at the other end.
//
// With a peer that does not know the protocol a stream is plain gRPC.
package duplex

import (
	"context"
	crand "crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

// ClientOptions are the settings of a client.
type ClientOptions struct {
	// Session has the settings of each session.
	Session SessionOptions
	// Resumable says which methods resume, by names such as /shop.Orders/Talk. Nil means all of them.
	// Others are plain gRPC.
	Resumable func(method string) bool
	// BufferBytes is what all sessions of this client hold together, on top of a message each; 256
	// MiB.
	BufferBytes int64
	// Dial opens a channel to the instance that holds a session, when another one was reached. NewClient
	// opens one with its own dial options; without it a session that needs one tries again.
	Dial func(address string) (*grpc.ClientConn, error)
}

// Client is a channel whose streams resume, in one direction or both. It is a grpc.ClientConnInterface, for the
// stubs of protoc-gen-go-grpc. Safe for concurrent use.
type Client struct {
	conn  *grpc.ClientConn
	calls *calls
}

var _ grpc.ClientConnInterface = (*Client)(nil)

// NewClient returns a client of a target, as grpc.NewClient does. Interceptors among the dial options
// see each attachment; a service config's retryPolicy on a resumable method is an error of its
// streams.
func NewClient(target string, options ClientOptions, dial ...grpc.DialOption) (*Client, error) {
	dial = append(append([]grpc.DialOption{}, dial...), grpc.WithStatsHandler(transportWatch{}))
	if options.Dial == nil {
		options.Dial = func(address string) (*grpc.ClientConn, error) { return grpc.NewClient(address, dial...) }
	}
	calls, err := newCalls(options)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(target, dial...)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, calls: calls}, nil
}

// Invoke makes a unary call, which does not resume.
func (c *Client) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return c.conn.Invoke(ctx, method, args, reply, opts...)
}

// NewStream begins a session for a resumable method, and a plain stream for any other.
func (c *Client) NewStream(
	ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return c.calls.begin(ctx, desc, c.conn, method, grpcStream, opts)
}

// Conn is the channel below.
func (c *Client) Conn() *grpc.ClientConn { return c.conn }

// Close closes the channel, and with it all sessions.
func (c *Client) Close() error {
	c.calls.close()
	return c.conn.Close()
}

// StreamClientInterceptor makes the streams of a channel resume. WithTransportWatch
// belongs to it: without it the ends of calls are told apart by the texts of grpc-go's errors.
func StreamClientInterceptor(options ClientOptions) (grpc.StreamClientInterceptor, error) {
	calls, err := newCalls(options)
	if err != nil {
		return nil, err
	}
	return func(
		ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer,
		opts ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		return calls.begin(ctx, desc, cc, method, streamer, opts)
	}, nil
}

// WithTransportWatch lets a StreamClientInterceptor tell a server's status from a broken connection.
func WithTransportWatch() grpc.DialOption { return grpc.WithStatsHandler(transportWatch{}) }

func grpcStream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return cc.NewStream(ctx, desc, method, opts...)
}

var errClosed = status.Error(codes.Canceled, "duplex: the client was closed")

// calls is what the sessions of one client have in common.
type calls struct {
	options   session.Options
	resumable func(string) bool
	budget    *session.Budget
	instances instances
	limiters  resumeLimiters
	wall      func() time.Time // goes on while the machine sleeps

	mu     sync.Mutex
	peers  map[peerKey]session.Peer
	closed bool
	open   map[*clientStream]struct{}
	paused map[*clientStream]string // between two attempts, and where the next one goes; "" for any server
}

func newCalls(o ClientOptions) (*calls, error) {
	options, err := o.Session.resolve()
	if err != nil {
		return nil, err
	}
	resumable := o.Resumable
	if resumable == nil {
		resumable = func(string) bool { return true }
	}
	return &calls{
		options: options, resumable: resumable, budget: session.NewBudget(o.BufferBytes),
		instances: instances{dial: o.Dial}, open: map[*clientStream]struct{}{}, peers: map[peerKey]session.Peer{},
		paused: map[*clientStream]string{},
		wall:   time.Now,
	}, nil
}

func (c *calls) begin(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer,
	opts []grpc.CallOption,
) (grpc.ClientStream, error) {
	if !(desc.ClientStreams || desc.ServerStreams) || !c.resumable(method) {
		return streamer(ctx, desc, cc, method, opts...)
	}
	options, err := splitCallOptions(method, opts)
	if err != nil {
		return nil, err
	}
	if err := refuseRetries(cc, method); err != nil {
		return nil, err
	}
	var seed [32]byte
	var id wire.SessionID
	if _, err := crand.Read(id[:]); err != nil {
		return nil, fmt.Errorf("duplex: no random numbers: %w", err)
	}
	if _, err := crand.Read(seed[:]); err != nil {
		return nil, fmt.Errorf("duplex: no random numbers: %w", err)
	}
	random := mrand.New(mrand.NewChaCha8(seed))
	s := &clientStream{
		calls: c, cc: cc, method: method, streamer: streamer, options: options, ctx: ctx,
		cardinality: cardinalityOf(desc), peer: keyOf(desc, method, opts),
		session: session.NewClient(id, c.options, random, c.budget),
	}
	if err := c.add(s); err != nil {
		return nil, err
	}
	s.start()
	return s, nil
}

func (c *calls) add(s *clientStream) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed
	}
	c.open[s] = struct{}{}
	return nil
}

func (c *calls) remove(s *clientStream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, s)
	delete(c.paused, s)
}

// pause remembers an open stream whose attempt came to nothing, until it tries again.
func (c *calls) pause(s *clientStream, server string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, open := c.open[s]; open {
		c.paused[s] = server
	}
}

func (c *calls) endPause(s *clientStream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.paused, s)
}

// welcomed wakes the streams that wait for a server which welcomes again, in place of waiting out the delays
// that its outage has left them. The limiters pace their attempts.
func (c *calls) welcomed(server string) {
	var woken []*clientStream
	c.mu.Lock()
	for s, waitsFor := range c.paused {
		if waitsFor == "" || waitsFor == server {
			delete(c.paused, s)
			woken = append(woken, s)
		}
	}
	c.mu.Unlock()
	for _, s := range woken {
		s.wake()
	}
}

// The methods in one direction whose servers are known; with one more all are found out again.
const maxPeers = 1_000

// peerKey is whose streams show what peer a channel has: all bidirectional ones together, and each
// method in one direction by itself, as servers of an earlier version have sessions for the former only.
type peerKey struct{ authority, method string }

func keyOf(desc *grpc.StreamDesc, method string, opts []grpc.CallOption) peerKey {
	if desc.ClientStreams && desc.ServerStreams {
		return peerKey{}
	}
	key := peerKey{method: method}
	for _, opt := range opts {
		if o, ok := opt.(grpc.AuthorityOverrideCallOption); ok {
			key.authority = o.Authority
		}
	}
	return key
}

func (c *calls) knownPeer(key peerKey) session.Peer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peers[key]
}

// learn keeps what a server showed, for the sessions that follow. One without sessions may stand beside
// others, so all are doubted then.
func (c *calls) learn(key peerKey, peer session.Peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.peers[key]; !known && len(c.peers) >= maxPeers {
		clear(c.peers)
	}
	c.peers[key] = peer
}

func (c *calls) close() {
	c.mu.Lock()
	c.closed = true
	open := make([]*clientStream, 0, len(c.open))
	for s := range c.open {
		open = append(open, s)
	}
	c.mu.Unlock()
	for _, s := range open {
		s.abandon(errClosed)
	}
	c.instances.close()
}

// instances are the channels to single servers, each as long as a call uses it.
type instances struct {
	dial  func(string) (*grpc.ClientConn, error)
	mu    sync.Mutex
	conns map[string]*instance
}

type instance struct {
	conn  *grpc.ClientConn
	users int
}

// use returns the channel to an address, and what to call when it is no longer needed.
func (i *instances) use(address string) (*grpc.ClientConn, func(), error) {
	if i.dial == nil {
		return nil, nil, fmt.Errorf("duplex: the session is at %s, and ClientOptions.Dial is not set", address)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	known := i.conns[address]
	if known == nil {
		conn, err := i.dial(address)
		if err != nil {
			return nil, nil, err
		}
		if i.conns == nil {
			i.conns = map[string]*instance{}
		}
		known = &instance{conn: conn}
		i.conns[address] = known
	}
	known.users++
	return known.conn, func() { i.release(address, known) }, nil
}

func (i *instances) release(address string, used *instance) {
	i.mu.Lock()
	defer i.mu.Unlock()
	used.users--
	if used.users == 0 && i.conns[address] == used {
		delete(i.conns, address)
		_ = used.conn.Close() // Nothing uses it.
	}
}

func (i *instances) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, used := range i.conns {
		_ = used.conn.Close() // Its calls hear of it.
	}
	i.conns = nil
}

// callOptions are an application's, as each attachment gets them, and what the session itself does
// of them.
type callOptions struct {
	physical    []grpc.CallOption
	codec       encoding.CodecV2
	own         []grpc.CallOption
	onRestarted func(messages int64)
}
