package session_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

const (
	second  = int64(time.Second)
	forever = int64(1<<63 - 1)
)

// firstContact is a client of a method in one direction, and what it says.
type firstContact struct {
	t      *testing.T
	client *session.Client
	first  *session.Attachment
	hello  *wire.Hello
}

func contact(t *testing.T, peer session.Peer, kind session.MethodKind) *firstContact {
	t.Helper()
	c := &firstContact{t: t, client: session.NewClient(wire.SessionID{1}, session.Defaults(), rand.New(rand.NewPCG(1, 1)), session.NewBudget(1<<30))}
	c.client.Start(0, 0, peer, kind)
	c.first = c.opened(c.outputs(0))
	return c
}

func (c *firstContact) outputs(now int64) []session.Output {
	var all []session.Output
	for {
		o, ok := c.client.Poll(now)
		if !ok {
			return all
		}
		all = append(all, o)
	}
}

// opened is the attachment that was begun last.
func (c *firstContact) opened(outputs []session.Output) *session.Attachment {
	c.t.Helper()
	start := only(c.t, session.OpStart, outputs)
	c.hello = start.Hello
	return start.To
}

func (c *firstContact) send(messages int) {
	c.t.Helper()
	for range messages {
		if !c.client.Offer(text{1}) {
			c.t.Fatal("the session is full")
		}
	}
}

func (c *firstContact) welcome(now int64, a *session.Attachment, watermark int64) {
	c.t.Helper()
	issuer, err := wire.NewIssuer(make([]byte, 32))
	if err != nil {
		c.t.Fatal(err)
	}
	c.client.OnWelcome(now, a, &wire.Welcome{
		Token: issuer.Issue(c.client.ID(), "", "m", ""), Watermark: watermark, Low: 1, Credit: watermark + 16, TTLMillis: 60_000,
	})
}

// due goes on to the next deadline.
func (c *firstContact) due() int64 {
	c.t.Helper()
	at := c.client.NextDeadline()
	if at == forever {
		c.t.Fatal("nothing is due")
	}
	c.client.OnTimeout(at)
	return at
}

func TestCallThatWaitsForAConnectionMakesNoServerSilent(t *testing.T) {
	c := contact(t, session.PeerUnknown, session.Bidirectional)
	c.client.OnHelloUnsent(c.first)
	c.send(1)
	c.client.HalfClose()
	silence := int64(session.Defaults().AssumePlain)
	halfClosed := func(now int64) int {
		c.client.OnTimeout(now)
		return count(session.OpHalfClose, c.outputs(now))
	}
	connected := 3 * silence
	if n := halfClosed(connected); n != 0 {
		t.Errorf("%d half-closes without a connection (expected: none)", n)
	}
	c.client.OnHelloSent(connected, c.first)
	if n := halfClosed(connected + silence - 1); n != 0 {
		t.Errorf("%d half-closes before the silence was over (expected: none)", n)
	}
	if at := c.client.NextDeadline(); at != connected+silence {
		t.Errorf("due at %d (expected: %d)", at, connected+silence)
	}
	if n := halfClosed(connected + silence); n != 1 {
		t.Errorf("%d half-closes after the silence (expected: 1)", n)
	}
}

func count(op session.Op, outputs []session.Output) int {
	n := 0
	for _, o := range outputs {
		if o.Op == op {
			n++
		}
	}
	return n
}

func only(t *testing.T, op session.Op, outputs []session.Output) session.Output {
	t.Helper()
	if n := count(op, outputs); n != 1 {
		t.Fatalf("outputs %d: %d of %v (expected: 1)", op, n, ops(outputs))
	}
	for _, o := range outputs {
		if o.Op == op {
			return o
		}
	}
	panic("unreachable")
}

func ops(outputs []session.Output) []session.Op {
	all := make([]session.Op, len(outputs))
	for i, o := range outputs {
		all[i] = o.Op
	}
	return all
}

func expectOps(t *testing.T, outputs []session.Output, want ...session.Op) {
	t.Helper()
	if got := ops(outputs); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("outputs: %v (expected: %v)", got, want)
	}
}

func said(flag wire.Flag, outputs []session.Output) bool {
	for _, o := range outputs {
		if o.Op == session.OpSend && o.HasHeader && o.Header.Has(flag) {
			return true
		}
	}
	return false
}

func TestRequestOfAServerStreamIsHalfClosedAtOnce(t *testing.T) {
	for _, peer := range []session.Peer{session.PeerUnknown, session.PeerLikelyPlain} {
		c := contact(t, peer, session.ServerStreaming)
		c.send(1)
		c.client.HalfClose()
		expectOps(t, c.outputs(0), session.OpSend, session.OpHalfClose)
	}
}

func TestWelcomeBehindTheHalfCloseOpensAnAttachmentForAcks(t *testing.T) {
	c := contact(t, session.PeerUnknown, session.ServerStreaming)
	c.send(1)
	c.client.HalfClose()
	c.outputs(0)
	c.welcome(0, c.first, 2)
	then := c.outputs(0)
	c.opened(then)
	if count(session.OpSend, then) > 0 || c.client.End() != nil {
		t.Errorf("outputs: %v, end: %v (expected: nothing is sent, no end)", ops(then), c.client.End())
	}
}

func TestRequestSideStaysOpenWhereTheMethodHasFoundSessions(t *testing.T) {
	c := contact(t, session.PeerWelcomes, session.ServerStreaming)
	c.send(1)
	c.client.HalfClose()
	expectOps(t, c.outputs(0), session.OpSend)
	c.welcome(0, c.first, 1)
	then := c.outputs(0)
	if count(session.OpStart, then) > 0 || !said(wire.HalfClose, then) {
		t.Errorf("outputs: %v (expected: HALF_CLOSE on the first attachment)", ops(then))
	}
}

func TestPlainServerWhereSessionsWereExpectedGetsItsHalfCloseAfterASecond(t *testing.T) {
	c := contact(t, session.PeerWelcomes, session.ServerStreaming)
	c.send(1)
	c.client.HalfClose()
	c.outputs(0)
	if at := c.due(); at != second {
		t.Errorf("due: %v (expected: 1s)", time.Duration(at))
	}
	expectOps(t, c.outputs(second), session.OpHalfClose)
	// And it may answer as late as it likes.
	later := int64(time.Hour)
	c.client.OnTimeout(later)
	expectOps(t, c.outputs(later))
	c.client.OnPlainHeaders(later, c.first)
	if c.client.End() != nil {
		t.Errorf("end: %v (expected: none)", c.client.End())
	}
}

func TestClientStreamIsWrittenAtOnceWithItsHalfClose(t *testing.T) {
	for _, peer := range []session.Peer{session.PeerUnknown, session.PeerLikelyPlain, session.PeerWelcomes} {
		c := contact(t, peer, session.ClientStreaming)
		c.send(100)
		c.client.HalfClose()
		all := c.outputs(0)
		if len(all) != 101 || all[100].Op != session.OpHalfClose {
			t.Errorf("peer %d: %d outputs (expected: 100 messages and the half-close)", peer, len(all))
		}
	}
}

func TestResponseOfAClientStreamIsReadBeforeAnotherAttachmentAcknowledgesIt(t *testing.T) {
	c := contact(t, session.PeerUnknown, session.ClientStreaming)
	c.client.Request(2)
	c.send(3)
	c.client.HalfClose()
	c.outputs(0)
	c.welcome(0, c.first, 4)
	expectOps(t, c.outputs(0), session.OpRequest)
	c.client.OnFrame(0, c.first, &wire.Header{Tag: c.first.Tag(), Seq: 1, Ack: 4}, text("12345"))
	if answer := c.outputs(0); count(session.OpDeliver, answer) != 1 || count(session.OpStart, answer) != 0 {
		t.Fatalf("outputs: %v (expected: the response alone)", ops(answer))
	}
	c.client.OnFrame(0, c.first, &wire.Header{Tag: c.first.Tag(), Seq: 2, Ack: 4, Flags: wire.Final}, nil)
	c.client.Processed(0, 1)
	now, then := int64(0), c.outputs(0)
	for i := 0; i < 3 && count(session.OpStart, then) == 0; i++ {
		now = c.due()
		then = c.outputs(now)
	}
	c.opened(then)
	if c.client.End() == nil || c.client.End().Kind != session.Finished || c.hello.Watermark != 2 {
		t.Errorf("end: %v, watermark: %d (expected: FINISHED, 2)", c.client.End(), c.hello.Watermark)
	}
	if now > int64(session.Defaults().AckDelay) {
		t.Errorf("acknowledged after %v", time.Duration(now))
	}
}

func TestHalfCloseOfAClientStreamWithoutMessagesIsSaidOnAnotherAttachment(t *testing.T) {
	c := contact(t, session.PeerUnknown, session.ClientStreaming)
	c.client.HalfClose()
	expectOps(t, c.outputs(0), session.OpHalfClose)
	c.welcome(0, c.first, 0)
	next := c.opened(c.outputs(0))
	c.welcome(0, next, 0)
	if then := c.outputs(0); !said(wire.HalfClose, then) {
		t.Errorf("outputs: %v (expected: HALF_CLOSE)", ops(then))
	}
}

func TestFullBufferTakesAServerForAPlainOne(t *testing.T) {
	for peer, patience := range map[session.Peer]int64{session.PeerLikelyPlain: 0, session.PeerUnknown: second, session.PeerWelcomes: 10 * second} {
		c := contact(t, peer, session.ClientStreaming)
		c.send(session.Defaults().SendMessages)
		c.outputs(0)
		if at := int64(0); patience > 0 {
			if c.client.AskReady() {
				t.Errorf("peer %d: ready at once", peer)
			}
			at = c.due()
			c.outputs(at)
			if at != patience {
				t.Errorf("peer %d: after %v (expected: %v)", peer, time.Duration(at), time.Duration(patience))
			}
		}
		if !c.client.AskReady() {
			t.Errorf("peer %d: full", peer)
		}
	}
}

func TestCutOfACallThatWasSilentForASecondIsToldAtOnce(t *testing.T) {
	for _, kind := range []session.MethodKind{session.ServerStreaming, session.ClientStreaming} {
		c := contact(t, session.PeerUnknown, kind)
		c.send(1)
		c.outputs(0)
		c.client.OnClosed(second, c.first, session.Closure{Scope: session.ScopeConnection, Status: 14})
		if end := c.client.End(); end == nil || end.Kind != session.Plain || end.Status != 14 {
			t.Errorf("kind %d: end %v (expected: that of a plain call)", kind, end)
		}
	}
}

func TestCutBeforeThatIsOneOfAServerThatMayKnowTheSession(t *testing.T) {
	c := contact(t, session.PeerUnknown, session.ServerStreaming)
	c.send(1)
	c.client.HalfClose()
	c.outputs(0)
	c.client.OnClosed(second/2, c.first, session.Closure{Scope: session.ScopeConnection, Status: 14})
	c.outputs(second / 2)
	now := c.due()
	next := c.opened(c.outputs(now))
	c.welcome(now, next, 2)
	if c.client.End() != nil || c.client.Acked() != 2 {
		t.Errorf("end: %v, acked: %d (expected: none, 2)", c.client.End(), c.client.Acked())
	}
}

func TestCancelEndsTheCallOfAnUnansweredServerStream(t *testing.T) {
	c := contact(t, session.PeerLikelyPlain, session.ServerStreaming)
	c.send(1)
	c.client.HalfClose()
	c.outputs(0)
	c.client.Cancel(1)
	if end := only(t, session.OpEnd, c.outputs(1)); end.To != c.first || end.Why != session.Unneeded {
		t.Errorf("ended: %v", end)
	}
}

func TestCancelBehindTheHalfCloseIsSaidOnAnotherAttachment(t *testing.T) {
	c := contact(t, session.PeerUnknown, session.ClientStreaming)
	c.send(1)
	c.client.HalfClose()
	c.outputs(0)
	c.welcome(0, c.first, 0)
	c.outputs(0)
	c.client.Cancel(1)
	next := c.opened(c.outputs(1))
	c.welcome(1, next, 2)
	if then := c.outputs(1); !said(wire.Cancel, then) {
		t.Errorf("outputs: %v (expected: CANCEL)", ops(then))
	}
}

// A hop that passes a request on only when it is complete answers behind the half-close alone.
func TestLaterAttachmentOfAServerStreamIsHalfClosedWhereNothingElseIsAnswered(t *testing.T) {
	c := contact(t, session.PeerUnknown, session.ServerStreaming)
	c.send(1)
	c.client.HalfClose()
	c.outputs(0)
	c.welcome(0, c.first, 2)
	now := int64(0)
	for range 2 {
		silent := c.opened(c.outputs(now))
		now = c.due()
		expectOps(t, c.outputs(now), session.OpHalfClose)
		c.welcome(now, silent, 2)
		c.outputs(now)
		c.client.OnFrame(now, silent, &wire.Header{Tag: silent.Tag(), Flags: wire.Drain}, nil)
	}
	third := c.outputs(now)
	c.opened(third)
	only(t, session.OpHalfClose, third)
}

func TestAttachmentThatHasSomethingToSayIsNotHalfClosedForItsSilence(t *testing.T) {
	c := contact(t, session.PeerUnknown, session.ServerStreaming)
	c.send(1)
	c.client.HalfClose()
	c.outputs(0)
	c.welcome(0, c.first, 2)
	c.outputs(0)
	c.client.Cancel(1)
	c.client.OnTimeout(2 * second)
	if then := c.outputs(2 * second); count(session.OpHalfClose, then) > 0 {
		t.Errorf("outputs: %v (expected: no half-close)", ops(then))
	}
}

func TestServerHoldsWhoWasNotWelcomedToNoCredit(t *testing.T) {
	issuer, err := wire.NewIssuer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	var server *session.Server
	table := session.NewTable(session.TableOptions{MaxSessions: 10, MaxPerPrincipal: 10}, issuer, session.Defaults(),
		session.NewBudget(1<<30), func(s *session.Server) sync.Locker {
			server = s
			return &sync.Mutex{}
		})
	c := contact(t, session.PeerUnknown, session.ClientStreaming)
	there := session.NewAttachment(0, 1, c.first.Tag())
	if refusal := table.Admit(0, there, c.hello, nil, session.Caller{}, func(*session.Server) {}); refusal != nil {
		t.Fatalf("refused: %v", refusal)
	}
	c.send(100)
	for _, o := range c.outputs(0) {
		var h *wire.Header
		if o.HasHeader {
			h = &o.Header
		}
		server.OnFrame(0, there, h, o.Body)
	}
	server.Request(1000)
	delivered := 0
	for o, ok := server.Poll(0); ok; o, ok = server.Poll(0) {
		if o.Op == session.OpEnd {
			t.Fatalf("ended: %v", o.Why)
		}
		if o.Op == session.OpDeliver {
			delivered++
		}
	}
	if delivered != 100 {
		t.Errorf("delivered: %d (expected: 100)", delivered)
	}
}
