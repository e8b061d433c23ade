package session_test

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

var (
	seeds    = flag.Uint64("seeds", 400, "seeds of the simulation")
	onlySeed = flag.Uint64("seed", 0, "one seed to run again")
)

const (
	worldMessages = 600
	longestFaults = 8 * time.Second
	worldTime     = int64(20 * time.Minute)
	worldGrace    = 30 * time.Second
)

// world has a client and servers under virtual time, and a network between them that delays, cuts and
// leaves half-open calls behind. In some worlds servers leave and hand the session over.
type world struct {
	random *rand.Rand
	now    int64
	events events
	order  int
	faults int64 // until when there are some
	failed error

	client       *session.Client
	servers      []*worldServer
	handler      *worldServer // the server whose handler runs
	handsOver    bool
	drains       int // to come
	moves        int
	clientEnd    *session.End
	serverEnd    *session.End
	calls        []*call
	sentByClient int64
	sentByServer int64
	sentInAll    int64 // with the final status, by the last server's count
	clientGot    int64
	serverGot    int64
	serverDone   int64
	halfClosed   bool
	clientTimer  int64

	kind  session.MethodKind
	known session.Peer
	// What each application sends.
	fromClient, fromServer int64
}

// worldServer is an instance, which may be drained and leave its session to another one.
type worldServer struct {
	*world
	table   *session.Table
	session *session.Server
	timer   int64
	drained bool
}

// call is one attachment's, with its two directions.
type call struct {
	client, server *session.Attachment
	at             *worldServer
	cutForClient   bool
	cutForServer   bool
	toServer       pipe
	toClient       pipe
}

// pipe delivers in order, each thing not before the one sent earlier; requests let it.
type pipe struct {
	free     int64
	requests int
	waiting  []func()
}

type event struct {
	at    int64
	order int
	run   func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || (e[i].at == e[j].at && e[i].order < e[j].order)
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (w *world) after(d int64, run func()) {
	w.order++
	heap.Push(&w.events, event{w.now + d, w.order, run})
}

func (w *world) fail(format string, args ...any) {
	if w.failed == nil {
		w.failed = fmt.Errorf("at %v: "+format, append([]any{time.Duration(w.now)}, args...)...)
	}
}

func (w *world) upTo(most time.Duration) int64 { return int64(w.random.Uint64N(uint64(most) + 1)) }

func (w *world) faulty() bool { return w.now < w.faults }

// send passes something on, in order, after a delay.
func (w *world) send(p *pipe, lost func() bool, run func()) {
	delay := w.upTo(20 * time.Millisecond)
	if w.faulty() && w.random.Uint64N(50) == 0 {
		delay += w.upTo(2 * time.Second)
	}
	at := max(w.now+delay, p.free)
	p.free = at
	w.after(at-w.now, func() {
		if !lost() {
			run()
		}
	})
}

// message passes a gRPC message on, which waits until its receiver asks for it.
func (w *world) message(p *pipe, lost func() bool, run func()) {
	w.send(p, lost, func() {
		p.waiting = append(p.waiting, run)
		p.serve()
	})
}

func (p *pipe) serve() {
	for p.requests > 0 && len(p.waiting) > 0 {
		next := p.waiting[0]
		p.waiting = p.waiting[1:]
		p.requests--
		next()
	}
}

func newWorld(seed uint64) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 7)), clientTimer: math.MaxInt64}
	w.faults = w.upTo(longestFaults)
	w.fromClient, w.fromServer = worldMessages, worldMessages
	switch w.kind = session.MethodKind(w.random.Uint64N(3)); w.kind {
	case session.ServerStreaming:
		w.fromClient = 1
	case session.ClientStreaming:
		w.fromServer = 1
	}
	options := session.Defaults()
	options.SendMessages = 1 + int(w.random.Uint64N(100))
	options.ReceiveMessages = 1 + int(w.random.Uint64N(100))
	options.ReceiveBytes = 64 + int64(w.random.Uint64N(4096))
	options.AckEvery = 1 + int(w.random.Uint64N(64))
	if w.random.Uint64N(2) == 0 {
		options.Heartbeat, options.Suspect, options.Dead = time.Second, 3*time.Second, 5*time.Second
	}
	w.drains = int(w.random.Uint64N(4))
	w.handsOver = w.drains > 0
	w.start(options)
	if w.handsOver {
		w.start(options)
		w.after(w.upTo(3*time.Second), func() { w.drain(options) })
	}
	w.client = session.NewClient(wire.SessionID{1}, options, w.random, session.NewBudget(1<<20))
	return w
}

// start adds a server, whose address is its number.
func (w *world) start(options session.Options) {
	issuer, err := wire.NewIssuer([]byte(vectorKey))
	if err != nil {
		panic(err)
	}
	at := &worldServer{world: w, timer: math.MaxInt64}
	host := session.TableOptions{MaxSessions: 10, MaxPerPrincipal: 10, Sole: true, SoleSince: -int64(time.Hour)}
	if w.handsOver {
		host.Address = strconv.Itoa(len(w.servers))
	}
	at.table = session.NewTable(host, issuer, options, session.NewBudget(1<<20), func(s *session.Server) sync.Locker {
		if at.session != nil && !w.handsOver {
			w.fail("a second session")
		}
		at.session = s
		return &sync.Mutex{}
	})
	w.servers = append(w.servers, at)
}

// drain lets the server with the session, or another one, leave. A new one takes its place.
func (w *world) drain(options session.Options) {
	if w.client.Welcomed() && w.clientEnd == nil {
		at := w.anyServer(false)
		if w.handler != nil && w.random.Uint64N(2) == 0 {
			at = w.handler
		}
		if !at.drained {
			w.start(options)
			w.drains--
			at.drained = true
			at.table.Drain()
			if at.session != nil {
				at.session.Drain(w.now, true, worldGrace)
				at.pump()
			}
		}
	}
	if w.drains > 0 && w.clientEnd == nil {
		w.after(1+w.upTo(2*time.Second), func() { w.drain(options) })
	}
}

// anyServer is one of those that take sessions, or with all any.
func (w *world) anyServer(all bool) *worldServer {
	for {
		if at := w.servers[w.random.Uint64N(uint64(len(w.servers)))]; all || !at.drained {
			return at
		}
	}
}

func number(n int64, more uint64) text {
	body := make([]byte, 8+more)
	binary.BigEndian.PutUint64(body, uint64(n))
	return body
}

func (w *world) run() error {
	w.known = w.peer()
	w.client.Start(0, 0, w.known, w.kind)
	w.client.Request(1)
	w.clientActs()
	w.scheduleCut()
	for w.failed == nil && len(w.events) > 0 && !w.over() {
		next := heap.Pop(&w.events).(event)
		if next.at > worldTime {
			break
		}
		w.now = next.at
		next.run()
	}
	switch {
	case w.failed != nil:
		return w.failed
	case w.plain():
		return nil
	case w.clientEnd == nil || w.clientEnd.Kind != session.Finished:
		return fmt.Errorf("client: %v in %s, received %d", w.clientEnd, w.client.State(), w.clientGot)
	case w.serverEnd == nil || w.serverEnd.Kind != session.Finished:
		return fmt.Errorf("server: %v, received %d", w.serverEnd, w.serverGot)
	case w.serverGot != w.fromClient || w.clientGot != w.fromServer:
		return fmt.Errorf("received: %d by the server, %d by the client", w.serverGot, w.clientGot)
	case w.clientEnd.ByPeer != w.fromClient+1 || w.sentInAll != w.fromServer+1:
		return fmt.Errorf("acked: %d by the server, %d by the client", w.clientEnd.ByPeer, w.serverEnd.ByPeer)
	}
	return nil
}

// peer is what the client knows. A server that is likely to have no sessions ends a stream in one
// direction with its first call, so that is rare.
func (w *world) peer() session.Peer {
	if w.random.Uint64N(10) == 0 {
		return session.PeerLikelyPlain
	}
	return session.Peer(w.random.Uint64N(2))
}

// plain: a call in one direction that nobody welcomed, and that was cut late, is that of a server without
// sessions for all that its client can know.
func (w *world) plain() bool {
	if w.kind == session.Bidirectional || w.clientEnd == nil {
		return false
	}
	// It may be too late for one that was written to such a server, and whose messages were let go.
	letGo := w.kind == session.ClientStreaming && w.known == session.PeerLikelyPlain
	return w.clientEnd.Kind == session.Plain && !w.client.Welcomed() || w.clientEnd.Kind == session.LostGap && letGo
}

func (w *world) over() bool {
	for _, at := range w.servers {
		if at.session != nil && !at.session.State().Terminal() {
			return false
		}
	}
	return w.client.State().Terminal() && w.servers[0].session != nil
}

func (w *world) scheduleCut() {
	w.after(w.upTo(300*time.Millisecond), func() {
		if !w.faulty() {
			return
		}
		if len(w.calls) > 0 {
			// The newest call, or one of those before.
			back := min(w.random.Uint64N(3), uint64(len(w.calls)-1))
			w.cut(w.calls[len(w.calls)-1-int(back)])
		}
		w.scheduleCut()
	})
}

// cut ends a call; each side hears of it in its own time, a server perhaps very late.
func (w *world) cut(c *call) {
	lostHere, lostThere := &c.cutForClient, &c.cutForServer
	if *lostHere || *lostThere {
		return
	}
	*lostHere, *lostThere = true, true
	w.after(w.upTo(100*time.Millisecond), func() {
		w.client.OnClosed(w.now, c.client, session.Closure{Scope: session.ScopeConnection, Status: 14})
		w.pumpClient()
	})
	late := w.upTo(100 * time.Millisecond)
	if w.random.Uint64N(3) == 0 {
		late = w.upTo(20 * time.Second)
	}
	w.after(late, func() { w.closeServer(c) })
}

func (w *world) closeServer(c *call) {
	if c.server != nil {
		c.at.session.OnClosed(w.now, c.server)
		c.at.pump()
	}
}

func (w *world) clientActs() {
	burst := w.random.Uint64N(20)
	for ; burst > 0 && w.sentByClient < w.fromClient; burst-- {
		if !w.client.Offer(number(w.sentByClient+1, w.random.Uint64N(60))) {
			break
		}
		w.sentByClient++
	}
	if w.sentByClient == w.fromClient {
		w.client.HalfClose()
	}
	w.pumpClient()
	if w.clientEnd == nil {
		w.after(w.upTo(30*time.Millisecond), w.clientActs)
	}
}

// runs reports whether the handler of a session at a server still does.
func (at *worldServer) runs(s *session.Server) bool {
	return at.handler == at && at.session == s && s.End() == nil
}

func (at *worldServer) acts(s *session.Server) {
	if !at.runs(s) {
		return
	}
	burst := at.random.Uint64N(20)
	if at.kind == session.ClientStreaming && !at.halfClosed {
		burst = 0
	}
	for ; burst > 0 && at.sentByServer < at.fromServer; burst-- {
		if !s.Offer(number(at.sentByServer+1, at.random.Uint64N(60))) {
			break
		}
		at.sentByServer++
	}
	if at.random.Uint64N(4) != 0 {
		at.mark(s)
	}
	if at.sentByServer == at.fromServer && at.halfClosed && at.serverDone == at.fromClient {
		at.handler = nil
		s.Finish(0, nil)
	}
	at.pump()
	at.after(at.upTo(30*time.Millisecond), func() { at.acts(s) })
}

// place is the cursor of what the handlers have done.
func (w *world) place() []byte {
	done := uint64(w.serverDone)
	if w.kind == session.ServerStreaming {
		done = 0 // The request comes again.
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, done), uint64(w.sentByServer))
}

func (at *worldServer) mark(s *session.Server) {
	if at.handsOver {
		s.Mark(at.now, at.place(), 0, at.kind == session.ServerStreaming)
	}
}

// startHandler checks that no other handler runs, and that this one goes on exactly where the last one stopped.
func (at *worldServer) startHandler(s *session.Server) {
	if at.handler != nil {
		at.fail("a second handler")
	}
	at.handler = at
	if cursor, resumed := s.Resumed(); resumed != (at.moves > 0) || (resumed && !bytes.Equal(cursor, at.place())) {
		at.fail("cursor: %x (expected: %x)", cursor, at.place())
	}
	if s.SentBefore() != at.sentByServer || at.serverGot != at.serverDone {
		at.fail("sent before: %d (expected: %d); received: %d, processed: %d", s.SentBefore(), at.sentByServer, at.serverGot, at.serverDone)
	}
	at.halfClosed = false
	if at.kind == session.ServerStreaming {
		at.serverGot, at.serverDone = 0, 0
		s.ExpectOneRequest(at.now, true)
	}
	at.mark(s)
	s.Request(1)
	at.after(0, func() { at.acts(s) })
}

func (w *world) pumpClient() {
	for {
		o, ok := w.client.Poll(w.now)
		if !ok {
			break
		}
		switch o.Op {
		case session.OpStart:
			w.connect(o)
		case session.OpSend:
			c := o.To.Carrier.(*call)
			data := message(o)
			w.message(&c.toServer, func() bool { return c.cutForServer }, func() { w.serverReads(c, data) })
			w.stopWriting(func(writable bool) { w.client.OnWritable(o.To, writable); w.pumpClient() })
		case session.OpRequest:
			c := o.To.Carrier.(*call)
			c.toClient.requests++
			w.after(0, c.toClient.serve)
		case session.OpHalfClose:
			c := o.To.Carrier.(*call)
			w.send(&c.toServer, func() bool { return c.cutForServer }, func() {
				if c.server != nil {
					c.at.session.OnHalfClosed(w.now, c.server)
					c.at.pump()
				}
			})
		case session.OpEnd:
			c := o.To.Carrier.(*call)
			if o.Why != session.Done {
				c.cutForClient = true
				w.send(&c.toServer, func() bool { return false }, func() {
					c.cutForServer = true
					w.closeServer(c)
				})
			}
		case session.OpDeliver:
			w.clientGot++
			if got := int64(binary.BigEndian.Uint64(o.Body.(text))); got != w.clientGot {
				w.fail("the client got message %d as %d", got, w.clientGot)
			}
			w.after(w.upTo(20*time.Millisecond), func() {
				w.client.Processed(w.now, o.Seq)
				w.client.Request(1)
				w.pumpClient()
			})
		case session.OpEnded:
			if w.clientEnd != nil {
				w.fail("the client ended twice")
			}
			w.clientEnd = o.End
		}
	}
	w.wake(w.client.NextDeadline(), &w.clientTimer, func() {
		w.client.OnTimeout(w.now)
		w.pumpClient()
	})
}

// wake lets a side act at its next deadline.
func (w *world) wake(at int64, timer *int64, run func()) {
	if at >= *timer || at == math.MaxInt64 {
		return
	}
	*timer = at
	w.after(max(0, at-w.now), func() {
		if *timer == at {
			*timer = math.MaxInt64
			run()
		}
	})
}

// stopWriting makes a call full for a while, sometimes.
func (w *world) stopWriting(tell func(bool)) {
	if w.random.Uint64N(10) == 0 {
		tell(false)
		w.after(1+w.upTo(200*time.Millisecond), func() { tell(true) })
	}
}

func (w *world) connect(o session.Output) {
	c := &call{client: o.To}
	o.To.Carrier = c
	w.calls = append(w.calls, c)
	hello, err := wire.ParseHello(o.Hello.Append(nil))
	if err != nil {
		w.fail("hello: %v", err)
		return
	}
	handover, err := wire.ParseHandover(o.Handover.Append(nil))
	if err != nil {
		w.fail("hand-over: %v", err)
		return
	}
	c.at = w.route(&hello, handover.Position > 0, o.Address)
	w.send(&c.toServer, func() bool { return c.cutForServer }, func() {
		a := session.NewAttachment(w.now, hello.Attach, hello.Tag)
		a.Carrier = c
		refusal := c.at.table.Admit(w.now, a, &hello, &handover, session.Caller{}, func(*session.Server) {})
		if refusal != nil {
			w.refuse(c, *refusal)
		} else {
			c.server = a
		}
		if c.at.session != nil {
			c.at.pump()
		}
	})
}

// route is the way that a channel has: a session begins at the first server, goes on at its owner or at one
// that knows the owner, and is handed over to any, sometimes to one that leaves.
func (w *world) route(hello *wire.Hello, takesOver bool, address string) *worldServer {
	if len(hello.Token) > 0 && address == "" {
		address = wire.Owner(hello.Token)
		if address != "" && w.random.Uint64N(10) == 0 {
			return w.anyServer(true)
		}
	}
	if number, err := strconv.Atoi(address); err == nil {
		return w.servers[number]
	}
	if takesOver {
		return w.anyServer(w.random.Uint64N(4) == 0)
	}
	return w.servers[0]
}

func (w *world) refuse(c *call, refusal wire.Refusal) {
	w.send(&c.toClient, func() bool { return c.cutForClient }, func() {
		c.cutForClient = true
		w.client.OnRefused(w.now, c.client, &refusal)
		w.pumpClient()
	})
}

func (w *world) serverReads(c *call, data []byte) {
	h, length, err := wire.ParseHeader(data)
	if err != nil {
		w.fail("frame: %v", err)
	}
	if c.server == nil {
		return
	}
	if length == 0 {
		c.at.session.OnFrame(w.now, c.server, nil, text(data))
	} else {
		c.at.session.OnFrame(w.now, c.server, &h, text(data[length:]))
	}
	c.at.pump()
}

func (w *world) clientReads(c *call, data []byte) {
	h, length, err := wire.ParseHeader(data)
	if err != nil || length == 0 {
		w.fail("frame: %v", err)
	}
	w.client.OnFrame(w.now, c.client, &h, text(data[length:]))
	w.pumpClient()
}

func (at *worldServer) pump() {
	w, s := at.world, at.session
	for {
		o, ok := s.Poll(w.now)
		if !ok {
			break
		}
		var c *call
		if o.To != nil {
			c = o.To.Carrier.(*call)
		}
		switch o.Op {
		case session.OpAccept:
			welcome := *o.Welcome
			w.send(&c.toClient, func() bool { return c.cutForClient }, func() {
				w.client.OnWelcome(w.now, c.client, &welcome)
				w.pumpClient()
			})
		case session.OpRefuse:
			w.refuse(c, *o.Refusal)
		case session.OpSend:
			data := message(o)
			w.message(&c.toClient, func() bool { return c.cutForClient }, func() { w.clientReads(c, data) })
			w.stopWriting(func(writable bool) { s.OnWritable(o.To, writable); at.pump() })
		case session.OpRequest:
			c.toServer.requests++
			w.after(0, c.toServer.serve)
		case session.OpEnd:
			c.cutForServer = true
			why := o.Why
			w.send(&c.toClient, func() bool { return c.cutForClient }, func() {
				c.cutForClient = true
				switch why {
				case session.Replaced:
					w.client.OnRefused(w.now, c.client, &wire.Refusal{Code: wire.CodeFenced})
				case session.ProtocolError:
					w.fail("the server found a broken rule")
					w.client.OnClosed(w.now, c.client, session.Closure{Scope: session.ScopeStatus, Status: 13})
				default:
					w.client.OnClosed(w.now, c.client, session.Closure{Scope: session.ScopeStatus})
				}
				w.pumpClient()
			})
		case session.OpStartHandler:
			at.startHandler(s)
		case session.OpDeliver:
			w.serverGot++
			if got := int64(binary.BigEndian.Uint64(o.Body.(text))); got != w.serverGot {
				w.fail("the server got message %d as %d", got, w.serverGot)
			}
			w.after(w.upTo(20*time.Millisecond), func() {
				if !at.runs(s) {
					return
				}
				w.serverDone++
				s.Processed(w.now, o.Seq)
				s.Request(1)
				if w.random.Uint64N(4) != 0 {
					at.mark(s)
				}
				at.pump()
			})
		case session.OpHalfClosed:
			w.halfClosed = true
		case session.OpEnded:
			w.serverEnds(at, s, o.End)
		}
	}
	if s.Over() {
		at.table.Retire(w.now, s)
	}
	w.wake(s.NextDeadline(), &at.timer, func() {
		at.session.OnTimeout(w.now)
		at.pump()
	})
}

func (w *world) serverEnds(at *worldServer, s *session.Server, end *session.End) {
	if end.Kind == session.SessionMoved && at.drained {
		w.moves++
		// The handler was canceled, and returns some time later.
		w.after(w.upTo(50*time.Millisecond), func() {
			if w.handler == at {
				w.handler = nil
			}
			s.Finish(1, nil)
			at.pump()
		})
		return
	}
	if w.serverEnd != nil {
		w.fail("the server ended twice")
	}
	w.serverEnd = end
	w.sentInAll = s.SentBefore()
}

// TestWorld: exactly once, in order, one end at each side, and progress when the faults are over.
func TestWorld(t *testing.T) {
	first, last := uint64(1), *seeds
	if *onlySeed > 0 {
		first, last = *onlySeed, *onlySeed
	}
	attachments, plain, moves := 0, 0, 0
	for seed := first; seed <= last; seed++ {
		w := newWorld(seed)
		if err := w.run(); err != nil {
			t.Fatalf("seed %d: %v\nrun it again with -seed %d", seed, err, seed)
		}
		attachments += len(w.calls)
		moves += w.moves
		if w.plain() {
			plain++
		}
	}
	if all := int(last - first + 1); plain > all/10 && *onlySeed == 0 {
		t.Errorf("calls taken for those of a server without sessions: %d of %d (expected: few)", plain, all)
	}
	if moves < int(last-first)/2 && *onlySeed == 0 {
		t.Errorf("hand-overs: %d (expected: one for every other session, or more)", moves)
	}
	if mean := attachments / int(last-first+1); mean < 3 && *onlySeed == 0 {
		t.Errorf("attachments of a session: %d (expected: some)", mean)
	}
}
