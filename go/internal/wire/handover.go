package wire

import "math"

const (
	// HandoverKey is the metadata key of a hand-over that a client shows, or of its offer to take one.
	HandoverKey = "holdfast-handover-bin"
	// MaxHandover is the length of the longest hand-over.
	MaxHandover = MaxCursor + 128
	// MaxCursor is the length of the longest cursor of a handler.
	MaxCursor = 4096

	sealLength = 32
)

// Replay says which messages of the client the next owner of a session gets again.
type Replay uint8

// What may come again.
const (
	// ReplayNone: the next owner goes on behind what was processed.
	ReplayNone Replay = iota
	// ReplayAll: the next owner gets the client's messages from the first one on, and a cursor.
	ReplayAll
	// ReplayRestart: the same without a cursor, so that its handler begins anew.
	ReplayRestart
)

// Handover is a session that one instance of a server passes to another one, carried by its client. The
// zero value is the offer of a client that takes hand-overs and has none to show.
type Handover struct {
	// Position is the last one of the old owner, that of its final frame.
	Position int64
	// Processed is the last position of the client that the cursor covers.
	Processed int64
	// Moves are the hand-overs of the session so far, this one included.
	Moves      int64
	HalfClosed bool
	Replays    Replay
	Cursor     []byte
	Seal       []byte
}

// Messages is how many all owners so far have sent. Each of them also sent a final frame.
func (h *Handover) Messages() int64 { return h.Position - h.Moves }

// Append appends the hand-over's one spelling.
func (h *Handover) Append(out []byte) []byte {
	halfClosed := uint64(0)
	if h.HalfClosed {
		halfClosed = 1
	}
	out = appendField(out, 1, Version)
	out = appendField(out, 2, uint64(h.Position))
	out = appendField(out, 3, uint64(h.Processed))
	out = appendField(out, 4, uint64(h.Moves))
	out = appendField(out, 5, halfClosed)
	out = appendField(out, 6, uint64(h.Replays))
	out = appendBytes(out, 7, h.Cursor)
	return appendBytes(out, 8, h.Seal)
}

// ParseHandover reads a hand-over, whose seal is not checked, or an offer; it keeps no part of data.
func ParseHandover(data []byte) (Handover, error) {
	var h Handover
	offer := true
	err := fieldsUpTo(MaxHandover, data, func(r *reader) (err error) {
		offer = false
		var value uint64
		switch r.field {
		case 2:
			value, err = r.varint(math.MaxInt64 - 1)
			h.Position = int64(value)
		case 3:
			err = r.position(&h.Processed)
		case 4:
			value, err = r.varint(math.MaxInt32)
			h.Moves = int64(value)
		case 5:
			_, err = r.varint(1)
			h.HalfClosed = err == nil
		case 6:
			value, err = r.varint(uint64(ReplayRestart))
			h.Replays = Replay(value)
		case 7:
			h.Cursor, err = r.copied(MaxCursor)
		case 8:
			h.Seal, err = r.copied(sealLength)
		default:
			err = r.unknown()
		}
		return err
	})
	whole := h.Moves > 0 && h.Position >= h.Moves && len(h.Seal) == sealLength
	switch {
	case err != nil:
		return Handover{}, err
	case !offer && !whole:
		return Handover{}, refuse(BadValue, "hand-over: incomplete (expected: position, moves and seal)")
	}
	return h, nil
}
