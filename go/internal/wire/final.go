package wire

import (
	"sort"
	"strings"
)

const maxTrailerEntries = 256

// FinalStatus is the body of a final frame; the status code stands in the frame's header.
type FinalStatus struct {
	Description string
	// Trailers by key in lower case, values in their order. A value of a key that ends in -bin is
	// bytes, as in metadata.MD.
	Trailers map[string][]string
}

// Append appends the body. Of more than 256 entries the rest is dropped.
func (s *FinalStatus) Append(out []byte) []byte {
	out = appendBytes(out, 1, []byte(s.Description))
	keys := make([]string, 0, len(s.Trailers))
	for key := range s.Trailers {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	entries := 0
	for _, key := range keys {
		for _, value := range s.Trailers[key] {
			if entries++; entries > maxTrailerEntries {
				return out
			}
			entry := appendBytes(nil, 1, []byte(key))
			// An empty value is written: the entry is what counts.
			entry = appendVarint(append(entry, 2<<3|wireBytes), uint64(len(value)))
			out = appendBytes(out, 2, append(entry, value...))
		}
	}
	return out
}

// ParseFinalStatus reads a body. One that can't be read changes nothing but the description: ok is
// false then.
func ParseFinalStatus(body []byte) (s FinalStatus, ok bool) {
	ok = eachField(body, func(field byte, value []byte) bool {
		switch field {
		case 1:
			s.Description = strings.ToValidUTF8(string(value), "\ufffd")
		case 2:
			return s.addEntry(value)
		}
		return true
	})
	if !ok {
		return FinalStatus{}, false
	}
	return s, true
}

func (s *FinalStatus) addEntry(entry []byte) bool {
	var key, content string
	ok := eachField(entry, func(field byte, value []byte) bool {
		switch field {
		case 1:
			key = string(value)
		case 2:
			content = string(value)
		}
		return true
	})
	if !ok || !validKey(key) {
		return false
	}
	if s.Trailers == nil {
		s.Trailers = map[string][]string{}
	}
	s.Trailers[key] = append(s.Trailers[key], content)
	return true
}

func validKey(key string) bool {
	for _, c := range []byte(key) {
		letter := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
		if !letter {
			return false
		}
	}
	return key != ""
}

func eachField(data []byte, each func(field byte, value []byte) bool) bool {
	for len(data) > 0 {
		key := data[0]
		length, rest, ok := length(data[1:])
		if key&7 != wireBytes || !ok || length > len(rest) {
			return false
		}
		if !each(key>>3, rest[:length]) {
			return false
		}
		data = rest[length:]
	}
	return true
}

func length(data []byte) (int, []byte, bool) {
	value := 0
	for i := 0; i < 5 && i < len(data); i++ {
		value |= int(data[i]&0x7f) << (7 * i)
		if data[i] < 0x80 {
			return value, data[i+1:], value <= 1<<31-1
		}
	}
	return 0, nil, false
}
