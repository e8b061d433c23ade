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

// resumeLimiter paces the sessions of one channel that come back together: one asks first, each
// welcome lets two more ask, and a failed attempt halves how many ask at once. Nobody waits for
// longer than 45 s. Safe for concurrent use.
type resumeLimiter struct {
	mu       sync.Mutex
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

func (l *resumeLimiter) ask(now int64) *permit {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.underWay == 0 && len(l.waiting) == 0 {
		// What the server could take the last time says nothing about this one.
		l.atOnce = 1
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

func (l *resumeLimiter) start(p *permit) {
	p.started = true
	l.underWay++
	close(p.turn)
}

func (p *permit) begun() bool {
	p.limiter.mu.Lock()
	defer p.limiter.mu.Unlock()
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
	p.limiter.mu.Lock()
	defer p.limiter.mu.Unlock()
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
		p.limiter.atOnce = min(maxResumesAtOnce, p.limiter.atOnce+1)
		p.limiter.next()
		p.limiter.mu.Unlock()
	}
}

// over: it failed or is no longer wanted; harmless after welcomed.
func (p *permit) over() {
	if p.end() {
		p.limiter.atOnce = max(1, p.limiter.atOnce/2)
		p.limiter.next()
		p.limiter.mu.Unlock()
	}
}

// end reports, with the limiter's lock held, whether the permit was under way until now.
func (p *permit) end() bool {
	if p == nil {
		return false
	}
	p.limiter.mu.Lock()
	was := p.started && !p.ended
	p.ended = true
	if !was {
		p.limiter.mu.Unlock()
		return false
	}
	p.limiter.underWay--
	return true
}
