package session

import (
	"time"

	"holdfast.dev/go/internal/wire"
)

const (
	maxMoves            = 3
	maxPatienceDoubling = 2
	tellAfter           = 2 * time.Second
	// Between an attempt that failed and the next one, when a server that may be reached again brings it
	// forward.
	leastPause = 2 * time.Second
)

// schedule says when and where a client's next attachment is begun, with which number, and when to
// give up. Delays have full jitter, plus a part of the server's spread.
type schedule struct {
	options  *Options
	random   Random
	attempts int // that failed since there was progress
	ttl      time.Duration
	numbers  int64
	spread   time.Duration
	address  string
	moves    int
	silences int
	retry    int64
	earliest int64 // how far retry can be brought forward
	alone    int64 // since when there is no attachment
}

func newSchedule(o *Options, random Random) schedule {
	return schedule{options: o, random: random, ttl: o.TTL, retry: never, alone: never}
}

func (s *schedule) next(now int64) *Attachment {
	s.retry = never
	s.numbers++
	return NewAttachment(now, s.numbers, 1+s.random.Uint64N(wire.MaxTag))
}

func (s *schedule) onWelcome(w *wire.Welcome) {
	s.ttl = time.Duration(w.TTLMillis) * time.Millisecond
	s.spread = time.Duration(w.SpreadMillis) * time.Millisecond
	s.onAnswered()
}

func (s *schedule) onAnswered() {
	s.retry, s.alone = never, never
	s.moves, s.silences = 0, 0
}

func (s *schedule) handshake() time.Duration { return s.options.Handshake << s.silences }

// follow reports whether a redirection is followed at once.
func (s *schedule) follow(address string) bool {
	s.moves++
	s.address = address
	return s.moves <= maxMoves
}

func (s *schedule) onFailed() {
	s.address = ""
	s.moves = 0
}

// elsewhere: the next attempt goes wherever the channel leads, at once, and the ones before say nothing
// of it.
func (s *schedule) elsewhere(now int64) {
	s.onFailed()
	s.attempts = 0
	s.retry = now
}

func (s *schedule) detached(now int64) {
	if s.alone == never {
		s.alone = now
	}
}

func (s *schedule) later(now int64, atLeast time.Duration) {
	delay := int64(s.delay())
	asked := int64(atLeast) + s.spreadPart()
	s.retry = now + asked + delay
	s.earliest = now + max(asked, int64(leastPause))
}

// bringForward: the server can be reached, so the delay that outages made is not waited for.
func (s *schedule) bringForward(now int64) {
	if s.retry != never {
		s.retry = min(s.retry, max(now, s.earliest))
	}
}

func (s *schedule) soon(now int64) { s.retry = now + s.spreadPart() }

// delay is the one before the next attempt, and counts an attempt that failed.
func (s *schedule) delay() time.Duration {
	most := s.options.BackoffCap
	if s.attempts < 40 {
		if grown := s.options.BackoffBase << s.attempts; grown > 0 && grown < most {
			most = grown
		}
	}
	s.attempts++
	return time.Duration(s.random.Uint64N(uint64(most) + 1))
}

func (s *schedule) spreadPart() int64 { return int64(s.random.Uint64N(uint64(s.spread) + 1)) }

func (s *schedule) patience() time.Duration {
	return s.ttl + s.options.BackoffCap + s.options.Handshake
}

func (s *schedule) hopelessAt() int64 {
	if s.alone == never {
		return never
	}
	return s.alone + int64(s.patience())
}

func (s *schedule) tellAt() int64 {
	if s.alone == never {
		return never
	}
	return s.alone + int64(tellAfter)
}
