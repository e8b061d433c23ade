package session

import "holdfast.dev/go/internal/wire"

// clientHandover is the way of a client's session to another owner: prepared by the final frame of the
// owner before, begun when the application has everything before that frame, and over with the welcome of
// the next owner.
type clientHandover struct {
	out *sendBuffer
	in  *receiveBuffer
	// Nil while an owner is there; messages wait for the next one.
	pending *wire.Handover
	begun   bool
	// Whether the application takes the messages of a handler that begins anew.
	acceptsRestart bool
}

// prepare takes the last word of an owner; false when it hands nothing over, or nothing that can be
// taken: then it is the end.
func (h *clientHandover) prepare(last item) bool {
	if last.body == nil {
		return false
	}
	// Bytes of another version: the session ends as it does without hand-overs.
	next, err := wire.ParseHandover(last.body.Bytes())
	if err != nil || next.Position != last.seq || !h.takeable(&next) {
		return false
	}
	h.pending = &next
	return true
}

func (h *clientHandover) takeable(next *wire.Handover) bool {
	// A handler that begins anew is noticed only by who has messages of the one before.
	noticed := next.Replays == wire.ReplayRestart && next.Messages() > 0
	return (next.Replays == wire.ReplayNone || h.out.mayRewind()) && (!noticed || h.acceptsRestart)
}

// due reports whether the session may go to another owner now.
func (h *clientHandover) due() bool { return h.pending != nil && !h.begun && h.in.mayGoOn() }

func (h *clientHandover) begin() { h.begun = true }

// shown is the value for the request headers of the next attachment: the hand-over, or the offer.
func (h *clientHandover) shown() wire.Handover {
	if h.begun {
		return *h.pending
	}
	return wire.Handover{}
}

// low is the lowest position that the next attachment can send.
func (h *clientHandover) low() int64 {
	if h.begun && h.pending.Replays != wire.ReplayNone {
		return 1
	}
	return h.out.low
}

// finish takes the welcome of the next owner, and returns what that one takes over; nil for nothing.
func (h *clientHandover) finish() *wire.Handover {
	if !h.begun {
		return nil
	}
	taken := h.pending
	h.in.goOn()
	if taken.Replays != wire.ReplayNone {
		h.out.rewind()
	}
	h.pending, h.begun = nil, false
	return taken
}
