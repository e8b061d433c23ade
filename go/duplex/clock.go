package duplex

import (
	"math"
	"sync"
	"time"
)

// The sessions' time is monotonic, from the start of the process on.
var processStart = time.Now()

func now() int64 { return int64(time.Since(processStart)) }

// alarm calls a function at the earliest time that it was set to, under a lock. It may call early,
// after which it must be set again: so a time that moves away costs nothing.
type alarm struct {
	timer *time.Timer
	at    int64
}

// set is called with the lock held.
func (a *alarm) set(lock sync.Locker, at int64, ring func()) {
	if a.timer == nil {
		if at == math.MaxInt64 {
			return
		}
		a.at = at
		a.timer = time.AfterFunc(time.Duration(at-now()), func() {
			lock.Lock()
			defer lock.Unlock()
			a.at = math.MaxInt64
			ring()
		})
		return
	}
	if at < a.at {
		a.at = at
		a.timer.Reset(time.Duration(at - now()))
	}
}

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
