package duplex

import (
	"errors"

	"google.golang.org/grpc/encoding"
	// Registers the codec of protobuf, which every message of a resumable method is written with.
	_ "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

const protoName = "proto"

func protoCodec() encoding.CodecV2 { return encoding.GetCodecV2(protoName) }

// frame is a gRPC message of an attachment: to be sent as header and body, or received as it came.
type frame struct {
	header []byte
	body   mem.BufferSlice

	received mem.Buffer
}

// frameCodec writes and reads frames as they are, and leaves every other value to the codec of
// protobuf.
//
// A codec is where the bytes cost least: grpc-go takes a message as a list of buffers, so header and
// body are written one after the other and the body, which is kept until it is acknowledged, is
// shared by reference and never copied, however often it is sent. A message type of its own
// (protoiface methods) would be copied by the codec of protobuf each time.
type frameCodec struct{ encoding.CodecV2 }

func newFrameCodec() frameCodec { return frameCodec{protoCodec()} }

func (c frameCodec) Marshal(v any) (mem.BufferSlice, error) {
	f, ok := v.(*frame)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	all := make(mem.BufferSlice, 0, len(f.body)+1)
	if len(f.header) > 0 {
		all = append(all, mem.SliceBuffer(f.header))
	}
	return append(all, f.body...), nil
}

func (c frameCodec) Unmarshal(data mem.BufferSlice, v any) error {
	f, ok := v.(*frame)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	f.received = data.MaterializeToBuffer(mem.DefaultBufferPool())
	return nil
}

// open separates header and body of a received frame. The header is nil if there is none with this
// tag: one with another tag is somebody else's field and a part of the body.
func (f *frame) open(tag uint64) (*wire.Header, *body, error) {
	defer f.received.Free()
	data := f.received.ReadOnlyData()
	h, length, err := wire.ParseHeader(data[:min(len(data), wire.MaxHeader)])
	if err != nil {
		return nil, nil, err
	}
	if length == 0 || h.Tag != tag {
		return nil, newBody(mem.BufferSlice{f.received.Slice(0, len(data))}), nil
	}
	if length == len(data) {
		return &h, nil, nil
	}
	return &h, newBody(mem.BufferSlice{f.received.Slice(length, len(data))}), nil
}

// whole is a message of a peer without sessions, in which a header means nothing.
func (f *frame) whole() *body { return newBody(mem.BufferSlice{f.received}) }

// body is an application's message, held by the session until it is acknowledged or decoded.
type body struct {
	data   mem.BufferSlice
	length int
}

func newBody(data mem.BufferSlice) *body { return &body{data: data, length: data.Len()} }

func (b *body) Len() int { return b.length }

func (b *body) Bytes() []byte { return b.data.Materialize() }

func (b *body) Retain() { b.data.Ref() }

func (b *body) Release() { b.data.Free() }

// asBody keeps an absent body from becoming an interface that is not nil.
func asBody(b *body) session.Body {
	if b == nil {
		return nil
	}
	return b
}

// encode writes an application's message.
func encode(codec encoding.CodecV2, m any) (*body, error) {
	data, err := codec.Marshal(m)
	if err != nil {
		return nil, err
	}
	return newBody(data), nil
}

// decode reads an application's message and lets its bytes go.
func decode(codec encoding.CodecV2, b session.Body, m any) error {
	var data mem.BufferSlice
	if b != nil {
		defer b.Release()
		known, ok := b.(*body)
		if !ok {
			return errors.New("duplex: a body of another kind")
		}
		data = known.data
	}
	return codec.Unmarshal(data, m)
}

func bodyOf(data []byte) *body { return newBody(mem.BufferSlice{mem.SliceBuffer(data)}) }
