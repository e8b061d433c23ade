package wire

import (
	"math"
	"unicode/utf8"
)

const (
	// Version is the one that this package speaks.
	Version = 1
	// MetadataKey is the key of the handshake in headers and trailers.
	MetadataKey = "holdfast-stream-bin"
	// MaxHandshake is the length of the longest handshake value.
	MaxHandshake = 1024
	// MaxToken is the length of the longest token.
	MaxToken = 320
	// MaxAddress is the length of the longest address.
	MaxAddress = 255
	// MaxMillis is the longest time that a handshake says, 100 days.
	MaxMillis = 100 * 24 * 60 * 60 * 1000
	// InitialCredit is how many positions need no credit.
	InitialCredit = 16
)

// SessionID is what the client chose for its session: 16 bytes of a secure random source.
type SessionID [16]byte

// Hello begins an attachment, in request headers. Zero means absent.
type Hello struct {
	Session         SessionID
	Attach          int64
	Tag             uint64
	Watermark       int64
	Low             int64
	Credit          int64
	RemainingMillis int64
	Untouched       bool
	Token           []byte
	AgeMillis       int64
	TouchedBy       int64
}

// Append appends the hello's one spelling.
func (h *Hello) Append(out []byte) []byte {
	untouched := uint64(0)
	if h.Untouched {
		untouched = 1
	}
	out = appendField(out, 1, Version)
	out = appendBytes(out, 2, h.Session[:])
	out = appendField(out, 3, uint64(h.Attach))
	out = appendField(out, 4, h.Tag)
	out = appendField(out, 5, uint64(h.Watermark))
	out = appendField(out, 6, uint64(h.Low))
	out = appendField(out, 7, uint64(h.Credit))
	out = appendField(out, 8, uint64(h.RemainingMillis))
	out = appendField(out, 9, untouched)
	out = appendBytes(out, 10, h.Token)
	out = appendField(out, 11, uint64(h.AgeMillis))
	return appendField(out, 12, uint64(h.TouchedBy))
}

// ParseHello reads a hello; it keeps no part of data.
func ParseHello(data []byte) (Hello, error) {
	var h Hello
	sessionLength := 0
	err := fields(data, func(r *reader) (err error) {
		switch r.field {
		case 2:
			var session []byte
			session, err = r.bytes(len(h.Session))
			sessionLength = copy(h.Session[:], session)
		case 3:
			err = r.position(&h.Attach)
		case 4:
			h.Tag, err = r.varint(MaxTag)
		case 5:
			err = r.position(&h.Watermark)
		case 6:
			err = r.position(&h.Low)
		case 7:
			err = r.position(&h.Credit)
		case 8:
			err = r.millis(&h.RemainingMillis)
		case 9:
			_, err = r.varint(1)
			h.Untouched = err == nil
		case 10:
			h.Token, err = r.copied(MaxToken)
		case 11:
			err = r.millis(&h.AgeMillis)
		case 12:
			err = r.position(&h.TouchedBy)
		default:
			err = r.unknown()
		}
		return err
	})
	switch {
	case err != nil:
		return Hello{}, err
	case sessionLength != len(h.Session):
		return Hello{}, refuse(BadValue, "session: %d bytes", sessionLength)
	case h.Attach == 0:
		return Hello{}, refuse(BadValue, "attach: 0 (expected: >= 1)")
	case h.Tag == 0:
		return Hello{}, refuse(BadValue, "tag: 0 (expected: >= 1)")
	case h.Low == 0:
		return Hello{}, refuse(BadValue, "low: 0 (expected: >= 1)")
	}
	return h, nil
}

// Welcome accepts an attachment, in response headers. Zero means absent.
type Welcome struct {
	Token          []byte
	Watermark      int64
	Low            int64
	Credit         int64
	TTLMillis      int64
	AckEvery       int64
	AckDelayMillis int64
	SpreadMillis   int64
}

// Append appends the welcome's one spelling.
func (w *Welcome) Append(out []byte) []byte {
	out = appendField(out, 1, Version)
	out = appendBytes(out, 2, w.Token)
	out = appendField(out, 3, uint64(w.Watermark))
	out = appendField(out, 4, uint64(w.Low))
	out = appendField(out, 5, uint64(w.Credit))
	out = appendField(out, 6, uint64(w.TTLMillis))
	out = appendField(out, 7, uint64(w.AckEvery))
	out = appendField(out, 8, uint64(w.AckDelayMillis))
	return appendField(out, 9, uint64(w.SpreadMillis))
}

// ParseWelcome reads a welcome; it keeps no part of data.
func ParseWelcome(data []byte) (Welcome, error) {
	var w Welcome
	err := fields(data, func(r *reader) (err error) {
		switch r.field {
		case 2:
			w.Token, err = r.copied(MaxToken)
		case 3:
			err = r.position(&w.Watermark)
		case 4:
			err = r.position(&w.Low)
		case 5:
			err = r.position(&w.Credit)
		case 6:
			err = r.millis(&w.TTLMillis)
		case 7:
			var every uint64
			every, err = r.varint(math.MaxInt32)
			w.AckEvery = int64(every)
		case 8:
			err = r.millis(&w.AckDelayMillis)
		case 9:
			err = r.millis(&w.SpreadMillis)
		default:
			err = r.unknown()
		}
		return err
	})
	switch {
	case err != nil:
		return Welcome{}, err
	case len(w.Token) == 0:
		return Welcome{}, refuse(BadValue, "token: none")
	case w.Low == 0:
		return Welcome{}, refuse(BadValue, "low: 0 (expected: >= 1)")
	case w.TTLMillis == 0:
		return Welcome{}, refuse(BadValue, "ttl: 0 (expected: >= 1)")
	}
	return w, nil
}

// Code is the reason of a refusal.
type Code uint32

// The reasons of a refusal.
const (
	CodeUnknown Code = 1 + iota
	CodeExpired
	CodeGap
	CodeFenced
	CodeMoved
	CodeBusy
	CodeDenied
)

func (c Code) String() string {
	names := [...]string{"UNKNOWN", "EXPIRED", "GAP", "FENCED", "MOVED", "BUSY", "DENIED"}
	return names[c-1]
}

// Refusal ends an attachment, in trailers. Zero means absent.
type Refusal struct {
	Code             Code
	Address          string
	RetryAfterMillis int64
	Processed        int64
}

// Append appends the refusal's one spelling.
func (f *Refusal) Append(out []byte) []byte {
	out = appendField(out, 1, Version)
	out = appendField(out, 2, uint64(f.Code))
	out = appendBytes(out, 3, []byte(f.Address))
	out = appendField(out, 4, uint64(f.RetryAfterMillis))
	return appendField(out, 5, uint64(f.Processed))
}

// ParseRefusal reads a refusal.
func ParseRefusal(data []byte) (Refusal, error) {
	var f Refusal
	err := fields(data, func(r *reader) (err error) {
		switch r.field {
		case 2:
			var code uint64
			code, err = r.varint(uint64(CodeDenied))
			f.Code = Code(code)
		case 3:
			var address []byte
			address, err = r.bytes(MaxAddress)
			f.Address = string(address)
		case 4:
			err = r.millis(&f.RetryAfterMillis)
		case 5:
			err = r.position(&f.Processed)
		default:
			err = r.unknown()
		}
		return err
	})
	switch {
	case err != nil:
		return Refusal{}, err
	case f.Code == 0:
		return Refusal{}, refuse(BadValue, "code: 0 (expected: 1 to 7)")
	case (f.Code == CodeMoved) != (f.Address != ""):
		return Refusal{}, refuse(BadValue, "address: with MOVED and only with it")
	case !utf8.ValidString(f.Address):
		return Refusal{}, refuse(BadValue, "address: no UTF-8")
	}
	return f, nil
}

func fields(data []byte, each func(*reader) error) error {
	return fieldsUpTo(MaxHandshake, data, each)
}

func fieldsUpTo(most int, data []byte, each func(*reader) error) error {
	r, err := openHandshake(most, data)
	if err != nil {
		return err
	}
	for {
		more, err := r.next()
		if err != nil || !more {
			return err
		}
		if err := each(r); err != nil {
			return err
		}
	}
}

func (r *reader) position(to *int64) error {
	value, err := r.varint(math.MaxInt64)
	*to = int64(value)
	return err
}

func (r *reader) millis(to *int64) error {
	value, err := r.varint(MaxMillis)
	*to = int64(value)
	return err
}

func (r *reader) copied(most int) ([]byte, error) {
	value, err := r.bytes(most)
	return append([]byte(nil), value...), err
}
