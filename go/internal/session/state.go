package session

import "fmt"

// State is that of a session; docs/duplex-v1.md has the table.
type State int

// The states.
const (
	New State = iota
	Opening
	Attached
	Suspect
	Racing
	Draining
	Handover
	Detached
	Resuming
	Lost
	Closed
)

func (s State) String() string {
	return [...]string{"NEW", "OPENING", "ATTACHED", "SUSPECT", "RACING", "DRAIN", "HANDOVER", "DETACHED", "RESUMING", "LOST", "CLOSED"}[s]
}

// Terminal reports whether the state is final.
func (s State) Terminal() bool { return s >= Lost }

func (s State) attached() bool { return s >= Attached && s <= Handover }

func (s State) mayBecome(next State) bool {
	if next.Terminal() {
		return !s.Terminal()
	}
	for _, allowed := range [...][]State{
		New:      {Opening},
		Opening:  {Attached, Detached},
		Attached: {Suspect, Draining, Detached},
		Suspect:  {Attached, Racing, Draining, Detached},
		Racing:   {Attached, Suspect, Resuming, Detached},
		Draining: {Handover, Attached, Detached},
		Handover: {Attached, Draining, Resuming, Detached},
		Detached: {Resuming},
		Resuming: {Attached, Detached},
		Lost:     nil,
		Closed:   nil,
	}[s] {
		if allowed == next {
			return true
		}
	}
	return false
}

// Kind is how a session ended.
type Kind int

// The kinds of end; those from LostUnknown on are told as SESSION_LOST.
const (
	Finished Kind = iota
	Cancelled
	Deadline
	SessionMoved
	Plain
	LostUnknown
	LostExpired
	LostGap
	LostDenied
	LostStuck
	LostRefused
	LostUnreachable
)

// Lost reports whether the session could not be kept.
func (k Kind) Lost() bool { return k >= LostUnknown }

func (k Kind) String() string {
	return [...]string{
		"FINISHED", "CANCELLED", "DEADLINE", "MOVED", "PLAIN", "LOST_UNKNOWN", "LOST_EXPIRED", "LOST_GAP",
		"LOST_DENIED", "LOST_STUCK", "LOST_REFUSED", "LOST_UNREACHABLE",
	}[k]
}

// End is what the application is told.
type End struct {
	Kind   Kind
	Status uint32
	// Body of the final frame, if there was one; Trailers of a plain peer's status.
	Body     Body
	Trailers any
	// The highest positions known to be processed by the peer, and by this side.
	ByPeer, Here int64
}

func (e *End) String() string {
	return fmt.Sprintf("%s: processed by the peer up to %d, here up to %d", e.Kind, e.ByPeer, e.Here)
}
