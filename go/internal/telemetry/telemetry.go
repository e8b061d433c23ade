// Package telemetry has the messages of the examples' telemetry.proto, for tests: a device reports
// readings, and hears of each that it was taken into account.
package telemetry

import (
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Method is the one of the service.
const Method = "/holdfast.examples.v1.Telemetry/Report"

// Desc is what generated code would have of the method.
var Desc = grpc.StreamDesc{StreamName: "Report", ClientStreams: true, ServerStreams: true}

var file = describe()

func describe() protoreflect.FileDescriptor {
	field := func(name string, number int32, of descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{
			Name: proto.String(name), Number: proto.Int32(number), Type: of.Enum(), JsonName: proto.String(name),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}
	}
	described, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("telemetry.proto"), Package: proto.String("holdfast.examples.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("Reading"), Field: []*descriptorpb.FieldDescriptorProto{
				field("device", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING),
				field("number", 2, descriptorpb.FieldDescriptorProto_TYPE_INT64),
				field("value", 3, descriptorpb.FieldDescriptorProto_TYPE_DOUBLE),
			}},
			{Name: proto.String("Receipt"), Field: []*descriptorpb.FieldDescriptorProto{
				field("number", 1, descriptorpb.FieldDescriptorProto_TYPE_INT64),
				field("sum", 2, descriptorpb.FieldDescriptorProto_TYPE_DOUBLE),
			}},
		},
	}, nil)
	if err != nil {
		panic(err)
	}
	return described
}

// Reading is one of a device.
type Reading struct{ *dynamicpb.Message }

// NewReading makes a reading.
func NewReading(device string, number int64, value float64) Reading {
	r := Reading{dynamicpb.NewMessage(file.Messages().ByName("Reading"))}
	set(r.Message, "device", protoreflect.ValueOfString(device))
	set(r.Message, "number", protoreflect.ValueOfInt64(number))
	set(r.Message, "value", protoreflect.ValueOfFloat64(value))
	return r
}

// Number is the reading's.
func (r Reading) Number() int64 { return get(r.Message, "number").Int() }

// Value is what was measured.
func (r Reading) Value() float64 { return get(r.Message, "value").Float() }

// Receipt says that a reading was taken into account.
type Receipt struct{ *dynamicpb.Message }

// NewReceipt makes a receipt.
func NewReceipt(number int64, sum float64) Receipt {
	r := Receipt{dynamicpb.NewMessage(file.Messages().ByName("Receipt"))}
	set(r.Message, "number", protoreflect.ValueOfInt64(number))
	set(r.Message, "sum", protoreflect.ValueOfFloat64(sum))
	return r
}

// Number is that of the reading.
func (r Receipt) Number() int64 { return get(r.Message, "number").Int() }

// Sum is that of all readings so far.
func (r Receipt) Sum() float64 { return get(r.Message, "sum").Float() }

func set(m *dynamicpb.Message, name protoreflect.Name, value protoreflect.Value) {
	m.Set(m.Descriptor().Fields().ByName(name), value)
}

func get(m *dynamicpb.Message, name protoreflect.Name) protoreflect.Value {
	return m.Get(m.Descriptor().Fields().ByName(name))
}
