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
	"holdfast.dev/go/internal/wire"
)

const (
	// What is written to a call and not yet taken by its transport, from which on the session waits.
	queueFrames = 64
	queueBytes  = 128 << 10
	// A call whose session is over may take so long to end.
	donePatience = 10 * time.Second
)

// bidi is what attachments are, whatever the method is.
var bidi = grpc.StreamDesc{StreamName: "attachment", ClientStreams: true, ServerStreams: true}

// outQueue has the frames that an attachment's writer takes; the session's lock guards it.
type outQueue struct {
	frames []*frame
	bytes  int
	full   bool
	ended  bool // nothing follows
	wake   sync.Cond
}

func (q *outQueue) add(o session.Output) (full bool) {
	if q.ended {
		if o.Body != nil {
			o.Body.Release()
		}
		return false
	}
	f := &frame{}
	if o.HasHeader {
		f.header = o.Header.Append(make([]byte, 0, 32))
		q.bytes += len(f.header)
	}
	b, ok := o.Body.(*body)
	if !ok && o.Body != nil {
		b = bodyOf(o.Body.Bytes())
	}
	if b != nil {
		f.body = b.data
		q.bytes += b.length
	}
	q.frames = append(q.frames, f)
	q.wake.Signal()
	full = !q.full && (len(q.frames) >= queueFrames || q.bytes >= queueBytes)
	q.full = q.full || full
	return full
}

// take returns all frames, and whether there is room again that was missed.
func (q *outQueue) take(spare []*frame) ([]*frame, bool) {
	taken := q.frames
	q.frames, q.bytes = spare[:0], 0
	wasFull := q.full
	q.full = false
	return taken, wasFull
}

func (q *outQueue) end() {
	q.ended = true
	q.wake.Broadcast()
}

// drop lets go what no writer will take.
func drop(frames []*frame) {
	for _, f := range frames {
		f.body.Free()
	}
}

// clientAttachment is one call that carries a client's session.
type clientAttachment struct {
	owner   *clientStream
	a       *session.Attachment
	hello   *wire.Hello
	resumes bool // comes back with others, or goes to another owner with them
	address string
	ctx     context.Context
	cancel  context.CancelFunc
	trace   trace

	// Guarded by the owner's lock.
	out      outQueue
	requests int
	drained  bool // read to the end, whatever comes
	over     bool
	canRead  sync.Cond
	permit   *permit
}

func newClientAttachment(owner *clientStream, o session.Output) *clientAttachment {
	a := &clientAttachment{owner: owner, a: o.To, hello: o.Hello, address: o.Address}
	a.resumes = len(o.Hello.Token) > 0 || o.Handover.Position > 0
	a.out.wake.L, a.canRead.L = &owner.mu, &owner.mu
	md, _ := metadata.FromOutgoingContext(owner.ctx)
	md = md.Copy()
	if md == nil {
		md = metadata.MD{}
	}
	md.Set(wire.MetadataKey, string(a.agedHello()))
	md.Set(wire.HandoverKey, string(o.Handover.Append(nil)))
	a.trace.again = a.nextHello
	if a.hello.AgeMillis > 0 {
		a.trace.renew = a.agedHello
	}
	a.trace.refuse = a.refuseRetry
	// The application's context ends the session, which tells the server: not the call.
	ctx := context.WithValue(context.WithoutCancel(owner.ctx), traceKey{}, &a.trace)
	a.ctx, a.cancel = context.WithCancel(metadata.NewOutgoingContext(ctx, md))
	return a
}

func (a *clientAttachment) nextHello() []byte {
	a.owner.mu.Lock()
	a.hello.Attach = a.owner.session.NextNumber(a.a)
	a.owner.mu.Unlock()
	return a.agedHello()
}

// agedHello says the session's age of now: monotonic time stands still while a machine sleeps, and a call may have
// waited for its connection meanwhile.
func (a *clientAttachment) agedHello() []byte {
	hello := *a.hello
	if hello.AgeMillis > 0 {
		byWall := a.owner.calls.wall().Sub(a.owner.begun) + a.owner.calls.options.Handshake
		hello.AgeMillis = min(max(hello.AgeMillis, byWall.Milliseconds()), wire.MaxMillis)
	}
	return hello.Append(nil)
}

func (a *clientAttachment) refuseRetry() {
	a.cancel()
	go a.owner.abandon(retriesRefused(a.owner.method))
}

// run carries the session until the call ends.
func (a *clientAttachment) run() {
	defer a.cancel()
	if !a.awaitTurn() {
		return
	}
	cc, release, err := a.conn()
	if err != nil {
		a.closed(status.Error(codes.Unavailable, err.Error()), false, nil)
		return
	}
	defer release()
	stream, err := a.owner.streamer(a.ctx, &bidi, cc, a.owner.method, a.owner.options.physical...)
	if err != nil {
		a.closed(err, false, nil)
		return
	}
	// The channel has its service config now. Nothing but a hello was sent.
	if err := refuseRetries(cc, a.owner.method); err != nil {
		a.owner.abandon(err)
		return
	}
	a.owner.mu.Lock()
	a.owner.session.OnHelloSent(now(), a.a)
	a.owner.pump()
	a.owner.mu.Unlock()
	go a.write(stream)
	if header, _ := stream.Header(); header != nil {
		from, _ := peer.FromContext(stream.Context())
		if err := a.onHeader(header, from); err != nil {
			a.closedBy(session.Closure{Scope: session.ScopeStream, Status: uint32(codes.Internal)}, err)
			return
		}
	}
	a.read(stream)
}

// awaitTurn keeps resumes at one server from coming all at once; false when the call is not wanted
// any more.
func (a *clientAttachment) awaitTurn() bool {
	if !a.resumes {
		return true
	}
	turn := a.owner.calls.limiters.ask(a.address, now())
	a.owner.mu.Lock()
	a.permit = turn
	if !turn.begun() {
		a.owner.session.OnQueued(a.a)
	}
	a.owner.mu.Unlock()
	return turn.wait(a.ctx)
}

func (a *clientAttachment) conn() (*grpc.ClientConn, func(), error) {
	if a.address == "" {
		return a.owner.cc, func() {}, nil
	}
	return a.owner.calls.instances.use(a.address)
}

func (a *clientAttachment) onHeader(header metadata.MD, from *peer.Peer) error {
	value, err := metadataValue(header, wire.MetadataKey)
	if err != nil {
		return err
	}
	header = header.Copy()
	header.Delete(wire.MetadataKey)
	if value == nil {
		a.owner.calls.learn(a.owner.peer, session.PeerLikelyPlain)
		a.tell(func() {
			a.owner.onHeader(header, from)
			a.owner.session.OnPlainHeaders(now(), a.a)
		})
		return nil
	}
	welcome, err := wire.ParseWelcome(value)
	if err != nil {
		return err
	}
	a.owner.calls.learn(a.owner.peer, session.PeerWelcomes)
	a.permit.welcomed()
	a.tell(func() {
		a.owner.onHeader(header, from)
		a.owner.session.OnWelcome(now(), a.a, &welcome)
	})
	a.owner.calls.welcomed(wire.Owner(welcome.Token))
	return nil
}

// metadataValue is the one value of a key; nil for none.
func metadataValue(md metadata.MD, key string) ([]byte, error) {
	values := md.Get(key)
	switch len(values) {
	case 0:
		return nil, nil
	case 1:
		return []byte(values[0]), nil
	}
	return nil, &wire.Error{Kind: wire.BadValue, What: "more than one " + key}
}

// tell gives the session an input.
func (a *clientAttachment) tell(input func()) {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	input()
	a.owner.pump()
}

// read takes one message at a time, when the session asks for it.
func (a *clientAttachment) read(stream grpc.ClientStream) {
	for {
		if !a.awaitRequest() {
			return
		}
		var f frame
		if err := stream.RecvMsg(&f); err != nil {
			a.closed(err, true, stream.Trailer())
			return
		}
		if err := a.onFrame(&f); err != nil {
			a.closedBy(session.Closure{Scope: session.ScopeStream, Status: uint32(codes.Internal)}, err)
			return
		}
	}
}

func (a *clientAttachment) isPlain() bool {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	return a.a.Plain()
}

func (a *clientAttachment) awaitRequest() bool {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	for {
		switch {
		case a.over:
			return false
		case a.drained:
			return true
		case a.requests > 0:
			a.requests--
			return true
		case !a.a.Handshook() && !a.a.Plain():
			// Nothing comes before the headers but the end of the call.
			return true
		case a.a.Plain() && a.owner.asked:
			return true
		}
		a.canRead.Wait()
	}
}

func (a *clientAttachment) onFrame(f *frame) error {
	if a.isPlain() {
		a.tell(func() { a.owner.session.OnFrame(now(), a.a, nil, f.whole()) })
		return nil
	}
	header, b, err := f.open(a.a.Tag())
	if err != nil {
		return err
	}
	a.tell(func() { a.owner.session.OnFrame(now(), a.a, header, asBody(b)) })
	return nil
}

// closed tells the session that the call ended.
func (a *clientAttachment) closed(err error, opened bool, trailer metadata.MD) {
	value, handshakeErr := metadataValue(trailer, wire.MetadataKey)
	if handshakeErr == nil && value != nil {
		var refusal wire.Refusal
		if refusal, handshakeErr = wire.ParseRefusal(value); handshakeErr == nil {
			a.finish(err, func() { a.owner.session.OnRefused(now(), a.a, &refusal) })
			return
		}
	}
	how := a.trace.closure(err, opened, trailer)
	if handshakeErr != nil {
		how.Scope = session.ScopeStream
	}
	a.closedBy(how, err)
}

func (a *clientAttachment) closedBy(how session.Closure, err error) {
	a.finish(err, func() { a.owner.session.OnClosed(now(), a.a, how) })
}

func (a *clientAttachment) finish(err error, input func()) {
	a.permit.over()
	a.tell(func() {
		if err != io.EOF {
			a.owner.last = err
		}
		a.over = true
		a.out.end()
		input()
		a.owner.pause()
	})
}

// write sends what the session has queued.
func (a *clientAttachment) write(stream grpc.ClientStream) {
	var batch []*frame
	for {
		var ended bool
		batch, ended = a.nextBatch(batch)
		for i, f := range batch {
			if err := stream.SendMsg(f); err != nil {
				// The reader hears why.
				drop(batch[i+1:])
				a.stopWriting()
				return
			}
		}
		if ended {
			_ = stream.CloseSend() // The reader hears of what is wrong.
			return
		}
	}
}

func (a *clientAttachment) nextBatch(spare []*frame) ([]*frame, bool) {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	for len(a.out.frames) == 0 && !a.out.ended {
		a.out.wake.Wait()
	}
	clear(spare)
	batch, room := a.out.take(spare)
	if room {
		a.owner.session.OnWritable(a.a, true)
		a.owner.pump()
	}
	// What came meanwhile goes with the next batch.
	return batch, a.out.ended && len(a.out.frames) == 0
}

func (a *clientAttachment) stopWriting() {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	drop(a.out.frames)
	a.out.frames = nil
	a.out.ended = true
}

// The following are called with the owner's lock held.

func (a *clientAttachment) enqueue(o session.Output) {
	if a.out.add(o) {
		a.owner.session.OnWritable(a.a, false)
	}
}

func (a *clientAttachment) request() {
	a.requests++
	a.canRead.Signal()
}

func (a *clientAttachment) halfClose() { a.out.end() }

func (a *clientAttachment) endCall(why session.CloseReason) {
	if why == session.Done && a.a.Handshook() {
		a.out.end()
		a.drained = true
		a.canRead.Signal()
		time.AfterFunc(donePatience, a.cancel)
		return
	}
	a.over = true
	a.out.end()
	a.canRead.Signal()
	a.permit.over()
	a.cancel()
}
