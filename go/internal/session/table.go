package session

import (
	"container/list"
	"sync"
	"time"

	"holdfast.dev/go/internal/wire"
)

const (
	maxTombstones     = 100_000
	quietPerSecond    = 2_000
	longestSpread     = 30 * time.Second
	second            = int64(time.Second)
	defaultBusyMillis = 250
)

// TableOptions are the identity and the limits of a server.
type TableOptions struct {
	// Address where clients reach this instance and no other, as host:port; "" where there is none.
	Address string
	// The most sessions, and the most of one principal; new ones beyond hear BUSY.
	MaxSessions, MaxPerPrincipal int
	// Whether no other server, nor an earlier start of this one, can have taken a session of these
	// clients since SoleSince.
	Sole      bool
	SoleSince int64
}

// Table has the sessions of a server, decides on every hello, and keeps tombstones of what is over.
// Its owner guards it by a lock that is never taken while that of a session is held.
type Table struct {
	bind         func(*Server) sync.Locker
	host         TableOptions
	issuer       *wire.Issuer
	options      Options
	budget       *Budget
	sessions     map[wire.SessionID]*Server
	tombstones   map[wire.SessionID]*list.Element
	oldest       *list.List // of tombstone
	perPrincipal map[string]int
	draining     bool
	forgot       bool
	forgotAt     int64
	rate         resumeRate
}

type tombstone struct {
	id        wire.SessionID
	processed int64
	// Whether the session was handed over, and may come back.
	handedOver bool
	until      int64
}

// NewTable returns a table without sessions. It tells bind of every session that begins, and gets
// the lock under which the session is used.
func NewTable(
	host TableOptions, issuer *wire.Issuer, o Options, budget *Budget, bind func(*Server) sync.Locker,
) *Table {
	return &Table{
		bind: bind, host: host, issuer: issuer, options: o, budget: budget,
		sessions: map[wire.SessionID]*Server{}, tombstones: map[wire.SessionID]*list.Element{},
		oldest: list.New(), perPrincipal: map[string]int{},
	}
}

// Admit finds or begins the session of a hello, whose outputs let the attachment in or refuse it;
// or it says why there is none. It calls join under the session's lock, before there is an output. The
// hand-over is what the client shows beside the hello, nil for nothing; when the hello of one is refused, the
// session that is here may have outputs.
func (t *Table) Admit(
	now int64, a *Attachment, h *wire.Hello, handover *wire.Handover, caller Caller, join func(*Server),
) *wire.Refusal {
	t.bury(now)
	known := t.sessions[h.Session]
	if known != nil {
		known.lock.Lock()
		defer known.lock.Unlock()
	}
	session, refusal := t.find(now, known, h, handover, caller)
	if refusal != nil {
		return refusal
	}
	if known == nil {
		session.lock.Lock()
		defer session.lock.Unlock()
	}
	session.peerWelcomed = session.peerWelcomed || len(h.Token) > 0
	session.spread = t.rate.spread(now)
	join(session)
	session.onHello(now, a, h)
	return nil
}

func (t *Table) find(
	now int64, known *Server, h *wire.Hello, handover *wire.Handover, caller Caller,
) (*Server, *wire.Refusal) {
	shown := len(h.Token) > 0
	var taken *wire.Handover
	if !shown && handover != nil && handover.Position > 0 {
		taken = handover
		if !t.issuer.VerifyHandover(*taken, h.Session, caller.Principal, caller.Method) {
			return nil, &wire.Refusal{Code: wire.CodeDenied}
		}
	}
	if taken != nil && known != nil && known.handover.isBefore(taken) {
		if known.caller != caller {
			return nil, &wire.Refusal{Code: wire.CodeDenied}
		}
		known.comesBack(taken)
		return nil, busy()
	}
	// Without the token it is the client of the session only as long as the client can't have one.
	if known != nil && (known.caller != caller || (!shown && known.peerWelcomed)) {
		return nil, &wire.Refusal{Code: wire.CodeDenied}
	}
	if owner := wire.Owner(h.Token); shown && owner != "" && owner != t.host.Address {
		// The owner checks it, and its client follows no other address than its own token's.
		return nil, &wire.Refusal{Code: wire.CodeMoved, Address: owner}
	}
	if shown && !t.issuer.Verify(h.Token, h.Session, caller.Principal, caller.Method) {
		// Nobody can show a token for a session that is not here: of an earlier start's key it is.
		if known == nil {
			return nil, &wire.Refusal{Code: wire.CodeUnknown}
		}
		return nil, &wire.Refusal{Code: wire.CodeDenied}
	}
	if known != nil || shown || taken != nil {
		t.rate.onResume(now)
	}
	if known != nil && !shown && taken == nil && !h.Untouched && known.newestUntouched != h.TouchedBy && !t.mayBegin(now, h) {
		// It began with a call that brought nothing, and the messages went elsewhere.
		return nil, &wire.Refusal{Code: wire.CodeUnknown}
	}
	if known == nil {
		if refusal := t.whyNotBegin(now, h, taken != nil, caller); refusal != nil {
			return nil, refusal
		}
		known = t.start(h, caller)
		known.handover.offered = handover != nil
		if taken != nil {
			known.takeOver(taken)
		}
	}
	return known, nil
}

// Retire takes out a session that is over and leaves a tombstone.
func (t *Table) Retire(now int64, s *Server) {
	if t.sessions[s.id] != s {
		return
	}
	delete(t.sessions, s.id)
	if t.perPrincipal[s.caller.Principal]--; t.perPrincipal[s.caller.Principal] <= 0 {
		delete(t.perPrincipal, s.caller.Principal)
	}
	if before := t.tombstones[s.id]; before != nil {
		t.oldest.Remove(before)
		delete(t.tombstones, s.id)
	}
	if s.givenUp {
		return
	}
	stone := tombstone{
		id: s.id, processed: s.in.processed, handedOver: s.handover.prepared != nil, until: now + int64(t.options.TTL),
	}
	t.tombstones[s.id] = t.oldest.PushBack(stone)
	t.bury(now)
}

// Drain begins no session any more.
func (t *Table) Drain() { t.draining = true }

// Sessions are those that are there.
func (t *Table) Sessions() []*Server {
	all := make([]*Server, 0, len(t.sessions))
	for _, s := range t.sessions {
		all = append(all, s)
	}
	return all
}

// Session is the one with this id; nil when it is not there.
func (t *Table) Session(id wire.SessionID) *Server { return t.sessions[id] }

// Len is the number of sessions.
func (t *Table) Len() int { return len(t.sessions) }

func (t *Table) whyNotBegin(now int64, h *wire.Hello, takesOver bool, caller Caller) *wire.Refusal {
	shown := len(h.Token) > 0
	if element := t.tombstones[h.Session]; element != nil {
		// A session that was handed over may come back to an owner of before.
		if stone := element.Value.(tombstone); !takesOver || !stone.handedOver {
			return &wire.Refusal{Code: wire.CodeExpired, Processed: stone.processed}
		}
	}
	full := len(t.sessions) >= t.host.MaxSessions ||
		t.perPrincipal[caller.Principal] >= t.host.MaxPerPrincipal
	// In a storm those that exist go first.
	if t.draining || full || (!shown && !takesOver && t.rate.storm(now)) {
		return busy()
	}
	// Without a token it was never welcomed; but somebody else may have processed something.
	if !takesOver && (shown || !t.mayBegin(now, h)) {
		return &wire.Refusal{Code: wire.CodeUnknown}
	}
	return nil
}

func busy() *wire.Refusal {
	return &wire.Refusal{Code: wire.CodeBusy, RetryAfterMillis: defaultBusyMillis}
}

func (t *Table) mayBegin(now int64, h *wire.Hello) bool {
	if h.Untouched {
		return true
	}
	if !t.host.Sole || h.AgeMillis == 0 {
		return false
	}
	sole := now - t.host.SoleSince
	if t.forgot {
		sole = min(sole, now-t.forgotAt)
	}
	// An end is remembered for the TTL from then on.
	return h.AgeMillis*int64(time.Millisecond) < min(sole, int64(t.options.TTL))
}

func (t *Table) start(h *wire.Hello, caller Caller) *Server {
	s := newServer(h.Session, t.options, t.budget, caller, t.issuer, t.host.Address)
	t.perPrincipal[caller.Principal]++
	t.sessions[h.Session] = s
	s.lock = t.bind(s)
	return s
}

func (t *Table) bury(now int64) {
	for first := t.oldest.Front(); first != nil; first = t.oldest.Front() {
		stone := first.Value.(tombstone)
		late := now >= stone.until
		if !late && t.oldest.Len() <= maxTombstones {
			return
		}
		if !late {
			t.forgot, t.forgotAt = true, now
		}
		t.oldest.Remove(first)
		delete(t.tombstones, stone.id)
	}
}

// resumeRate counts sessions that come back. In a storm new ones wait, and all are asked to spread
// their next attempts.
type resumeRate struct {
	began       int64
	before, now int
}

func (r *resumeRate) onResume(now int64) {
	r.turn(now)
	r.now++
}

func (r *resumeRate) perSecond(now int64) int {
	r.turn(now)
	return max(r.before, r.now)
}

func (r *resumeRate) storm(now int64) bool { return r.perSecond(now) > quietPerSecond }

func (r *resumeRate) spread(now int64) time.Duration {
	if !r.storm(now) {
		return 0
	}
	return min(time.Duration(r.perSecond(now)/quietPerSecond)*time.Second, longestSpread)
}

func (r *resumeRate) turn(now int64) {
	passed := now - r.began
	if passed < second {
		return
	}
	r.before = 0
	if passed < 2*second {
		r.before = r.now
	}
	r.now = 0
	r.began = now
}
