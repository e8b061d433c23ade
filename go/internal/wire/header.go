package wire

import "math"

// Flag is a bit of a header's flags.
type Flag uint32

// The flags of a frame; docs/duplex-v1.md says which side may say which.
const (
	Final Flag = 1 << iota
	HalfClose
	Cancel
	Drain
	Leaving
	Settled
	Echo
	Moved

	allFlags    Flag = 255
	clientFlags      = HalfClose | Cancel | Settled | Echo
	serverFlags      = Final | Drain | Leaving | Echo | Moved
)

const (
	maxHeaderContent = 80
	headerPrefix     = 6 // key of five bytes and one of length

	// MaxHeader is the length of the longest header; limits of inbound messages grow by it.
	MaxHeader = headerPrefix + maxHeaderContent
	// MaxTag is the highest tag of an attachment.
	MaxTag = math.MaxUint32
	// MaxStatus is the highest status code of gRPC, UNAUTHENTICATED.
	MaxStatus = 16
)

// The key of field 536870911, length-delimited.
var headerKey = [5]byte{0xfa, 0xff, 0xff, 0xff, 0x0f}

// Header stands before the bytes of a message: one protobuf field that a parser which does not know
// it keeps as unknown. Fields are as in docs/duplex-v1.md; zero means absent.
type Header struct {
	Tag    uint64
	Seq    int64
	Ack    int64
	Credit int64
	Flags  Flag
	Low    int64
	Status uint32
	Probe  int64
}

// Has reports whether one of these flags is set.
func (h *Header) Has(flag Flag) bool { return h.Flags&flag != 0 }

// OfClient reports whether the header says nothing that only a server may say.
func (h *Header) OfClient() bool {
	return h.Flags&^clientFlags == 0 && h.Status == 0 && (h.Low == 0 || h.Has(Settled))
}

// OfServer reports whether the header says nothing that only a client may say.
func (h *Header) OfServer() bool {
	last := h.Has(Final) || (h.Status == 0 && !h.Has(Moved))
	return h.Flags&^serverFlags == 0 && h.Low == 0 && last
}

// Append appends the header's one spelling.
func (h *Header) Append(out []byte) []byte {
	out = append(out, headerKey[:]...)
	out = append(out, 0)
	begin := len(out)
	out = appendField(out, 1, h.Tag)
	out = appendField(out, 2, uint64(h.Seq))
	out = appendField(out, 3, uint64(h.Ack))
	out = appendField(out, 4, uint64(h.Credit))
	out = appendField(out, 5, uint64(h.Flags))
	out = appendField(out, 6, uint64(h.Low))
	out = appendField(out, 7, uint64(h.Status))
	out = appendField(out, 8, uint64(h.Probe))
	out[begin-1] = byte(len(out) - begin)
	return out
}

// ParseHeader reads the header at the beginning of a message, of which the first MaxHeader bytes
// suffice. It returns the header's length, which is 0 when the message does not begin with the
// field, and an error when it does and the field is no header.
func ParseHeader(message []byte) (Header, int, error) {
	if len(message) < len(headerKey) || [5]byte(message[:5]) != headerKey {
		return Header{}, 0, nil
	}
	if len(message) == len(headerKey) {
		return Header{}, 0, refuse(Truncated, "header without a length")
	}
	content := int(message[5])
	if content > maxHeaderContent {
		return Header{}, 0, refuse(TooLong, "header of more than %d bytes", maxHeaderContent)
	}
	if content > len(message)-headerPrefix {
		return Header{}, 0, refuse(Truncated, "header of %d bytes", content)
	}
	h, err := parseContent(message[headerPrefix : headerPrefix+content])
	return h, headerPrefix + content, err
}

func parseContent(content []byte) (Header, error) {
	r := reader{data: content}
	var h Header
	for {
		more, err := r.next()
		if err != nil {
			return Header{}, err
		}
		if !more {
			break
		}
		most := uint64(math.MaxInt64)
		switch r.field {
		case 1:
			most = MaxTag
		case 5:
			most = uint64(allFlags)
		case 7:
			most = MaxStatus
		case 2, 3, 4, 6, 8:
		default:
			return Header{}, r.unknown()
		}
		value, err := r.varint(most)
		if err != nil {
			return Header{}, err
		}
		h.set(r.field, value)
	}
	if h.Tag == 0 {
		return Header{}, refuse(BadValue, "tag: 0 (expected: >= 1)")
	}
	return h, nil
}

func (h *Header) set(field int, value uint64) {
	switch field {
	case 1:
		h.Tag = value
	case 2:
		h.Seq = int64(value)
	case 3:
		h.Ack = int64(value)
	case 4:
		h.Credit = int64(value)
	case 5:
		h.Flags = Flag(value)
	case 6:
		h.Low = int64(value)
	case 7:
		h.Status = uint32(value)
	case 8:
		h.Probe = int64(value)
	}
}
