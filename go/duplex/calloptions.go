package duplex

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/internal/wire"
)

const defaultMaxRecv = 4 << 20

// OnRestarted lets a server-streaming stream go on where another instance's handler begins anew: after a
// deploy, for a method that its server declares free of side effects and that marks no cursor. RecvMsg calls f
// before the first message of that handler, with the number of messages that the handlers before it sent.
// Without it such a stream goes on before its first message only, and ends with a MovedError later.
func OnRestarted(f func(messages int64)) grpc.CallOption { return restartedOption{f: f} }

type restartedOption struct {
	grpc.EmptyCallOption
	f func(messages int64)
}

// splitCallOptions keeps away from attachments what belongs to the session: where the headers,
// trailers and the peer go, and what is called at the end.
func splitCallOptions(method string, opts []grpc.CallOption) (callOptions, error) {
	split := callOptions{codec: protoCodec()}
	maxRecv := defaultMaxRecv
	for _, opt := range opts {
		switch o := opt.(type) {
		case grpc.HeaderCallOption, grpc.TrailerCallOption, grpc.PeerCallOption, grpc.OnFinishCallOption:
			split.own = append(split.own, opt)
		case restartedOption:
			split.onRestarted = o.f
		case grpc.MaxRecvMsgSizeCallOption:
			maxRecv = o.MaxRecvMsgSize
		case grpc.ForceCodecV2CallOption:
			if o.CodecV2.Name() != protoName {
				return split, notProtobuf(method, o.CodecV2.Name())
			}
			split.codec = o.CodecV2
		case grpc.ForceCodecCallOption:
			return split, notProtobuf(method, o.Codec.Name())
		case grpc.CustomCodecCallOption:
			return split, notProtobuf(method, o.Codec.String())
		case grpc.ContentSubtypeCallOption:
			if o.ContentSubtype != protoName {
				return split, notProtobuf(method, o.ContentSubtype)
			}
		default:
			split.physical = append(split.physical, opt)
		}
	}
	// The header before a message is not the application's.
	limit := grpc.MaxCallRecvMsgSize(min(maxRecv, 1<<31-1-wire.MaxHeader) + wire.MaxHeader)
	split.physical = append(split.physical, limit, grpc.ForceCodecV2(newFrameCodec()))
	return split, nil
}

func notProtobuf(method, codec string) error {
	return status.Errorf(codes.Internal,
		"duplex: %s: codec: %s (expected: proto, as the header before a message is a protobuf field)", method, codec)
}

// refuseRetries: grpc-go would send again what a server may have processed.
func refuseRetries(cc *grpc.ClientConn, method string) error {
	if cc.GetMethodConfig(method).RetryPolicy == nil {
		return nil
	}
	return retriesRefused(method)
}

func retriesRefused(method string) error {
	return status.Errorf(codes.FailedPrecondition,
		"duplex: the service config has a retryPolicy for %s (expected: none, as a resumable method comes back by itself "+
			"and knows which messages were processed)", method)
}

// finish does what the options of the session ask for at its end.
func (o *callOptions) finish(header, trailer metadata.MD, err error) {
	for _, opt := range o.own {
		switch own := opt.(type) {
		case grpc.HeaderCallOption:
			*own.HeaderAddr = header.Copy()
		case grpc.TrailerCallOption:
			*own.TrailerAddr = trailer.Copy()
		case grpc.OnFinishCallOption:
			own.OnFinish(err)
		}
	}
}

func (o *callOptions) setPeer(of *peer.Peer) {
	for _, opt := range o.own {
		if own, ok := opt.(grpc.PeerCallOption); ok && of != nil {
			*own.PeerAddr = *of
		}
	}
}
