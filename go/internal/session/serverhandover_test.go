package session_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

const movesGrace = 9 * time.Second

var (
	device = session.Caller{Principal: "device", Method: "test.Devices/Talk"}
	cursor = []byte{4, 2}
)

// instance is a server with one session at most, and what its session has said.
type instance struct {
	t      *testing.T
	now    int64
	table  *session.Table
	server *session.Server
	said   []session.Output
}

func newInstance(t *testing.T, key string) *instance {
	t.Helper()
	issuer, err := wire.NewIssuer([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	i := &instance{t: t}
	host := session.TableOptions{MaxSessions: 2, MaxPerPrincipal: 2}
	i.table = session.NewTable(host, issuer, session.Defaults(), session.NewBudget(1<<30), func(s *session.Server) sync.Locker {
		i.server = s
		return &sync.Mutex{}
	})
	return i
}

func (i *instance) drive() {
	for o, ok := i.server.Poll(i.now); ok; o, ok = i.server.Poll(i.now) {
		i.said = append(i.said, o)
	}
	if i.server.State().Terminal() {
		i.table.Retire(i.now, i.server)
	}
}

// admit lets an attachment in, whose tag is its number.
func (i *instance) admit(h *wire.Hello, handover *wire.Handover) *session.Attachment {
	i.t.Helper()
	h.Tag = uint64(h.Attach)
	a := session.NewAttachment(i.now, h.Attach, h.Tag)
	if refusal := i.table.Admit(i.now, a, h, handover, device, func(*session.Server) {}); refusal != nil {
		i.t.Fatalf("refused: %v", refusal.Code)
	}
	i.drive()
	return a
}

func (i *instance) refused(h *wire.Hello, handover *wire.Handover, caller session.Caller) wire.Code {
	i.t.Helper()
	a := session.NewAttachment(i.now, h.Attach, uint64(h.Attach))
	refusal := i.table.Admit(i.now, a, h, handover, caller, func(*session.Server) {})
	if refusal == nil {
		i.t.Fatal("admitted (expected: refused)")
	}
	return refusal.Code
}

func (i *instance) frame(a *session.Attachment, h wire.Header) {
	h.Tag = a.Tag()
	i.server.OnFrame(i.now, a, &h, text(nil))
	i.drive()
}

// process begins a session whose handler has processed a message and sent one.
func (i *instance) process(offer *wire.Handover) *session.Attachment {
	i.t.Helper()
	a := i.admit(&wire.Hello{Attach: 1, Low: 1, Credit: 9, Untouched: true}, offer)
	i.server.Request(9)
	i.frame(a, wire.Header{Seq: 1})
	i.server.Offer(text{1})
	i.drive()
	i.server.Processed(i.now, 1)
	i.drive()
	return a
}

// marked is such a session whose handler marked a cursor then.
func (i *instance) marked(offer *wire.Handover) *session.Attachment {
	i.t.Helper()
	a := i.process(offer)
	i.server.Mark(i.now, cursor, 1, false)
	i.drive()
	return a
}

// leave drains the instance, which the client confirms.
func (i *instance) leave(a *session.Attachment) {
	i.table.Drain()
	i.server.Drain(i.now, true, movesGrace)
	i.drive()
	i.frame(a, wire.Header{Flags: wire.Settled, Low: 1})
}

func (i *instance) graceEnds() {
	i.now += int64(movesGrace)
	i.server.OnTimeout(i.now)
	i.drive()
}

func (i *instance) count(op session.Op) int { return count(op, i.said) }

// lastWord is the final frame, if there was one.
func (i *instance) lastWord() (session.Output, bool) {
	for _, o := range slices.Backward(i.said) {
		if o.Op == session.OpSend && o.Header.Has(wire.Final) {
			return o, true
		}
	}
	return session.Output{}, false
}

// passedOn is the hand-over in the final frame.
func (i *instance) passedOn() wire.Handover {
	i.t.Helper()
	last, ok := i.lastWord()
	if !ok || !last.Header.Has(wire.Moved) || last.Body == nil {
		i.t.Fatalf("final frame: %v %+v (expected: MOVED with a hand-over)", ok, last.Header)
	}
	h, err := wire.ParseHandover(last.Body.Bytes())
	if err != nil {
		i.t.Fatal(err)
	}
	return h
}

// movedPlainly checks that the session ended without a hand-over.
func (i *instance) movedPlainly() {
	i.t.Helper()
	if last, ok := i.lastWord(); !ok || !last.Header.Has(wire.Moved) || last.Body != nil {
		i.t.Fatalf("final frame: %v %+v, body %v (expected: MOVED without a body)", ok, last.Header, last.Body)
	}
}

// handOver returns an instance that has handed a session over, and what the client shows of it.
func handOver(t *testing.T) (*instance, wire.Handover) {
	t.Helper()
	i := newInstance(t, vectorKey)
	i.leave(i.marked(&wire.Handover{}))
	i.server.Finish(1, nil)
	i.drive()
	return i, i.passedOn()
}

// taking is the hello of a client that has a hand-over at position 2 and 1.
func taking(attach int64) *wire.Hello {
	return &wire.Hello{Attach: attach, Tag: uint64(attach), Watermark: 2, Low: 2, Credit: 9}
}

func TestHandlerEndsBeforeTheClientHearsOfTheHandOver(t *testing.T) {
	i := newInstance(t, vectorKey)
	i.leave(i.marked(&wire.Handover{}))
	if ended := only(t, session.OpEnded, i.said); ended.End.Kind != session.SessionMoved {
		t.Fatalf("end: %v (expected: MOVED)", ended.End)
	}
	if _, said := i.lastWord(); said {
		t.Fatal("a final frame before the handler has returned")
	}
	if i.server.Offer(text{2}) {
		t.Fatal("a message was taken behind the cursor")
	}
	i.server.Finish(1, text("context canceled"))
	i.drive()
	h := i.passedOn()
	if h.Position != 2 || h.Processed != 1 || h.Moves != 1 || string(h.Cursor) != string(cursor) {
		t.Fatalf("hand-over: %+v", h)
	}
	i.frame(i.server.Current(), wire.Header{Ack: 2})
	if i.server.State() != session.Closed || i.table.Len() != 0 || i.count(session.OpEnded) != 1 {
		t.Fatalf("state: %v, %d sessions", i.server.State(), i.table.Len())
	}
}

func TestHandlerThatDoesNotReturnHoldsTheHandOverUpForTheGrace(t *testing.T) {
	i := newInstance(t, vectorKey)
	i.leave(i.marked(&wire.Handover{}))
	if at := i.server.NextDeadline(); at > int64(movesGrace) {
		t.Fatalf("deadline: %v (expected: the end of the grace)", time.Duration(at))
	}
	i.graceEnds()
	if h := i.passedOn(); h.Position != 2 {
		t.Fatalf("hand-over: %+v", h)
	}
	i.server.Finish(0, nil)
	i.drive()
	if at := i.server.NextDeadline(); at <= i.now {
		t.Fatalf("deadline: %v, now %v (expected: later)", at, i.now)
	}
}

func TestSessionThatIsHandedOverIsResumedUntilItsEndIsAcknowledged(t *testing.T) {
	i, h := handOver(t)
	token := only(t, session.OpAccept, i.said).Welcome.Token
	i.server.OnClosed(i.now, i.server.Current())
	i.said = nil
	a := i.admit(&wire.Hello{Attach: 2, Watermark: 1, Low: 2, Credit: 9, Token: token}, &wire.Handover{})
	if again := i.passedOn(); again.Position != h.Position {
		t.Fatalf("hand-over: %+v (expected: %+v)", again, h)
	}
	if i.count(session.OpStartHandler) > 0 {
		t.Fatal("the handler was started again")
	}
	i.frame(a, wire.Header{Ack: 2})
	if i.server.State() != session.Closed {
		t.Fatalf("state: %v", i.server.State())
	}
}

func TestClientThatTakesNoHandOversHearsMoved(t *testing.T) {
	i := newInstance(t, vectorKey)
	i.leave(i.marked(nil))
	i.movedPlainly()
}

func TestHandlerThatMarksNothingIsEndedAsMoved(t *testing.T) {
	i := newInstance(t, vectorKey)
	i.leave(i.process(&wire.Handover{}))
	i.movedPlainly()
	if i.count(session.OpEnded) > 0 {
		t.Fatal("its handler ended before the client had all")
	}
}

func TestSessionIsNotHandedOverWithAMessageBehindItsCursor(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.marked(&wire.Handover{})
	i.server.Offer(text{2})
	i.leave(a)
	if _, said := i.lastWord(); said {
		t.Fatal("a final frame (expected: the cursor is waited for)")
	}
	i.graceEnds()
	i.movedPlainly()
}

func TestSessionIsNotHandedOverWithAMessageThatItsCursorDoesNotCover(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.marked(&wire.Handover{})
	i.frame(a, wire.Header{Seq: 2})
	i.server.Processed(i.now, 2)
	i.table.Drain()
	i.server.Drain(i.now, true, movesGrace)
	i.frame(a, wire.Header{Flags: wire.Settled, Low: 2})
	if _, said := i.lastWord(); said {
		t.Fatal("a final frame (expected: the cursor is waited for)")
	}
	i.server.Mark(i.now, []byte{5}, 2, false)
	i.server.Finish(1, nil)
	i.drive()
	if h := i.passedOn(); h.Processed != 2 || h.Cursor[0] != 5 {
		t.Fatalf("hand-over: %+v", h)
	}
}

func TestCursorOfTheMessageInHandWaitsUntilThatIsProcessed(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.marked(&wire.Handover{})
	i.frame(a, wire.Header{Seq: 2})
	i.server.Mark(i.now, []byte{5}, 2, false)
	i.table.Drain()
	i.server.Drain(i.now, true, movesGrace)
	i.frame(a, wire.Header{Flags: wire.Settled, Low: 2})
	if i.count(session.OpEnded) > 0 {
		t.Fatal("the handler was ended with a message in hand")
	}
	i.server.Processed(i.now, 2)
	i.server.Finish(1, nil)
	i.drive()
	if h := i.passedOn(); h.Processed != 2 {
		t.Fatalf("hand-over: %+v", h)
	}
}

func TestCursorThatComesLateIsWaitedFor(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.marked(&wire.Handover{})
	i.server.Offer(text{2})
	i.leave(a)
	i.server.Mark(i.now, []byte{5}, 1, false)
	i.server.Finish(1, nil)
	i.drive()
	if h := i.passedOn(); h.Position != 3 {
		t.Fatalf("hand-over: %+v", h)
	}
}

func TestNextHandlerStartsWithTheFirstFrameAndItsCursor(t *testing.T) {
	_, h := handOver(t)
	next := newInstance(t, vectorKey)
	a := next.admit(taking(2), &h)
	if w := only(t, session.OpAccept, next.said).Welcome; w.Watermark != 1 || w.Low != 3 {
		t.Fatalf("welcome: watermark %d, low %d (expected: 1, 3)", w.Watermark, w.Low)
	}
	if next.count(session.OpStartHandler) > 0 {
		t.Fatal("the handler started with the welcome")
	}
	next.frame(a, wire.Header{Probe: 1})
	next.frame(a, wire.Header{Probe: 2})
	if next.count(session.OpStartHandler) != 1 {
		t.Fatalf("%d handlers were started (expected: 1)", next.count(session.OpStartHandler))
	}
	if resumed, ok := next.server.Resumed(); !ok || string(resumed) != string(cursor) || next.server.SentBefore() != 1 {
		t.Fatalf("cursor: %v %v, sent before: %d", resumed, ok, next.server.SentBefore())
	}
	next.server.Request(9)
	next.server.Offer(text{7})
	next.frame(a, wire.Header{Seq: 2})
	if got := only(t, session.OpDeliver, next.said); got.Seq != 2 {
		t.Fatalf("delivered: %d (expected: 2)", got.Seq)
	}
	if got := positions(next.said); !slices.Equal(got, []int64{3}) {
		t.Fatalf("positions: %v (expected: 3)", got)
	}
}

func TestNextHandlerStartsWithTheTokenOfItsOwner(t *testing.T) {
	_, h := handOver(t)
	next := newInstance(t, vectorKey)
	a := next.admit(taking(2), &h)
	token := only(t, session.OpAccept, next.said).Welcome.Token
	next.server.OnClosed(next.now, a)
	hello := taking(3)
	hello.Token = token
	next.admit(hello, &wire.Handover{})
	if next.count(session.OpStartHandler) != 1 {
		t.Fatalf("%d handlers were started (expected: 1)", next.count(session.OpStartHandler))
	}
}

func TestTargetThatDiesHalfWayLeavesTheSessionToAThirdInstance(t *testing.T) {
	_, h := handOver(t)
	halfWay := newInstance(t, vectorKey)
	halfWay.admit(taking(2), &h)
	third := newInstance(t, vectorKey)
	third.frame(third.admit(taking(3), &h), wire.Header{Probe: 1})
	halfWay.server.Drain(halfWay.now, true, 0)
	halfWay.drive()
	if halfWay.count(session.OpStartHandler) != 0 || third.count(session.OpStartHandler) != 1 {
		t.Fatal("handlers (expected: none half way, one at the third instance)")
	}
	if again := halfWay.passedOn(); again.Moves != 2 || string(again.Cursor) != string(cursor) {
		t.Fatalf("hand-over of the one half way: %+v", again)
	}
}

func TestHandoverIsShownAgainToTheSameInstance(t *testing.T) {
	_, h := handOver(t)
	next := newInstance(t, vectorKey)
	next.server, next.said = nil, nil
	next.admit(taking(2), &h)
	next.frame(next.admit(taking(3), &h), wire.Header{Probe: 1})
	if next.count(session.OpAccept) != 2 || next.count(session.OpStartHandler) != 1 || next.table.Len() != 1 {
		t.Fatalf("outputs: %v (expected: two welcomes, one handler)", ops(next.said))
	}
}

func TestForgedHandOversAreDenied(t *testing.T) {
	_, h := handOver(t)
	for name, tc := range map[string]struct {
		change func(*wire.Handover)
		caller session.Caller
		key    string
	}{
		"cursor":            {change: func(h *wire.Handover) { h.Cursor = []byte{4, 3} }},
		"position":          {change: func(h *wire.Handover) { h.Position++ }},
		"replays":           {change: func(h *wire.Handover) { h.Replays = wire.ReplayAll }},
		"another principal": {caller: session.Caller{Principal: "thief", Method: device.Method}},
		"another method":    {caller: session.Caller{Principal: device.Principal, Method: "test.Devices/Steal"}},
		"another key":       {key: "another key 1234"},
	} {
		t.Run(name, func(t *testing.T) {
			shown, caller, key := h, device, vectorKey
			if tc.change != nil {
				tc.change(&shown)
			}
			if tc.caller != (session.Caller{}) {
				caller = tc.caller
			}
			if tc.key != "" {
				key = tc.key
			}
			next := newInstance(t, key)
			if code := next.refused(taking(2), &shown, caller); code != wire.CodeDenied || next.table.Len() != 0 {
				t.Fatalf("refusal: %v, %d sessions (expected: DENIED, none)", code, next.table.Len())
			}
		})
	}
}

func TestSessionThatComesBackIsBegunAgainOnceItsEndIsSettled(t *testing.T) {
	i, h := handOver(t)
	if code := i.refused(taking(2), &h, session.Caller{Principal: "thief"}); code != wire.CodeDenied {
		t.Fatalf("refusal of somebody else: %v (expected: DENIED)", code)
	}
	if code := i.refused(taking(2), &h, device); code != wire.CodeBusy {
		t.Fatalf("refusal: %v (expected: BUSY)", code)
	}
	i.drive()
	if i.server.State() != session.Closed || i.table.Len() != 0 {
		t.Fatalf("state: %v, %d sessions (expected: CLOSED, none)", i.server.State(), i.table.Len())
	}
	if code := i.refused(taking(3), &h, device); code != wire.CodeBusy {
		t.Fatalf("refusal of an instance that leaves: %v (expected: BUSY)", code)
	}
}

func TestSessionOfAnEarlierHandOverWhoseWelcomeWasLostGivesWayToALaterOne(t *testing.T) {
	_, h := handOver(t)
	next := newInstance(t, vectorKey)
	next.admit(taking(2), &h)
	issuer, err := wire.NewIssuer([]byte(vectorKey))
	if err != nil {
		t.Fatal(err)
	}
	later := issuer.Seal(wire.Handover{Position: 6, Processed: 5, Moves: 2, Cursor: cursor}, wire.SessionID{}, device.Principal, device.Method)
	hello := &wire.Hello{Attach: 4, Tag: 4, Watermark: 6, Low: 6, Credit: 9}
	if code := next.refused(hello, &later, device); code != wire.CodeBusy {
		t.Fatalf("refusal: %v (expected: BUSY)", code)
	}
	next.drive()
	if next.count(session.OpStartHandler) > 0 || next.table.Len() != 0 {
		t.Fatalf("outputs: %v, %d sessions (expected: no handler, none)", ops(next.said), next.table.Len())
	}
	next.frame(next.admit(hello, &later), wire.Header{Probe: 1})
	if next.count(session.OpStartHandler) != 1 || next.server.Here() != 5 {
		t.Fatalf("outputs: %v, processed %d (expected: a handler behind 5)", ops(next.said), next.server.Here())
	}
}

func TestHandlerWithoutACursorIsCalledAnewWhereItsMethodHasNoSideEffects(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.process(&wire.Handover{})
	i.server.ExpectOneRequest(i.now, false)
	i.leave(a)
	i.server.Finish(1, nil)
	i.drive()
	h := i.passedOn()
	if h.Replays != wire.ReplayRestart || h.Messages() != 1 || h.Processed != 0 || h.Cursor != nil {
		t.Fatalf("hand-over: %+v (expected: a restart behind one message)", h)
	}
	next := newInstance(t, vectorKey)
	second := next.admit(&wire.Hello{Attach: 2, Watermark: 2, Low: 1, Credit: 9}, &h)
	next.frame(second, wire.Header{Seq: 1})
	next.server.Request(9)
	next.drive()
	if next.count(session.OpStartHandler) != 1 || next.count(session.OpDeliver) != 1 || next.server.SentBefore() != 0 {
		t.Fatalf("outputs: %v (expected: a handler that has its request again)", ops(next.said))
	}
	if _, resumed := next.server.Resumed(); resumed {
		t.Fatal("a cursor (expected: none)")
	}
}

func TestHandlerWithACursorIsNotCalledAnewBehindIt(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.marked(&wire.Handover{})
	i.server.ExpectOneRequest(i.now, false)
	i.server.Offer(text{2})
	i.leave(a)
	i.graceEnds()
	i.movedPlainly()
}

func TestRequestIsReplayedToTheNextHandlerOfAServerStream(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.process(&wire.Handover{})
	i.server.ExpectOneRequest(i.now, true)
	i.frame(a, wire.Header{Seq: 2, Flags: wire.HalfClose})
	i.server.Mark(i.now, cursor, 0, true)
	// Its client has nothing to send any more, and need not confirm that.
	i.server.Drain(i.now, true, movesGrace)
	i.server.Finish(1, nil)
	i.drive()
	h := i.passedOn()
	if h.Replays != wire.ReplayAll || h.Processed != 0 || h.HalfClosed || string(h.Cursor) != string(cursor) {
		t.Fatalf("hand-over: %+v (expected: a replay)", h)
	}
}

func TestHalfCloseThatACursorCoversIsToldToTheNextHandlerAtOnce(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.process(&wire.Handover{})
	i.frame(a, wire.Header{Seq: 2, Flags: wire.HalfClose})
	i.server.Mark(i.now, cursor, 0, false)
	i.leave(a)
	i.server.Finish(1, nil)
	i.drive()
	h := i.passedOn()
	if !h.HalfClosed || h.Processed != 2 {
		t.Fatalf("hand-over: %+v (expected: half-closed at 2)", h)
	}
	next := newInstance(t, vectorKey)
	hello := taking(2)
	hello.Low = 3
	next.frame(next.admit(hello, &h), wire.Header{Probe: 1})
	if next.count(session.OpStartHandler) != 1 || next.count(session.OpHalfClosed) != 1 {
		t.Fatalf("outputs: %v (expected: a handler, and the half-close)", ops(next.said))
	}
}

func TestStatusThatWaitsForItsAckIsNotDueForEverWhenTheGraceIsOver(t *testing.T) {
	i := newInstance(t, vectorKey)
	i.process(nil)
	i.server.Finish(0, nil)
	i.drive()
	i.server.Drain(i.now, true, movesGrace)
	i.graceEnds()
	if at := i.server.NextDeadline(); at <= i.now {
		t.Fatalf("deadline: %v, now %v (expected: later)", time.Duration(at), time.Duration(i.now))
	}
}

func TestStatusOfAHandlerWhoseSessionIsOverIsNotKept(t *testing.T) {
	i := newInstance(t, vectorKey)
	a := i.process(nil)
	i.frame(a, wire.Header{Flags: wire.Cancel})
	last := &counted{text: text("context canceled"), holders: 1}
	i.server.Finish(1, last)
	if last.holders != 0 {
		t.Fatalf("holders: %d (expected: 0)", last.holders)
	}
}
