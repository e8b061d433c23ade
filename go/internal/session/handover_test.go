package session_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

// counted is a body that knows its holders.
type counted struct {
	text
	holders int
}

func (c *counted) Retain()  { c.holders++ }
func (c *counted) Release() { c.holders-- }

func sealed(h wire.Handover) text {
	h.Seal = bytes.Repeat([]byte{9}, 32)
	return h.Append(nil)
}

// welcomedContact is a session whose request was sent, and that got so many messages.
func welcomedContact(t *testing.T, kind session.MethodKind, received int64) *firstContact {
	t.Helper()
	c := contact(t, session.PeerWelcomes, kind)
	c.send(1)
	sent := int64(1)
	if kind == session.ServerStreaming {
		c.client.HalfClose()
		sent = 2
	}
	c.outputs(0)
	c.welcome(0, c.first, 0)
	c.outputs(0)
	c.client.Request(100)
	for seq := int64(1); seq <= received; seq++ {
		c.client.OnFrame(0, c.first, &wire.Header{Tag: c.first.Tag(), Seq: seq, Ack: sent}, text("x"))
		c.outputs(0)
		c.client.Processed(0, seq)
	}
	return c
}

// handedOver is such a session after a final frame with a hand-over.
func handedOver(t *testing.T, received int64, h wire.Handover) (*firstContact, []session.Output) {
	t.Helper()
	c := welcomedContact(t, session.Bidirectional, received)
	return c, c.handOver(0, c.first, h)
}

func (c *firstContact) handOver(now int64, on *session.Attachment, h wire.Handover) []session.Output {
	header := &wire.Header{Tag: on.Tag(), Seq: h.Position, Ack: h.Processed, Flags: wire.Final | wire.Moved, Status: 14}
	c.client.OnFrame(now, on, header, sealed(h))
	return c.outputs(now)
}

func (c *firstContact) welcomeBehind(now int64, a *session.Attachment, h wire.Handover) []session.Output {
	c.client.OnWelcome(now, a, &wire.Welcome{
		Token: []byte("of the next owner"), Watermark: h.Processed, Low: h.Position + 1, Credit: 99, TTLMillis: 60_000,
	})
	return c.outputs(now)
}

func TestHandoverIsShownWithoutATokenAndToldToNobody(t *testing.T) {
	h := wire.Handover{Position: 3, Processed: 1, Moves: 1, Cursor: []byte{4, 2}}
	c, then := handedOver(t, 2, h)
	start := only(t, session.OpStart, then)
	if c.client.End() != nil || count(session.OpEnded, then) > 0 {
		t.Fatalf("end: %v (expected: none)", c.client.End())
	}
	if got, want := start.Handover.Append(nil), []byte(sealed(h)); !bytes.Equal(got, want) {
		t.Errorf("shown: %x (expected: %x)", got, want)
	}
	if hello := start.Hello; len(hello.Token) > 0 || hello.Untouched || hello.Watermark != 3 || hello.Low != 2 || hello.AgeMillis != 0 {
		t.Errorf("hello: %+v (expected: no token, touched, watermark 3, low 2, no age)", *hello)
	}
	acked := false
	for _, o := range then {
		acked = acked || (o.Op == session.OpSend && o.To == c.first && o.Header.Ack == 3)
	}
	if !acked {
		t.Errorf("outputs: %v (expected: an ack of the final frame on the old attachment)", ops(then))
	}
}

// A reset may overtake the ack of the last word, for which the old owner's drain waits.
func TestCallOfTheOldOwnerIsHalfClosedAndNotReset(t *testing.T) {
	h := wire.Handover{Position: 1, Processed: 1, Moves: 1}
	c, then := handedOver(t, 0, h)
	end := only(t, session.OpEnd, c.welcomeBehind(0, c.opened(then), h))
	if end.To != c.first || end.Why != session.Done {
		t.Fatalf("end of attachment %d: %v (expected: the first one, done)", end.To.Number(), end.Why)
	}
}

func TestNothingIsSentUntilTheNextOwnerHasWelcomed(t *testing.T) {
	h := wire.Handover{Position: 1, Processed: 1, Moves: 1}
	c, then := handedOver(t, 0, h)
	next := c.opened(then)
	c.send(2)
	if more := c.outputs(0); count(session.OpSend, more) > 0 {
		t.Fatalf("outputs: %v (expected: nothing)", ops(more))
	}
	if got := positions(c.welcomeBehind(0, next, h)); !slices.Equal(got, []int64{2, 3}) {
		t.Fatalf("positions: %v (expected: 2 and 3)", got)
	}
}

// positions are those of the messages among outputs.
func positions(outputs []session.Output) []int64 {
	var all []int64
	for _, o := range outputs {
		if o.Op == session.OpSend && o.Header.Seq > 0 {
			all = append(all, o.Header.Seq)
		}
	}
	return all
}

func TestWelcomeOfTheNextOwnerIsAnsweredByAFrame(t *testing.T) {
	h := wire.Handover{Position: 1, Processed: 1, Moves: 1}
	c, then := handedOver(t, 0, h)
	if frame := only(t, session.OpSend, c.welcomeBehind(0, c.opened(then), h)); frame.Header.Probe == 0 {
		t.Fatalf("frame: %+v (expected: a probe)", frame.Header)
	}
}

func TestHandoverIsShownAgainAfterABusyAnswerAndACut(t *testing.T) {
	h := wire.Handover{Position: 1, Processed: 1, Moves: 1}
	c, then := handedOver(t, 0, h)
	c.client.OnRefused(0, c.opened(then), &wire.Refusal{Code: wire.CodeBusy, RetryAfterMillis: 1})
	at := c.due()
	again := only(t, session.OpStart, c.outputs(at))
	if again.Handover.Position != 1 {
		t.Fatalf("shown after BUSY: %+v", again.Handover)
	}
	c.client.OnClosed(at, again.To, session.Closure{Scope: session.ScopeConnection, Status: 14})
	at = c.due()
	again = only(t, session.OpStart, c.outputs(at))
	if again.Handover.Position != 1 {
		t.Fatalf("shown after a cut: %+v", again.Handover)
	}
	c.welcomeBehind(at, again.To, h)
	c.client.OnClosed(at, again.To, session.Closure{Scope: session.ScopeConnection, Status: 14})
	at = c.due()
	again = only(t, session.OpStart, c.outputs(at))
	if again.Handover.Position != 0 || string(again.Hello.Token) != "of the next owner" {
		t.Fatalf("shown after the welcome: %+v, token %q (expected: the offer, the next owner's)", again.Handover, again.Hello.Token)
	}
}

func TestSessionThatNobodyTakesOverHasMoved(t *testing.T) {
	h := wire.Handover{Position: 1, Processed: 1, Moves: 1}
	for name, ends := range map[string]func(*firstContact, *session.Attachment){
		"DENIED": func(c *firstContact, a *session.Attachment) {
			c.client.OnRefused(0, a, &wire.Refusal{Code: wire.CodeDenied})
		},
		"UNKNOWN": func(c *firstContact, a *session.Attachment) {
			c.client.OnRefused(0, a, &wire.Refusal{Code: wire.CodeUnknown})
		},
		"plain": func(c *firstContact, a *session.Attachment) { c.client.OnPlainHeaders(0, a) },
		"patience": func(c *firstContact, a *session.Attachment) {
			down := session.Closure{Scope: session.ScopeConnection, Status: 14}
			c.client.OnClosed(0, c.first, down)
			c.client.OnClosed(0, a, down)
			for at := int64(0); c.client.End() == nil && at < int64(time.Hour); {
				at = c.due()
				for _, o := range c.outputs(at) {
					if o.Op == session.OpStart {
						c.client.OnClosed(at, o.To, down)
					}
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, then := handedOver(t, 0, h)
			ends(c, c.opened(then))
			end := c.client.End()
			if end == nil || end.Kind != session.SessionMoved || end.ByPeer != 1 {
				t.Fatalf("end: %v (expected: MOVED, 1 processed)", end)
			}
		})
	}
}

func TestFinalFrameThatCannotBeTakenIsTheEnd(t *testing.T) {
	for name, h := range map[string]wire.Handover{
		"another position":                {Position: 9, Processed: 1, Moves: 1},
		"messages that are gone":          {Position: 2, Moves: 1, Replays: wire.ReplayAll},
		"a restart that would be noticed": {Position: 2, Moves: 1, Replays: wire.ReplayRestart},
	} {
		t.Run(name, func(t *testing.T) {
			kind := session.Bidirectional
			if h.Replays == wire.ReplayRestart {
				kind = session.ServerStreaming
			}
			c := welcomedContact(t, kind, 1)
			header := &wire.Header{Tag: c.first.Tag(), Seq: 2, Ack: 1, Flags: wire.Final | wire.Moved, Status: 14}
			c.client.OnFrame(0, c.first, header, sealed(h))
			c.outputs(0)
			if end := c.client.End(); end == nil || end.Kind != session.SessionMoved {
				t.Fatalf("end: %v (expected: MOVED)", end)
			}
		})
	}
}

func TestRequestIsSentAgainWithItsHalfCloseAndLetGoAtTheEnd(t *testing.T) {
	c := contact(t, session.PeerWelcomes, session.ServerStreaming)
	request := &counted{text: text("request"), holders: 1}
	c.client.Offer(request)
	c.client.HalfClose()
	c.written(c.outputs(0))
	c.welcome(0, c.first, 1)
	c.written(c.outputs(0))
	c.client.Request(10)
	c.client.OnFrame(0, c.first, &wire.Header{Tag: c.first.Tag(), Seq: 1, Ack: 2}, text("x"))
	c.outputs(0)
	c.client.Processed(0, 1)
	if request.holders != 1 {
		t.Fatalf("holders of the acknowledged request: %d (expected: 1)", request.holders)
	}
	now, h := int64(0), wire.Handover{Position: 2, Moves: 1, Replays: wire.ReplayAll}
	on := c.first
	for move := int64(1); move <= 2; move++ {
		start := only(t, session.OpStart, c.handOver(now, on, h))
		if start.Hello.Low != 1 {
			t.Fatalf("low: %d (expected: 1)", start.Hello.Low)
		}
		again := c.written(c.welcomeBehind(now, start.To, h))
		if got := positions(again); !slices.Equal(got, []int64{1, 2}) || !said(wire.HalfClose, again) {
			t.Fatalf("positions: %v (expected: the request and HALF_CLOSE)", got)
		}
		on = start.To
		h.Position, h.Moves = h.Position+1, h.Moves+1
	}
	c.client.Cancel(now)
	c.client.Abandon()
	c.outputs(now)
	if request.holders != 0 {
		t.Fatalf("holders after the end: %d (expected: 0)", request.holders)
	}
}

// written releases what a writer would have sent.
func (c *firstContact) written(outputs []session.Output) []session.Output {
	for _, o := range outputs {
		if o.Op == session.OpSend && o.Body != nil {
			o.Body.Release()
		}
	}
	return outputs
}

func TestHandlerThatBeginsAnewIsToldBeforeItsMessagesToWhoTakesThem(t *testing.T) {
	c := welcomedContact(t, session.ServerStreaming, 1)
	c.client.AcceptRestart()
	h := wire.Handover{Position: 2, Moves: 1, Replays: wire.ReplayRestart}
	next := c.opened(c.handOver(0, c.first, h))
	told := only(t, session.OpRestarted, c.welcomeBehind(0, next, h))
	if told.Seq != 1 {
		t.Fatalf("messages before: %d (expected: 1)", told.Seq)
	}
	c.client.OnFrame(0, next, &wire.Header{Tag: next.Tag(), Seq: 3, Ack: 2}, text("x"))
	if got := only(t, session.OpDeliver, c.outputs(0)); got.Seq != 3 {
		t.Fatalf("position: %d (expected: 3)", got.Seq)
	}
}

func TestWhatTheOldOwnerSaysBehindItsLastWordIsNotDelivered(t *testing.T) {
	h := wire.Handover{Position: 1, Processed: 1, Moves: 1}
	c, then := handedOver(t, 0, h)
	next := c.opened(then)
	c.client.OnFrame(0, c.first, &wire.Header{Tag: c.first.Tag(), Seq: 2}, text("stray"))
	if stray := append(c.outputs(0), c.welcomeBehind(0, next, h)...); count(session.OpDeliver, stray) > 0 {
		t.Fatalf("outputs: %v (expected: nothing is delivered)", ops(stray))
	}
	c.client.OnFrame(0, next, &wire.Header{Tag: next.Tag(), Seq: 2}, text("x"))
	if got := only(t, session.OpDeliver, c.outputs(0)); got.Body.Len() != 1 {
		t.Fatalf("delivered: %d bytes (expected: those of the next owner)", got.Body.Len())
	}
}

func TestLastWordsThatFollowEachOtherAreBothProcessedWithTheMessageBeforeThem(t *testing.T) {
	c := welcomedContact(t, session.Bidirectional, 0)
	c.client.OnFrame(0, c.first, &wire.Header{Tag: c.first.Tag(), Seq: 1, Ack: 1}, text("in hand"))
	c.outputs(0)
	h := wire.Handover{Position: 2, Processed: 1, Moves: 1}
	second := c.opened(c.handOver(0, c.first, h))
	c.welcomeBehind(0, second, h)
	h = wire.Handover{Position: 3, Processed: 1, Moves: 2}
	if then := c.handOver(0, second, h); count(session.OpStart, then) > 0 {
		t.Fatal("the application has a message of an owner before in hand (expected: no third owner yet)")
	}
	c.client.Processed(0, 1)
	c.opened(c.outputs(0))
	if c.hello.Watermark != 3 {
		t.Fatalf("watermark: %d (expected: 3)", c.hello.Watermark)
	}
}

func TestEndOfTheOldOwnersCallIsNoEndOfASessionThatIsHandedOver(t *testing.T) {
	for _, status := range []uint32{7, 8, 12, 16} {
		h := wire.Handover{Position: 1, Processed: 1, Moves: 1}
		c, then := handedOver(t, 0, h)
		next := c.opened(then)
		c.client.OnClosed(0, c.first, session.Closure{Scope: session.ScopeStatus, Status: status})
		c.outputs(0)
		if end := c.client.End(); end != nil {
			t.Fatalf("status %d: end %v (expected: none)", status, end)
		}
		c.welcomeBehind(0, next, h)
		c.client.OnFrame(0, next, &wire.Header{Tag: next.Tag(), Seq: 2}, text("x"))
		only(t, session.OpDeliver, c.outputs(0))
	}
}

func TestEndOfTheOldOwnersCallIsNoEndWhileAMessageBeforeTheHandoverIsUnread(t *testing.T) {
	c := contact(t, session.PeerWelcomes, session.Bidirectional)
	c.welcome(0, c.first, 0)
	c.outputs(0)
	c.client.OnFrame(0, c.first, &wire.Header{Tag: c.first.Tag(), Seq: 1}, text("x"))
	c.handOver(0, c.first, wire.Handover{Position: 2, Moves: 1})
	c.client.OnClosed(0, c.first, session.Closure{Scope: session.ScopeStatus, Status: 7})
	c.outputs(0)
	if end := c.client.End(); end != nil {
		t.Fatalf("end: %v (expected: none)", end)
	}
	c.client.Request(1)
	then := c.outputs(0)
	only(t, session.OpDeliver, then)
	if shown := only(t, session.OpStart, then).Handover; shown.Position != 2 {
		t.Fatalf("shown: %+v (expected: the hand-over)", shown)
	}
}

func TestThirdResetIsNoEndOfASessionThatIsHandedOver(t *testing.T) {
	reset := session.Closure{Scope: session.ScopeStream, Status: 2}
	c := contact(t, session.PeerWelcomes, session.Bidirectional)
	c.send(1)
	c.outputs(0)
	c.welcome(0, c.first, 0)
	c.outputs(0)
	at, old := int64(0), c.first
	for range 2 {
		c.client.OnClosed(at, old, reset)
		at = c.due()
		old = c.opened(c.outputs(at))
		c.welcome(at, old, 0)
		c.outputs(at)
	}
	h := wire.Handover{Position: 1, Moves: 1}
	next := c.opened(c.handOver(at, old, h))
	c.client.OnClosed(at, old, reset)
	c.outputs(at)
	if end := c.client.End(); end != nil {
		t.Fatalf("end: %v (expected: none)", end)
	}
	if got := positions(c.welcomeBehind(at, next, h)); !slices.Equal(got, []int64{1}) {
		t.Fatalf("positions: %v (expected: 1)", got)
	}
}
