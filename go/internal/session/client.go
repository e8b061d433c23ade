package session

import (
	"time"

	"holdfast.dev/go/internal/wire"
)

// Peer is what a client knows of the server before its first attachment.
type Peer int

// What may be known.
const (
	// PeerUnknown may be one without sessions, after a while of silence.
	PeerUnknown Peer = iota
	// PeerWelcomes has welcomed a session of this channel, or is known to.
	PeerWelcomes
	// PeerLikelyPlain answered without a welcome lately.
	PeerLikelyPlain
)

// Client is the client's side of a session. It opens attachments: at the start, after a cut, in a
// race against a silent one, and before an old one ends.
type Client struct {
	stream
	schedule schedule
	handover clientHandover
	pending  *Attachment
	token    []byte
	welcomed bool
	// Whether an attachment that nobody answered may have brought messages, and its number.
	touched   bool
	touchedBy int64
	// The last attempt to come back was answered by a status that may pass.
	resumeRefused bool
	serverLeaving bool
	waitReported  bool
	kind          MethodKind
	plainPeer     plainPeerDetector
	halfDuplex    halfDuplexPath
	started       int64
	attachedAt    int64
	suspectAt     int64
	oversizeAt    int64
	oversized     int
	cancels       bool
	lingerUntil   int64
}

// NewClient returns a session that has not begun; the id is 16 bytes of a secure random source.
func NewClient(id wire.SessionID, o Options, random Random, budget *Budget) *Client {
	c := &Client{lingerUntil: never, oversizeAt: -1}
	c.begin(c, id, o, budget)
	c.schedule = newSchedule(&c.options, random)
	c.handover = clientHandover{out: &c.out, in: &c.in}
	c.plainPeer = newPlainPeerDetector(&c.options)
	return c
}

// Start begins the first attachment. The session ends after the time until its deadline, 0 for none.
// The peer is what earlier sessions of the channel showed; of the same method, when it is one in one
// direction.
func (c *Client) Start(now int64, untilDeadline time.Duration, peer Peer, kind MethodKind) {
	if untilDeadline > 0 {
		c.deadline = now + int64(untilDeadline)
	}
	c.started = now
	c.kind = kind
	c.out.keepsFirst = kind == ServerStreaming
	c.plainPeer.begin(peer, kind)
	c.halfDuplex.possible = kind == ServerStreaming
	c.transition(Opening)
	c.open(now)
}

// AcceptRestart says that the application takes the messages of a handler that begins anew, after
// OpRestarted. Without this such a hand-over is taken only before the first message.
func (c *Client) AcceptRestart() { c.handover.acceptsRestart = true }

// HalfClose says that the application sends no more.
func (c *Client) HalfClose() { c.out.finish(wire.HalfClose, 0, nil) }

// Cancel ends the session for its application, at once; the server is told as soon as possible.
func (c *Client) Cancel(now int64) {
	if c.end == nil {
		c.cancels = true
		c.conclude(now, c.endOf(Cancelled))
	}
}

// Expire ends the session at its deadline, which the server knows too.
func (c *Client) Expire() {
	if c.end == nil {
		c.reportEnd(c.endOf(Deadline))
		c.finishAll()
	}
}

// Abandon ends the session where no attachment can follow; a server waits its TTL.
func (c *Client) Abandon() {
	if !c.state.Terminal() {
		c.reportEnd(c.endOf(Cancelled))
		c.finishAll()
	}
}

// NextNumber returns a number for one more physical attempt of a pending attachment.
func (c *Client) NextNumber(a *Attachment) int64 {
	c.schedule.numbers++
	a.number = c.schedule.numbers
	return a.number
}

// HeadBytes is the size of the first message that the server has not processed.
func (c *Client) HeadBytes() int64 {
	if it := c.out.at(c.out.acked + 1); it != nil {
		return size(it.body)
	}
	return 0
}

// Welcomed reports whether a server ever welcomed the session.
func (c *Client) Welcomed() bool { return c.welcomed }

// OnWelcome takes response headers with a welcome.
func (c *Client) OnWelcome(now int64, from *Attachment, w *wire.Welcome) {
	if from != c.pending || c.state.Terminal() {
		return
	}
	before := c.onTaken(from)
	// A server that forgot what it had acknowledged wants what is no longer held. On a call that
	// was taken for a plain one too early, what was let go is on its way.
	forgot := !from.plain && w.Watermark < c.out.low-1
	if forgot || !c.match(w.Watermark, w.Low) {
		c.giveUp(now, LostGap)
	}
	if c.current != nil && c.current != from {
		c.close(c.current, before)
	}
	c.token = w.Token
	c.schedule.onWelcome(w)
	c.acks.follow(&c.options, w)
	c.welcomed = true
	c.resumeRefused = false
	c.touched = true
	c.attached(now)
	next := w.Watermark + 1
	if from.mayWriteEarly {
		next = from.cursor
	}
	if c.state == Detached {
		c.transition(Resuming)
	}
	c.plainPeer.end()
	from.plain = false
	from.heardAny = true
	c.adopt(now, from, w.Credit, next)
	if from.halfClosed && !from.sparing && !c.mayKeepHalfClosed(from) {
		// It was taken for a plain one before: acks need an open request side.
		c.drain(now, from)
	}
}

// mayKeepHalfClosed reports whether to go on reading an attachment whose request side is closed, until
// there is something to say. There is little to acknowledge of one response; but who wrote nothing has
// not said the half-close either.
func (c *Client) mayKeepHalfClosed(a *Attachment) bool {
	return c.kind == ClientStreaming && a.headerSent
}

// onUnsayable: what is to be said on an attachment whose request side is closed, another one says.
func (c *Client) onUnsayable(now int64, on *Attachment) { c.drain(now, on) }

func (c *Client) beforeFrames(now int64) {
	c.fallBack(now)
	if c.handover.due() && c.end == nil {
		c.handOver(now)
	}
}

// handOver goes to another owner, while the one before may still wait for the ack of its last frame.
func (c *Client) handOver(now int64) {
	if c.current != nil {
		c.current.ackRepeat = true
		c.current.sparing = false
	}
	c.handover.begin()
	c.token = nil
	c.serverLeaving = false
	if c.pending != nil {
		c.close(c.pending, Unneeded)
		c.attemptFailed(now, 0)
	}
	if c.state == Attached || c.state == Suspect {
		c.transition(Draining)
	}
	c.schedule.elsewhere(now)
	c.keepAttached(now)
}

// onTaken: a server has welcomed the session, which takes over what was handed over. It returns how the
// attachment before ends: a reset may overtake the ack for which the owner before waits.
func (c *Client) onTaken(by *Attachment) CloseReason {
	taken := c.handover.finish()
	if taken == nil {
		return Replaced
	}
	if taken.Replays == wire.ReplayRestart && taken.Messages() > 0 && c.end == nil {
		c.put(Output{Op: OpRestarted, Seq: taken.Messages()})
	}
	c.serverLeaving = false
	// Its handler starts with the first frame.
	by.probeDue = true
	return Done
}

// comesBack reports whether a server has welcomed this session, and maybe handed it over since.
func (c *Client) comesBack() bool { return len(c.token) > 0 || c.handover.begun }

// OnPlainHeaders takes response headers without a welcome: the server knows no sessions.
func (c *Client) OnPlainHeaders(now int64, from *Attachment) {
	switch {
	case from != c.pending || c.state.Terminal():
	case c.cancels:
		c.finishAll()
	case c.welcomed || c.touched:
		// Somebody else is there now, and the session is not.
		c.lose(LostUnknown)
	default:
		c.becomePlain(from)
		c.current = from
		c.attached(now)
		c.schedule.onAnswered()
		c.transition(Attached)
	}
}

// OnRefused takes a refusal in trailers.
func (c *Client) OnRefused(now int64, from *Attachment, refusal *wire.Refusal) {
	if c.state.Terminal() {
		return
	}
	if from != c.pending {
		c.OnClosed(now, from, Closure{Scope: ScopeConnection, Status: codeUnavailable})
		return
	}
	c.plainPeer.end()
	later := refusal.Code == wire.CodeBusy || refusal.Code == wire.CodeMoved
	if c.end != nil && !later {
		c.finishAll()
		return
	}
	if later {
		// What it was sent it has not taken.
		from.touched = false
	}
	switch refusal.Code {
	case wire.CodeUnknown:
		c.lose(LostUnknown)
	case wire.CodeExpired:
		c.lose(LostExpired)
	case wire.CodeGap:
		c.lose(LostGap)
	case wire.CodeDenied:
		c.lose(LostDenied)
	case wire.CodeFenced:
		c.attemptFailed(now, 0)
	case wire.CodeBusy:
		c.attemptFailed(now, time.Duration(refusal.RetryAfterMillis)*time.Millisecond)
	case wire.CodeMoved:
		// Only to the owner that its own token names.
		if refusal.Address == wire.Owner(c.token) && c.schedule.follow(refusal.Address) {
			c.pending = nil
			c.open(now)
		} else {
			c.attemptFailed(now, 0)
		}
	}
}

// OnSuspect is told by somebody who sees more of the connection than this stream.
func (c *Client) OnSuspect(now int64, a *Attachment) {
	if a == c.current && c.state == Attached && a.handshook {
		c.transition(Suspect)
		c.suspectAt = now
		a.probeDue = true
	}
}

// OnQueued says that a resume waits for its turn among others: no answer can be awaited.
func (c *Client) OnQueued(a *Attachment) { a.queued = c.comesBack() }

// OnHelloUnsent says that the call of an attachment has begun and may wait for a connection: OnHelloSent
// follows when it has one. The silence before is nobody's, so that the server is not taken for one
// without sessions.
func (c *Client) OnHelloUnsent(a *Attachment) { a.helloUnsent = true }

// OnHelloSent says that the hello of an attachment went out.
func (c *Client) OnHelloSent(now int64, a *Attachment) {
	a.helloUnsent = false
	a.silentSince = now
	a.queued = false
	if c.comesBack() {
		a.helloSent = now
	}
}

// OnReachable says that a server has welcomed another session, in the way of the next attempt here.
func (c *Client) OnReachable(now int64) {
	if c.state == Detached {
		c.schedule.bringForward(now)
		c.keepAttached(now)
	}
}

// Paused reports whether the session waits for its next attempt, and the address of the server that it goes
// to; "" for any.
func (c *Client) Paused() (server string, paused bool) {
	return wire.Owner(c.token), c.state == Detached
}

// OnClosed says that the call of an attachment ended.
func (c *Client) OnClosed(now int64, a *Attachment, how Closure) {
	switch {
	case c.state.Terminal():
	case a == c.pending:
		c.pendingClosed(now, a, how)
	case a == c.current && a.plain:
		c.current = nil
		c.endPlain(how)
	case a == c.current:
		c.currentClosed(now, a, how)
	}
}

// OnTimeout is due at Deadline and harmless at any other time.
func (c *Client) OnTimeout(now int64) {
	switch {
	case c.state.Terminal():
	case c.end == nil && now >= c.deadline:
		c.reportEnd(c.endOf(Deadline))
		c.finishAll()
	case now >= c.lingerUntil:
		c.finishAll()
	case now >= c.schedule.hopelessAt():
		if c.resumeRefused {
			c.lose(LostRefused)
		} else {
			c.lose(LostUnreachable)
		}
	default:
		c.keepAttached(now)
	}
}

// NextDeadline is when OnTimeout is due; the highest number for never.
func (c *Client) NextDeadline() int64 {
	if c.state.Terminal() {
		return never
	}
	at := min(c.frameDeadline(), c.flow.heldUpAt(c.current), c.lingerUntil, c.schedule.hopelessAt())
	if c.end == nil {
		at = min(at, c.deadline)
		if !c.waitReported {
			at = min(at, c.schedule.tellAt())
		}
	}
	if p := c.pending; p != nil {
		if c.mustBeAnswered(p) {
			at = min(at, after(p.helloSent, c.schedule.handshake()))
		}
		if step := c.plainPeer.next(p, &c.out, c.end != nil); step != noStep {
			if due := c.plainPeer.dueAt(p, step); due > p.opened {
				at = min(at, due)
			}
		}
		if !c.handover.begun {
			at = min(at, c.halfDuplex.deadline(c, p))
		}
	} else {
		at = min(at, c.schedule.retry)
	}
	if a := c.current; a != nil && a.handshook {
		switch c.state {
		case Attached:
			at = min(at, a.silence(c.options.Suspect), after(c.attachedAt, c.options.Rotate))
		case Suspect:
			at = min(at, after(c.suspectAt, c.options.Race))
		}
		if c.mayBeDead() {
			at = min(at, a.silence(c.options.Dead))
		}
	}
	return at
}

func (c *Client) pendingClosed(now int64, a *Attachment, how Closure) {
	if how.Scope == ScopeUnreached {
		a.touched = false
	}
	touched := c.touched || a.touched
	if touched && !c.welcomed && c.plainPeer.isPlainCallsEnd(now, a) {
		a.plain = true
	}
	answered := how.Scope == ScopeStatus && how.Status != codeUnavailable
	c.resumeRefused = c.welcomed && how.transient()
	switch {
	case c.welcomed && c.current == nil && how.permanent() && !how.transient():
		c.lose(LostRefused)
	case c.end == nil && !c.welcomed && (answered || a.plain):
		c.pending = nil
		c.endPlain(how)
	default:
		c.attemptFailed(now, 0)
	}
}

func (c *Client) endPlain(how Closure) {
	end := c.endOf(Plain)
	end.Status, end.Trailers = how.Status, how.Trailers
	c.reportEnd(end)
	c.finishAll()
}

func (c *Client) currentClosed(now int64, a *Attachment, how Closure) {
	if c.end != nil && how.Scope == ScopeStatus && how.Status != codeUnavailable {
		c.finishAll()
		return
	}
	// An owner that has moved the session has no say in it any more (H9).
	switch {
	case c.in.ownerMoved:
	case c.stuck.isLimit(a, how):
		c.giveUp(now, LostStuck)
	case how.permanent() || c.isOversized(how):
		c.giveUp(now, LostRefused)
	}
	c.current = nil
	if c.pending == nil {
		c.detach(now, 0)
	} else {
		c.schedule.detached(now)
		c.transition(Resuming)
	}
}

// isOversized reports whether this side refused the next message three times. A transport says the
// same when a peer asks it to be calmer, so once proves nothing.
func (c *Client) isOversized(how Closure) bool {
	here := how.Scope == ScopeStream && how.Status == codeResourceExhausted
	switch {
	case !here:
		c.oversized = 0
	case c.in.received == c.oversizeAt:
		c.oversized++
	default:
		c.oversized = 1
	}
	c.oversizeAt = c.in.received
	return c.oversized >= 3
}

func (c *Client) open(now int64) {
	a := c.schedule.next(now)
	c.pending = a
	unanswered := c.touched && !c.comesBack()
	// One before that came to no server was none.
	a.first = !c.touched && len(c.token) == 0 && c.end == nil && (a.number == 1 || c.plainPeer.mayBePlain)
	if a.first {
		a.mayWriteEarly = !c.options.WaitForWelcome
		a.cursor = c.out.low
	}
	hello := &wire.Hello{
		Session: c.id, Attach: a.number, Tag: a.tag, Watermark: c.in.processed, Low: c.handover.low(),
		Credit: c.in.credit(), RemainingMillis: c.remainingMillis(now), Untouched: !c.touched, Token: c.token,
	}
	if unanswered {
		age := (time.Duration(now-c.started) + c.options.Handshake).Milliseconds()
		hello.AgeMillis = min(age, wire.MaxMillis)
		hello.TouchedBy = c.touchedBy
	}
	a.sentCredit, a.sentAck = hello.Credit, hello.Watermark
	c.put(Output{Op: OpStart, To: a, Hello: hello, Handover: c.handover.shown(), Address: c.schedule.address})
}

// remainingMillis is what a hello says of the deadline; one too far away is said by a later hello.
func (c *Client) remainingMillis(now int64) int64 {
	if c.deadline == never {
		return 0
	}
	millis := max(1, (c.deadline-now)/int64(time.Millisecond))
	if millis > wire.MaxMillis {
		return 0
	}
	return millis
}

func (c *Client) attached(now int64) {
	if c.pending != nil {
		c.halfDuplex.onAnswered(now, c.pending, c.end != nil)
	}
	c.pending = nil
	c.attachedAt = now
	if c.waitReported {
		c.waitReported = false
		c.put(Output{Op: OpResumed})
	}
}

func (c *Client) keepAttached(now int64) {
	if !c.waitReported && c.end == nil && now >= c.schedule.tellAt() {
		c.waitReported = true
		c.put(Output{Op: OpWaiting})
	}
	if p := c.pending; p != nil {
		if c.mustBeAnswered(p) && now >= after(p.helloSent, c.schedule.handshake()) {
			c.close(p, Silent)
			if c.comesBack() {
				c.schedule.silences = min(maxPatienceDoubling, c.schedule.silences+1)
			}
			c.pendingClosed(now, p, Closure{Scope: ScopeConnection, Status: codeUnavailable})
		} else {
			c.fallBack(now)
		}
	}
	if a := c.current; a != nil && a.handshook {
		c.watchSilence(now, a)
		if c.flow.takeHeldUp(now, c.current) {
			c.drain(now, a)
		}
	}
	if c.pending == nil && now >= c.schedule.retry {
		if c.state == Draining {
			c.transition(Handover)
		} else {
			c.transition(Resuming)
		}
		c.open(now)
	}
}

func (c *Client) watchSilence(now int64, a *Attachment) {
	switch c.state {
	case Attached:
		if a.silent(now, c.options.Suspect) {
			c.OnSuspect(now, a)
		} else if now >= after(c.attachedAt, c.options.Rotate) {
			c.drain(now, a)
		}
	case Suspect:
		if now >= after(c.suspectAt, c.options.Race) {
			c.transition(Racing)
			c.open(now)
		}
	}
	if c.mayBeDead() && a.silent(now, c.options.Dead) {
		c.close(a, Silent)
		c.currentClosed(now, a, Closure{Scope: ScopeConnection, Status: codeUnavailable})
	}
}

// mayBeDead: a healthy attachment is suspected first, and one without heartbeats may be silent.
func (c *Client) mayBeDead() bool {
	switch c.state {
	case Suspect, Racing:
		return true
	case Draining, Handover:
		return c.options.Suspect != 0
	}
	return false
}

func (c *Client) mustBeAnswered(p *Attachment) bool {
	return !p.queued && !c.plainPeer.mayStaySilent(p)
}

// fallBack takes the step that is due while an attachment is not answered; there may be none.
func (c *Client) fallBack(now int64) {
	p := c.pending
	step := c.plainPeer.next(p, &c.out, c.end != nil)
	if step != noStep && now >= c.plainPeer.dueAt(p, step) {
		c.take(p, step)
	}
	// The next owner of a session gets the request again, for which the request side stays open.
	if p == c.pending && !c.handover.begun && c.halfDuplex.isHalfCloseDue(now, c, p) {
		p.halfClosed = true
		c.put(Output{Op: OpHalfClose, To: p})
	}
}

func (c *Client) take(p *Attachment, s step) {
	switch s {
	case stepGiveUp:
		c.finishAll()
	case stepWrite:
		p.mayWriteEarly = true
	case stepHalfClose:
		// All is still held, so that a welcome may come as late as it likes.
		p.halfClosed = true
		p.touched = true
		c.out.onSent(p.cursor)
		p.cursor++
		c.put(Output{Op: OpHalfClose, To: p})
	case stepWriteOn:
		p.mayExceed = true
	case stepPlain:
		c.becomePlain(p)
	}
}

func (c *Client) becomePlain(a *Attachment) {
	a.plain = true
	a.cursor = max(a.cursor, c.out.low)
	c.out.release(a.cursor - 1)
}

// drain: an attachment that works is to be replaced before it ends.
func (c *Client) drain(now int64, a *Attachment) {
	if a == c.current && (c.state == Attached || c.state == Suspect) {
		c.transition(Draining)
		c.schedule.soon(now)
		c.keepAttached(now)
	}
}

func (c *Client) attemptFailed(now int64, atLeast time.Duration) {
	if c.pending != nil && c.pending.touched {
		c.touched = true
		c.touchedBy = c.pending.number
	}
	c.pending = nil
	c.halfDuplex.onFailed()
	c.schedule.onFailed()
	switch c.state {
	case Racing:
		c.transition(Suspect)
		c.suspectAt = now + int64(c.schedule.delay())
	case Handover:
		c.transition(Draining)
		c.schedule.later(now, atLeast)
	default:
		c.detach(now, atLeast)
	}
}

func (c *Client) detach(now int64, atLeast time.Duration) {
	c.schedule.detached(now)
	c.transition(Detached)
	c.schedule.later(now, atLeast)
}

// giveUp tells the application that the session can't be kept, and the server as a cancel.
func (c *Client) giveUp(now int64, why Kind) {
	if c.end == nil {
		c.cancels = true
		c.reportEnd(c.endOf(why))
		c.lingerUntil = now + int64(c.schedule.ttl)
	}
}

// conclude: the application knows the end, and the server is still to hear of it.
func (c *Client) conclude(now int64, end End) {
	c.reportEnd(end)
	if !(c.welcomed || c.pending != nil) || (c.current != nil && c.current.plain) {
		c.finishAll()
		return
	}
	c.lingerUntil = now + int64(c.schedule.ttl)
	if c.current != nil {
		c.current.ackRepeat = c.in.processed > 0
		c.current.sparing = false
	}
}

func (c *Client) lose(why Kind) {
	if c.handover.pending != nil {
		// Nobody takes the session over: the owner before has said exactly what it processed.
		why = SessionMoved
	}
	c.reportEnd(c.endOf(why))
	c.finishAll()
}

func (c *Client) finishAll() {
	if c.current != nil {
		why := Unneeded
		if c.lingerUntil != never {
			why = Done
		}
		c.close(c.current, why)
	}
	if c.pending != nil {
		c.close(c.pending, Unneeded)
	}
	c.current, c.pending = nil, nil
	if c.end != nil && c.end.Kind.Lost() {
		c.transition(Lost)
	} else {
		c.transition(Closed)
	}
}

func (c *Client) fits(h *wire.Header) bool { return h.OfServer() }

func (c *Client) onPeerActivity(int64) {
	if c.state == Suspect || c.state == Racing {
		if c.pending != nil {
			c.close(c.pending, Unneeded)
			c.pending = nil
		}
		c.transition(Attached)
	}
}

func (c *Client) onProgress() { c.schedule.attempts = 0 }

func (c *Client) onFlags(now int64, from *Attachment, h *wire.Header) {
	c.serverLeaving = c.serverLeaving || h.Has(wire.Leaving)
	if h.Has(wire.Drain) && !h.Has(wire.Leaving) {
		c.drain(now, from)
	}
}

func (c *Client) onBare(now int64, from *Attachment, body Body) {
	switch {
	case !from.plain:
		release(body)
		c.onViolation(now, from)
	case c.end != nil:
		release(body)
	default:
		// It knows no credit: its transport is asked for what the application wants.
		c.in.accept(item{seq: c.in.received + 1, body: body})
		c.onProgress()
	}
}

func (c *Client) onFinal(now int64, it item) {
	if it.flags&wire.Moved == 0 {
		end := c.endOf(Finished)
		end.Status, end.Body = it.status, it.body
		c.conclude(now, end)
		return
	}
	taken := c.handover.prepare(it)
	release(it.body)
	if !taken {
		c.conclude(now, c.endOf(SessionMoved))
	}
}

func (c *Client) onViolation(now int64, a *Attachment) {
	c.close(a, ProtocolError)
	c.currentClosed(now, a, Closure{Scope: ScopeStream, Status: codeUnavailable})
}

func (c *Client) onProcessed(now int64) { c.acks.onProcessed(now, c.current) }

func (c *Client) afterInput() {}

func (c *Client) writing() *Attachment {
	if c.current != nil {
		return c.current
	}
	if p := c.pending; p != nil && (p.mayWriteEarly || p.plain) {
		return p
	}
	return nil
}

func (c *Client) wantedFlags() wire.Flag {
	var flags wire.Flag
	if c.cancels {
		flags = wire.Cancel
	}
	if c.serverLeaving && c.end == nil {
		flags |= wire.Settled
	}
	return flags
}

func (c *Client) mayDeliver() bool { return true }

func (c *Client) maySend(to *Attachment, it *item) bool {
	if c.end != nil || c.serverLeaving || c.handover.pending != nil {
		return false
	}
	halfClose := it.flags&wire.HalfClose != 0
	if to.plain || (to.mayExceed && !to.handshook && !halfClose) {
		return true
	}
	return (to.handshook || !halfClose) && c.withinCredit(to, it)
}
