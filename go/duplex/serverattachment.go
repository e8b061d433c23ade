package duplex

import (
	"context"
	"errors"
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

// The welcome waits so long for what a handler adds to the headers.
const headerPatience = 20 * time.Millisecond

// serverAttachment is one call that carries a server's session.
type serverAttachment struct {
	stream  grpc.ServerStream
	hello   *wire.Hello
	handler func(grpc.ServerStream) error
	method  string
	a       *session.Attachment
	owner   *serverStream

	// Guarded by the owner's lock.
	out      outQueue
	requests int
	canRead  sync.Cond
	welcome  *wire.Welcome
	refusal  *wire.Refusal
	why      error // with which the call ends
	over     bool  // it has ended, or is to be ended
	late     bool  // the headers wait no longer
}

func newServerAttachment(
	ss grpc.ServerStream, hello *wire.Hello, handler func(grpc.ServerStream) error, method string,
) *serverAttachment {
	a := &serverAttachment{
		stream: ss, hello: hello, handler: handler, method: method,
		a: session.NewAttachment(now(), hello.Attach, hello.Tag),
	}
	a.a.Carrier = a
	return a
}

func serverAttachmentOf(a *session.Attachment) *serverAttachment {
	return a.Carrier.(*serverAttachment)
}

// join makes the attachment the session's, before the session may ask anything of it; called with the
// owner's lock held.
func (a *serverAttachment) join(owner *serverStream) {
	a.owner = owner
	a.out.wake.L, a.canRead.L = &owner.mu, &owner.mu
}

// run carries the session until the call ends, and returns how it ends.
func (a *serverAttachment) run() error {
	a.owner.tell(func(*session.Server) {})
	stop := context.AfterFunc(a.stream.Context(), func() { a.closed(nil) })
	defer stop()
	go a.read()
	return a.write()
}

// closed tells the session that the call ended; why is nil when that was not this side's doing.
func (a *serverAttachment) closed(why error) {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	if a.why == nil {
		a.why = why
	}
	a.stop()
	a.owner.session.OnClosed(now(), a.a)
	a.owner.pump()
}

func (a *serverAttachment) read() {
	for a.awaitRequest() {
		var f frame
		err := a.stream.RecvMsg(&f)
		if errors.Is(err, io.EOF) {
			a.owner.tell(func(s *session.Server) { s.OnHalfClosed(now(), a.a) })
			return
		}
		if err != nil {
			a.closed(err)
			return
		}
		header, b, err := f.open(a.a.Tag())
		if err != nil {
			a.closed(status.Errorf(codes.InvalidArgument, "stream session: frame: %v", err))
			return
		}
		a.owner.tell(func(s *session.Server) { s.OnFrame(now(), a.a, header, asBody(b)) })
	}
}

func (a *serverAttachment) awaitRequest() bool {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	for a.requests == 0 && !a.over {
		a.canRead.Wait()
	}
	a.requests--
	return !a.over
}

// write sends the welcome and what the session has queued, and returns how the call ends.
func (a *serverAttachment) write() error {
	header := a.awaitHeader()
	if header != nil {
		if err := a.stream.SendHeader(header); err != nil {
			return a.failed(nil, err)
		}
	}
	var batch []*frame
	for {
		var ended bool
		batch, ended = a.nextBatch(batch)
		for i, f := range batch {
			if err := a.stream.SendMsg(f); err != nil {
				return a.failed(batch[i+1:], err)
			}
		}
		if ended {
			return a.ending()
		}
	}
}

func (a *serverAttachment) failed(rest []*frame, err error) error {
	drop(rest)
	a.closed(err)
	return err
}

// awaitHeader is the response headers with the welcome; nil when there is none.
func (a *serverAttachment) awaitHeader() metadata.MD {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	if a.welcome == nil {
		return nil
	}
	if !a.owner.headers && !a.owner.session.TakenOver() {
		timer := time.AfterFunc(headerPatience, func() {
			a.owner.mu.Lock()
			defer a.owner.mu.Unlock()
			a.late = true
			a.out.wake.Broadcast()
		})
		defer timer.Stop()
		for !a.owner.headers && !a.late && !a.over {
			a.out.wake.Wait()
		}
	}
	a.owner.headers = true
	md := metadata.Join(a.owner.header)
	md.Set(wire.MetadataKey, string(a.welcome.Append(nil)))
	return md
}

func (a *serverAttachment) nextBatch(spare []*frame) ([]*frame, bool) {
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
	return batch, a.out.ended && len(a.out.frames) == 0
}

func (a *serverAttachment) ending() error {
	a.owner.mu.Lock()
	defer a.owner.mu.Unlock()
	if a.refusal != nil {
		return refused(a.stream, a.refusal)
	}
	return a.why
}

// The following are called with the owner's lock held.

func (a *serverAttachment) accept(w *wire.Welcome) { a.welcome = w }

func (a *serverAttachment) refuse(r *wire.Refusal) {
	a.refusal = r
	a.stop()
}

func (a *serverAttachment) enqueue(o session.Output) {
	if a.out.add(o) {
		a.owner.session.OnWritable(a.a, false)
	}
}

func (a *serverAttachment) request() {
	a.requests++
	a.canRead.Signal()
}

func (a *serverAttachment) endCall(why session.CloseReason) {
	switch why {
	case session.Replaced:
		a.refusal = &wire.Refusal{Code: wire.CodeFenced}
	case session.ProtocolError:
		a.why = status.Error(codes.Internal, "stream session: the peer broke the protocol")
	case session.Silent:
		a.why = status.Error(codes.Unavailable, "stream session: the peer was silent")
	case session.ResponseHeld:
		a.why = status.Error(codes.Unavailable, "stream session: a hop may hold the response until it is complete")
	}
	a.stop()
}

func (a *serverAttachment) stop() {
	a.over = true
	a.out.end()
	a.canRead.Broadcast()
}
