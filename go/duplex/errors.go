package duplex

import (
	"context"
	"errors"
	"fmt"
	"io"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

// LostError is the end of a session that could not be kept. Messages up to ProcessedByPeer were
// processed by the peer; later ones may have been or not.
type LostError struct {
	// Reason is one of the protocol's LOST_ kinds, such as LOST_UNKNOWN.
	Reason string
	// ProcessedByPeer and ProcessedHere are the last positions known.
	ProcessedByPeer, ProcessedHere int64

	status *status.Status
}

func (e *LostError) Error() string { return e.status.Err().Error() }

// GRPCStatus makes status.Code and status.FromError work.
func (e *LostError) GRPCStatus() *status.Status { return e.status }

// MovedError is the end of a session whose instance left. Messages up to ProcessedByPeer were
// processed; later ones were not, by anybody, and a new stream may begin with them.
type MovedError struct {
	ProcessedByPeer, ProcessedHere int64
}

func (e *MovedError) Error() string { return e.GRPCStatus().Err().Error() }

// GRPCStatus makes status.Code and status.FromError work.
func (e *MovedError) GRPCStatus() *status.Status {
	return status.Newf(codes.Unavailable, "MOVED: the server's instance left; it has processed up to message %d", e.ProcessedByPeer)
}

// plainEnd is the end of a call at a server without sessions.
type plainEnd struct {
	err     error
	trailer metadata.MD
}

// endError is the trailers of a client's session that ended, and what RecvMsg returns.
func endError(end *session.End, cause error, last error, headBytes int64) (metadata.MD, error) {
	switch end.Kind {
	case session.Plain:
		if p, ok := end.Trailers.(*plainEnd); ok {
			return p.trailer, p.err
		}
		return nil, status.Error(codes.Code(end.Status), "")
	case session.Finished:
		return finalError(end)
	case session.SessionMoved:
		return nil, &MovedError{ProcessedByPeer: end.ByPeer, ProcessedHere: end.Here}
	case session.Cancelled:
		if cause != nil && !errors.Is(cause, context.Canceled) {
			return nil, cause
		}
		return nil, status.FromContextError(context.Canceled).Err()
	case session.Deadline:
		return nil, status.FromContextError(context.DeadlineExceeded).Err()
	}
	return nil, lostError(end, last, headBytes)
}

func lostError(end *session.End, last error, headBytes int64) error {
	code := codes.Unavailable
	text := fmt.Sprintf("SESSION_LOST %s: the server has processed up to message %d, this side up to %d",
		end.Kind, end.ByPeer, end.Here)
	if end.Kind == session.LostStuck {
		if c := status.Code(last); c != codes.Unavailable && c != codes.OK {
			code = codes.ResourceExhausted
		}
		text = fmt.Sprintf("SESSION_LOST %s: message %d of %d bytes ended several attachments in a row "+
			"(too large for the server, or for a proxy on the way?)", end.Kind, end.ByPeer+1, headBytes)
	}
	if end.Kind == session.LostRefused && last != nil && last != io.EOF {
		code = status.Code(last)
		text += ": " + status.Convert(last).Message()
	}
	return &LostError{
		Reason: end.Kind.String(), ProcessedByPeer: end.ByPeer, ProcessedHere: end.Here,
		status: status.New(code, text),
	}
}

const detailsKey = "grpc-status-details-bin"

func finalError(end *session.End) (metadata.MD, error) {
	var final wire.FinalStatus
	if b, ok := end.Body.(*body); ok {
		read, valid := wire.ParseFinalStatus(b.data.Materialize())
		if !valid {
			read.Description = "trailers: unreadable"
		}
		b.Release()
		final = read
	}
	trailer := metadata.MD(final.Trailers)
	if end.Status == uint32(codes.OK) {
		return trailer, io.EOF
	}
	st := status.New(codes.Code(end.Status), final.Description)
	if details := trailer.Get(detailsKey); len(details) == 1 {
		parsed := &spb.Status{}
		if proto.Unmarshal([]byte(details[0]), parsed) == nil && parsed.GetCode() == int32(end.Status) {
			st = status.FromProto(parsed)
		}
		trailer.Delete(detailsKey)
	}
	return trailer, st.Err()
}

// finalBody is the body of the final frame of a server's status.
func finalBody(st *status.Status, trailer metadata.MD) *body {
	final := wire.FinalStatus{Description: st.Message(), Trailers: trailer}
	if len(st.Proto().GetDetails()) > 0 {
		if details, err := proto.Marshal(st.Proto()); err == nil {
			final.Trailers = metadata.Join(trailer, metadata.Pairs(detailsKey, string(details)))
		}
	}
	return bodyOf(final.Append(nil))
}
