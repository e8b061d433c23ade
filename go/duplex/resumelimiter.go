package duplex

import (
	"context"
	"sync"
	"time"
)

const (
	maxResumesAtOnce = 256
	longestTurnWait  = 45 * time.Second
)

// resumeLimiters paces the sessions of one channel that come back together, those of each server by
// themselves: a server that does not answer holds back its own sessions only. Safe for concurrent use.
type resumeLimiters struct {
	mu      sync.Mutex
	servers map[string]*resumeLimiter // those with attempts; "" is the channel's own choice
}

// resumeLimiter paces the resumes at one server: one asks first, each welcome lets two more ask, and a
// failed attempt halves how many ask at once. Nobody waits for longer than 45 s. The lock of all guards it.
type resumeLimiter struct {
	all      *resumeLimiters
	server   string
	waiting  []*permit
	underWay int
	atOnce   int
}

// permit is the turn of one resume. The methods of none, nil, do nothing.
type permit struct {
	limiter *resumeLimiter
	since   int64
	turn    chan struct{}
	started bool
	ended   bool
}

func (r *resumeLimiters) ask(server string, now int64) *permit {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.servers[server]
	if l == nil {
		// What the server could take the last time says nothing about this time.
		l = &resumeLimiter{all: r, server: server, atOnce: 1}
		if r.servers == nil {
			r.servers = map[string]*resumeLimiter{}
		}
		r.servers[server] = l
	}
	p := &permit{limiter: l, since: now, turn: make(chan struct{})}
	l.waiting = append(l.waiting, p)
	l.next()
	return p
}

func (l *resumeLimiter) next() {
	for len(l.waiting) > 0 && (l.waiting[0].ended || l.underWay < l.atOnce) {
		first := l.waiting[0]
		l.waiting = l.waiting[1:]
		if !first.ended {
			l.start(first)
		}
	}
}

// ended begins what is due after an attempt; a server without another one is forgotten.
func (l *resumeLimiter) ended(atOnce int) {
	l.atOnce = atOnce
	l.next()
	if l.underWay == 0 {
		delete(l.all.servers, l.server)
	}
}

func (l *resumeLimiter) start(p *permit) {
	p.started = true
	l.underWay++
	close(p.turn)
}

func (p *permit) begun() bool {
	p.limiter.all.mu.Lock()
	defer p.limiter.all.mu.Unlock()
	return p.started
}

// wait returns false when the context ended first.
func (p *permit) wait(ctx context.Context) bool {
	longest := time.NewTimer(longestTurnWait)
	defer longest.Stop()
	select {
	case <-p.turn:
		return true
	case <-ctx.Done():
		p.over()
		return false
	case <-longest.C:
	}
	p.limiter.all.mu.Lock()
	defer p.limiter.all.mu.Unlock()
	if !p.started && !p.ended {
		p.limiter.waiting = without(p.limiter.waiting, p)
		p.limiter.start(p)
	}
	return true
}

func without(all []*permit, one *permit) []*permit {
	for i, p := range all {
		if p == one {
			return append(all[:i:i], all[i+1:]...)
		}
	}
	return all
}

// welcomed: the server has let it in.
func (p *permit) welcomed() {
	if p.end() {
		p.limiter.ended(min(maxResumesAtOnce, p.limiter.atOnce+1))
		p.limiter.all.mu.Unlock()
	}
}

// over: it failed or is no longer wanted; harmless after welcomed.
func (p *permit) over() {
	if p.end() {
		p.limiter.ended(max(1, p.limiter.atOnce/2))
		p.limiter.all.mu.Unlock()
	}
}

// end reports, with the lock of all limiters held if so, whether the permit was under way until now.
func (p *permit) end() bool {
	if p == nil {
		return false
	}
	p.limiter.all.mu.Lock()
	was := p.started && !p.ended
	p.ended = true
	if !was {
		p.limiter.all.mu.Unlock()
		return false
	}
	p.limiter.underWay--
	return true
}
