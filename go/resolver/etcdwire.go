package resolver

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// The few messages of etcd's gRPC API (api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto) that reading
// needs, with the numbers of their fields. So no client library of etcd is needed.

// etcdCodec passes messages as bytes: []byte to send, *[]byte to receive.
type etcdCodec struct{}

func (etcdCodec) Name() string { return "proto" }

func (etcdCodec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("message: %T (expected: []byte)", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(message)}, nil
}

func (etcdCodec) Unmarshal(data mem.BufferSlice, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("message: %T (expected: *[]byte)", v)
	}
	*message = data.Materialize()
	return nil
}

func appendText(b []byte, field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), value)
}

func appendNumber(b []byte, field protowire.Number, value int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(value))
}

// endOf is the first key behind all that begin with a prefix, which ends with a slash.
func endOf(prefix string) string { return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1) }

func etcdRangeRequest(from, prefix string, revision, limit int64) []byte {
	b := appendText(nil, 1, from)
	b = appendText(b, 2, endOf(prefix))
	b = appendNumber(b, 3, limit)
	if revision > 0 {
		b = appendNumber(b, 4, revision)
	}
	return b
}

// etcdWatchRequest is a create_request, with progress notifications.
func etcdWatchRequest(prefix string, revision int64) []byte {
	create := appendText(nil, 1, prefix)
	create = appendText(create, 2, endOf(prefix))
	create = appendNumber(create, 3, revision)
	create = appendNumber(create, 4, 1)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), create)
}

func etcdAuthRequest(user, password string) []byte {
	return appendText(appendText(nil, 1, user), 2, password)
}

// fields calls each for the fields of a message; number is 0 for one that is not a varint, and bytes nil
// for one that is not length-delimited.
func fields(message []byte, each func(field protowire.Number, number int64, bytes []byte) error) error {
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var number uint64
		var bytes []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(field, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := each(field, int64(number), bytes); err != nil {
			return err
		}
	}
	return nil
}

type etcdKeyValue struct {
	key   string
	value []byte
}

func parseEtcdKeyValue(message []byte) (kv etcdKeyValue, err error) {
	err = fields(message, func(field protowire.Number, _ int64, bytes []byte) error {
		switch field {
		case 1:
			kv.key = string(bytes)
		case 5:
			kv.value = bytes
		}
		return nil
	})
	return kv, err
}

type etcdRange struct {
	revision int64
	records  []etcdKeyValue
	more     bool
}

func parseEtcdRange(message []byte) (r etcdRange, err error) {
	err = fields(message, func(field protowire.Number, number int64, bytes []byte) error {
		switch field {
		case 1:
			return fields(bytes, func(field protowire.Number, number int64, _ []byte) error {
				if field == 3 {
					r.revision = number
				}
				return nil
			})
		case 2:
			kv, err := parseEtcdKeyValue(bytes)
			r.records = append(r.records, kv)
			return err
		case 3:
			r.more = number != 0
		}
		return nil
	})
	return r, err
}

type etcdEvent struct {
	deleted bool
	record  etcdKeyValue
}

type etcdWatchResponse struct {
	canceled bool
	reason   string
	events   []etcdEvent
}

func parseEtcdWatch(message []byte) (w etcdWatchResponse, err error) {
	err = fields(message, func(field protowire.Number, number int64, bytes []byte) error {
		switch field {
		case 4:
			w.canceled = number != 0
		case 6:
			w.reason = string(bytes)
		case 11:
			var event etcdEvent
			err := fields(bytes, func(field protowire.Number, number int64, bytes []byte) (err error) {
				switch field {
				case 1:
					event.deleted = number == 1
				case 2:
					event.record, err = parseEtcdKeyValue(bytes)
				}
				return err
			})
			w.events = append(w.events, event)
			return err
		}
		return nil
	})
	return w, err
}

func parseEtcdToken(message []byte) (token string, err error) {
	err = fields(message, func(field protowire.Number, _ int64, bytes []byte) error {
		if field == 2 {
			token = string(bytes)
		}
		return nil
	})
	return token, err
}
