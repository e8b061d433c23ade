package session

import "sync/atomic"

const (
	budgetBytes      = 256 << 20
	budgetPartOfFree = 64
	budgetReserved   = 2
)

// Budget is the limit of bytes that the sessions of a process hold together, on top of one message
// each. A buffer may grow while it is smaller than a 64th of the free bytes (dynamic thresholds:
// Choudhury and Hahne, 1998). Half of the budget is for buffers from which bytes leave. Safe for
// concurrent use.
type Budget struct {
	limit int64
	held  atomic.Int64
}

// NewBudget returns a budget of so many bytes, 256 MiB when it is 0.
func NewBudget(limit int64) *Budget {
	if limit <= 0 {
		limit = budgetBytes
	}
	return &Budget{limit: limit}
}

// Held is the number of bytes that are held.
func (b *Budget) Held() int64 { return b.held.Load() }

func (b *Budget) hasRoom(ofBuffer, flowed int64) bool {
	if b == nil {
		return true
	}
	free := b.limit - b.held.Load()
	if ofBuffer >= flowed {
		free -= b.limit / budgetReserved
	}
	return ofBuffer*budgetPartOfFree < free
}

func (b *Budget) take(bytes int64) {
	if b != nil {
		b.held.Add(bytes)
	}
}
