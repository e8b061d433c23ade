// Package wire has the bytes of the duplex protocol, version 1: frame headers, hellos, welcomes,
// refusals, tokens and the body of the final status. docs/duplex-v1.md defines them.
package wire

import (
	"fmt"
	"math"
)

// Kind is the reason for which bytes are refused.
type Kind string

// The reasons, as the vectors of the protocol name them.
const (
	Truncated    Kind = "TRUNCATED"
	TooLong      Kind = "TOO_LONG"
	NotCanonical Kind = "NOT_CANONICAL"
	UnknownField Kind = "UNKNOWN_FIELD"
	BadValue     Kind = "BAD_VALUE"
)

// Error is returned for bytes that are no valid spelling of a value.
type Error struct {
	Kind Kind
	What string
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.What }

func refuse(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, What: fmt.Sprintf(format, args...)}
}

const (
	wireVarint    = 0
	wireBytes     = 2
	maxVarint     = 9 // 63 bits
	maxFieldDigit = 0x7f
)

// reader reads protobuf fields in ascending order, each once and in its shortest spelling. Every
// valid value has a single spelling, so a parsed value has the length of its encoding.
type reader struct {
	data     []byte
	at       int
	field    int
	wireType int
}

// next moves to the next field; false at the end.
func (r *reader) next() (bool, error) {
	if r.at == len(r.data) {
		return false, nil
	}
	key := r.data[r.at]
	r.at++
	// One byte: the protocol's own fields have numbers up to 15.
	number := int(key >> 3)
	if key > maxFieldDigit || number == 0 {
		return false, refuse(UnknownField, "key %d", key)
	}
	if number <= r.field {
		return false, refuse(NotCanonical, "field %d after %d", number, r.field)
	}
	r.field = number
	r.wireType = int(key & 7)
	return true, nil
}

// varint is the value of this field, from 1 to most: what is zero is absent.
func (r *reader) varint(most uint64) (uint64, error) {
	if err := r.expect(wireVarint); err != nil {
		return 0, err
	}
	value, err := r.raw()
	switch {
	case err != nil:
		return 0, err
	case value == 0:
		return 0, refuse(NotCanonical, "field %d is zero", r.field)
	case value > most:
		return 0, refuse(BadValue, "field %d: %d > %d", r.field, value, most)
	}
	return value, nil
}

// bytes is the value of this field, from 1 to most of them; a part of the input, not a copy.
func (r *reader) bytes(most int) ([]byte, error) {
	if err := r.expect(wireBytes); err != nil {
		return nil, err
	}
	length, err := r.raw()
	switch {
	case err != nil:
		return nil, err
	case length == 0:
		return nil, refuse(NotCanonical, "field %d is empty", r.field)
	case length > uint64(most):
		return nil, refuse(TooLong, "field %d: %d > %d", r.field, length, most)
	case length > uint64(len(r.data)-r.at):
		return nil, refuse(Truncated, "field %d", r.field)
	}
	r.at += int(length)
	return r.data[r.at-int(length) : r.at : r.at], nil
}

func (r *reader) unknown() error { return refuse(UnknownField, "field %d", r.field) }

func (r *reader) expect(wireType int) error {
	if r.wireType != wireType {
		return refuse(UnknownField, "field %d of type %d", r.field, r.wireType)
	}
	return nil
}

func (r *reader) raw() (uint64, error) {
	var value uint64
	for i := range maxVarint {
		if r.at == len(r.data) {
			return 0, refuse(Truncated, "field %d", r.field)
		}
		next := r.data[r.at]
		r.at++
		value |= uint64(next&0x7f) << (7 * i)
		if next < 0x80 {
			if next == 0 && i > 0 {
				return 0, refuse(NotCanonical, "field %d is not the shortest", r.field)
			}
			return value, nil
		}
	}
	return 0, refuse(BadValue, "field %d is larger than 2^63-1", r.field)
}

// openHandshake returns a reader behind the version, the first field of each handshake value.
func openHandshake(most int, data []byte) (*reader, error) {
	if len(data) > most {
		return nil, refuse(TooLong, "%d bytes > %d", len(data), most)
	}
	r := &reader{data: data}
	more, err := r.next()
	if err != nil {
		return nil, err
	}
	if !more || r.field != 1 {
		return nil, refuse(BadValue, "no version")
	}
	version, err := r.varint(math.MaxInt32)
	if err != nil {
		return nil, err
	}
	if version != Version {
		return nil, refuse(BadValue, "version %d (expected: %d)", version, Version)
	}
	return r, nil
}

func appendVarint(out []byte, value uint64) []byte {
	for value >= 0x80 {
		out = append(out, byte(value)|0x80)
		value >>= 7
	}
	return append(out, byte(value))
}

// field appends a varint field; what is zero is absent.
func appendField(out []byte, number int, value uint64) []byte {
	if value == 0 {
		return out
	}
	return appendVarint(append(out, byte(number<<3)), value)
}

func appendBytes(out []byte, number int, value []byte) []byte {
	if len(value) == 0 {
		return out
	}
	out = appendVarint(append(out, byte(number<<3|wireBytes)), uint64(len(value)))
	return append(out, value...)
}
