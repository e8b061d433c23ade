package main

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const serviceName = "holdfast.duplex.Conformance"

// declareService registers what generated code would have of the service: List may be called again.
func declareService() error {
	text := proto.String("." + string((&wrapperspb.BytesValue{}).ProtoReflect().Descriptor().FullName()))
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("conformance.proto"), Package: proto.String("holdfast.duplex"), Syntax: proto.String("proto3"),
		Dependency: []string{wrapperspb.File_google_protobuf_wrappers_proto.Path()},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: proto.String("Conformance"),
			Method: []*descriptorpb.MethodDescriptorProto{{
				Name: proto.String("List"), InputType: text, OutputType: text, ServerStreaming: proto.Bool(true),
				Options: &descriptorpb.MethodOptions{
					IdempotencyLevel: descriptorpb.MethodOptions_NO_SIDE_EFFECTS.Enum(),
				},
			}},
		}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	return protoregistry.GlobalFiles.RegisterFile(file)
}
