package wire_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"holdfast.dev/go/internal/wire"
)

func handover() wire.Handover {
	return wire.Handover{
		Position: 300, Processed: 2, Moves: 1, HalfClosed: true, Replays: wire.ReplayAll,
		Cursor: []byte{4, 2}, Seal: bytes.Repeat([]byte{9}, 32),
	}
}

func TestHandoverIsReadAsItIsWritten(t *testing.T) {
	want := handover()
	got, err := wire.ParseHandover(want.Append(nil))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("read: %+v, %v (expected: %+v)", got, err, want)
	}
	if n := got.Messages(); n != 299 {
		t.Fatalf("messages: %d (expected: 299)", n)
	}
}

func TestOfferIsTheVersionAlone(t *testing.T) {
	offer := (&wire.Handover{}).Append(nil)
	if !bytes.Equal(offer, []byte{8, 1}) {
		t.Fatalf("offer: %x (expected: 0801)", offer)
	}
	if read, err := wire.ParseHandover(offer); err != nil || read.Position != 0 {
		t.Fatalf("read: %+v, %v", read, err)
	}
}

func TestBytesThatAreNoHandoverAreRefused(t *testing.T) {
	valid := handover()
	for name, c := range map[string]struct {
		change func(*wire.Handover)
		bytes  []byte
		kind   wire.Kind
	}{
		"no seal":            {change: func(h *wire.Handover) { h.Seal = nil }, kind: wire.BadValue},
		"a short seal":       {change: func(h *wire.Handover) { h.Seal = h.Seal[1:] }, kind: wire.BadValue},
		"no position":        {change: func(h *wire.Handover) { h.Position = 0 }, kind: wire.BadValue},
		"no moves":           {change: func(h *wire.Handover) { h.Moves = 0 }, kind: wire.BadValue},
		"more moves":         {change: func(h *wire.Handover) { h.Moves = 301 }, kind: wire.BadValue},
		"an unknown replay":  {change: func(h *wire.Handover) { h.Replays = 3 }, kind: wire.BadValue},
		"a long cursor":      {change: func(h *wire.Handover) { h.Cursor = make([]byte, wire.MaxCursor+1) }, kind: wire.TooLong},
		"a field of another": {bytes: append(valid.Append(nil), 9<<3, 1), kind: wire.UnknownField},
		"another version":    {bytes: []byte{8, 2}, kind: wire.BadValue},
		"nothing":            {bytes: []byte{}, kind: wire.BadValue},
		"too long":           {bytes: make([]byte, wire.MaxHandover+1), kind: wire.TooLong},
		"cut off":            {bytes: valid.Append(nil)[:12], kind: wire.Truncated},
	} {
		t.Run(name, func(t *testing.T) {
			data := c.bytes
			if c.change != nil {
				h := handover()
				c.change(&h)
				data = h.Append(nil)
			}
			_, err := wire.ParseHandover(data)
			var refused *wire.Error
			if !errors.As(err, &refused) || refused.Kind != c.kind {
				t.Fatalf("error: %v (expected: %s)", err, c.kind)
			}
		})
	}
}
