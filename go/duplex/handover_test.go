package duplex_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"holdfast.dev/go/duplex"
	"holdfast.dev/go/internal/relay"
	"holdfast.dev/go/internal/telemetry"
	"holdfast.dev/go/internal/wire"
)

const handoverKey = "the secret of all instances here"

// sumUpFrom is sumUp with a cursor, the sum and the number of the last reading. It counts the handlers that
// began with none.
func sumUpFrom(begun *atomic.Int32) func(grpc.ServerStream) error {
	return func(stream grpc.ServerStream) error {
		cursor := duplex.CursorFrom(stream.Context())
		sum, last := 0.0, int64(0)
		if place, resumed := cursor.Resumed(); resumed {
			sum = math.Float64frombits(binary.BigEndian.Uint64(place))
			last = int64(binary.BigEndian.Uint64(place[8:]))
		} else {
			begun.Add(1)
		}
		reading := telemetry.NewReading("", 0, 0)
		for {
			err := stream.RecvMsg(reading)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if last++; reading.Number() != last {
				return status.Errorf(codes.DataLoss, "reading %d: number %d", last, reading.Number())
			}
			sum += reading.Value()
			if err := stream.SendMsg(telemetry.NewReceipt(reading.Number(), sum)); err != nil {
				return err
			}
			place := binary.BigEndian.AppendUint64(nil, math.Float64bits(sum))
			if err := cursor.Mark(binary.BigEndian.AppendUint64(place, uint64(last))); err != nil {
				return err
			}
		}
	}
}

// deploy has instances of a server, each behind a relay by whose address a session finds its owner, and a relay
// to the one that takes sessions.
type deploy struct {
	t     *testing.T
	start func(*duplex.Host) (string, *grpc.Server)
	front *relay.Relay
	moves sync.WaitGroup
	// The time of a drain, and whether it may be over before a client whose connection was cut has said that it
	// got the hand-over.
	drain time.Duration
	cuts  bool

	mu     sync.Mutex
	relays []*relay.Relay
	host   *duplex.Host
	server *grpc.Server
}

func newDeploy(t *testing.T, start func(*duplex.Host) (string, *grpc.Server)) *deploy {
	t.Helper()
	d := &deploy{t: t, start: start, drain: 40 * time.Second}
	d.front = startRelay(t, "")
	d.next()
	t.Cleanup(d.moves.Wait)
	return d
}

// next starts an instance, which takes the sessions from now on.
func (d *deploy) next() {
	own := startRelay(d.t, "")
	host := newHost(d.t, duplex.HostOptions{TokenKey: []byte(handoverKey), Address: own.Address()})
	address, server := d.start(host)
	own.Redirect(address)
	d.front.Redirect(own.Address())
	d.mu.Lock()
	defer d.mu.Unlock()
	d.host, d.server, d.relays = host, server, append(d.relays, own)
}

// move replaces the instance, as a deploy does, and calls then at its end.
func (d *deploy) move(then func()) {
	d.moves.Go(func() {
		defer then()
		d.mu.Lock()
		host, server := d.host, d.server
		d.mu.Unlock()
		d.next()
		ctx, cancel := context.WithTimeout(context.Background(), d.drain)
		defer cancel()
		if err := host.Drain(ctx); err == nil {
			server.GracefulStop()
		} else if !d.cuts {
			d.t.Errorf("drain: %v", err)
		}
	})
}

func (d *deploy) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, each := range d.relays {
		each.Cut()
	}
}

func (d *deploy) client() *duplex.Client {
	return newClient(d.t, d.front.Address(), duplex.ClientOptions{
		Session: duplex.SessionOptions{BackoffBase: time.Millisecond, BackoffCap: 50 * time.Millisecond},
	})
}

// reportThroughMoves reports while the instance is replaced so many times, and calls each after every receipt.
func (d *deploy) reportThroughMoves(moves int, begun *atomic.Int32, each func(int64)) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 2*time.Minute)
	defer cancel()
	var left atomic.Int32
	left.Store(int32(moves))
	var again func()
	again = func() {
		if left.Add(-1) > 0 {
			d.move(again)
		}
	}
	err := report(ctx, d.client(), func(n int64) bool { return n <= 1000 || left.Load() > 0 }, func(n int64) {
		if n == 100 {
			d.move(again)
		}
		each(n)
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if begun.Load() != 1 {
		d.t.Errorf("handlers without a cursor: %d (expected: 1)", begun.Load())
	}
	d.moves.Wait()
	awaitNoSessions(d.t, d.host)
}

func TestStreamGoesOnAtAnotherInstanceFromItsCursor(t *testing.T) {
	var begun atomic.Int32
	d := newDeploy(t, func(host *duplex.Host) (string, *grpc.Server) { return startServer(t, host, sumUpFrom(&begun)) })
	d.reportThroughMoves(3, &begun, func(int64) {})
}

func TestStreamIsHandedOverWhileItsConnectionsAreCut(t *testing.T) {
	var begun atomic.Int32
	d := newDeploy(t, func(host *duplex.Host) (string, *grpc.Server) { return startServer(t, host, sumUpFrom(&begun)) })
	d.drain, d.cuts = 3*time.Second, true
	d.reportThroughMoves(4, &begun, func(n int64) {
		if n > 100 && n%200 == 0 {
			d.cut()
		}
	})
}

// kindsFrom are the kinds of method besides the bidirectional one, with handlers that mark the number of the last
// message, and count how many go on from a cursor.
func kindsFrom(resumed *atomic.Int32) map[string]grpc.StreamDesc {
	lastOf := func(cursor duplex.Cursor) int64 {
		place, goesOn := cursor.Resumed()
		if !goesOn {
			return 0
		}
		resumed.Add(1)
		return int64(binary.BigEndian.Uint64(place))
	}
	return map[string]grpc.StreamDesc{
		"watch": {StreamName: "Watch", ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
			request := telemetry.NewReading("", 0, 0)
			if err := stream.RecvMsg(request); err != nil {
				return err
			}
			cursor := duplex.CursorFrom(stream.Context())
			for n := lastOf(cursor) + 1; n <= request.Number(); n++ {
				if err := stream.SendMsg(telemetry.NewReceipt(n, 0)); err != nil {
					return err
				}
				if err := markLast(cursor, n); err != nil {
					return err
				}
			}
			return nil
		}},
		"upload": {StreamName: "Upload", ClientStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
			cursor := duplex.CursorFrom(stream.Context())
			reading := telemetry.NewReading("", 0, 0)
			for n := lastOf(cursor) + 1; ; n++ {
				err := stream.RecvMsg(reading)
				if errors.Is(err, io.EOF) {
					return stream.SendMsg(telemetry.NewReceipt(n-1, 0))
				}
				if err != nil {
					return err
				}
				if reading.Number() != n {
					return status.Errorf(codes.DataLoss, "reading %d: number %d", n, reading.Number())
				}
				if err := markLast(cursor, n); err != nil {
					return err
				}
			}
		}},
	}
}

func markLast(cursor duplex.Cursor, n int64) error {
	return cursor.Mark(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func TestAllKindsGoOnAtAnotherInstance(t *testing.T) {
	var resumed atomic.Int32
	for name, desc := range kindsFrom(&resumed) {
		t.Run(name, func(t *testing.T) {
			d := newDeploy(t, func(host *duplex.Host) (string, *grpc.Server) { return serveKinds(t, host, desc) })
			before, n := resumed.Load(), 0
			kinds[name](t, d.client(), 4*kindsMessages, func() {
				if n++; n == 300 {
					d.move(func() { d.move(func() {}) })
				}
			})
			d.moves.Wait()
			awaitNoSessions(t, d.host)
			if resumed.Load() == before {
				t.Error("no handler went on from a cursor")
			}
		})
	}
}

func TestCursorAboveItsLimitIsAnError(t *testing.T) {
	address, _ := startServer(t, newHost(t, duplex.HostOptions{}), func(stream grpc.ServerStream) error {
		cursor := duplex.CursorFrom(stream.Context())
		if err := cursor.Mark(make([]byte, duplex.MaxCursor)); err != nil {
			return err
		}
		return cursor.Mark(make([]byte, duplex.MaxCursor+1))
	})
	stream, err := newClient(t, address, duplex.ClientOptions{}).NewStream(t.Context(), &telemetry.Desc, telemetry.Method)
	if err != nil {
		t.Fatal(err)
	}
	err = stream.RecvMsg(telemetry.NewReceipt(0, 0))
	if said := status.Convert(err).Message(); said != "duplex: cursor: 4097 bytes (expected: <= 4096)" {
		t.Errorf("end: %v", err)
	}
}

func TestCursorOfACallWithoutASessionIgnoresMarks(t *testing.T) {
	var begun atomic.Int32
	address, _ := startServer(t, newHost(t, duplex.HostOptions{}), sumUpFrom(&begun))
	plain, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	if err := report(t.Context(), plain, upTo(100), func(int64) {}); err != nil {
		t.Fatal(err)
	}
	if err := duplex.CursorFrom(t.Context()).Mark([]byte{1}); err != nil || begun.Load() != 1 {
		t.Errorf("mark: %v, handlers: %d", err, begun.Load())
	}
}

// shows calls a server with a hand-over of this key, and returns its refusal; nil when it welcomes.
func shows(t *testing.T, address, key string) error {
	t.Helper()
	issuer, err := wire.NewIssuer([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	hello := wire.Hello{Session: wire.SessionID{7}, Attach: 2, Tag: 2, Watermark: 5, Low: 4, Credit: 16}
	handover := issuer.Seal(wire.Handover{Position: 5, Processed: 3, Moves: 1, Cursor: make([]byte, 16)}, hello.Session, "",
		strings.TrimPrefix(telemetry.Method, "/"))
	plain, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plain.Close() })
	ctx := metadata.AppendToOutgoingContext(t.Context(), wire.MetadataKey, string(hello.Append(nil)),
		wire.HandoverKey, string(handover.Append(nil)))
	stream, err := plain.NewStream(ctx, &telemetry.Desc, telemetry.Method)
	if err != nil {
		t.Fatal(err)
	}
	header, err := stream.Header()
	if err != nil {
		return err
	}
	if len(header.Get(wire.MetadataKey)) == 0 {
		return stream.RecvMsg(telemetry.NewReceipt(0, 0))
	}
	return nil
}

func TestForgedHandOverIsRefused(t *testing.T) {
	var begun atomic.Int32
	host := newHost(t, duplex.HostOptions{TokenKey: []byte(handoverKey)})
	address, _ := startServer(t, host, sumUpFrom(&begun))
	if err := shows(t, address, "some other secret of other instances"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("forged: %v (expected: PERMISSION_DENIED)", err)
	}
	if host.Sessions() != 0 {
		t.Errorf("sessions: %d (expected: 0)", host.Sessions())
	}
	if err := shows(t, address, handoverKey); err != nil {
		t.Errorf("genuine: %v (expected: welcomed)", err)
	}
}

// declareNoted declares a method that may be called again, as generated code would.
func declareNoted(t *testing.T) {
	t.Helper()
	text := proto.String("." + string((&wrapperspb.Int64Value{}).ProtoReflect().Descriptor().FullName()))
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("noted.proto"), Package: proto.String("noted"), Syntax: proto.String("proto3"),
		Dependency: []string{wrapperspb.File_google_protobuf_wrappers_proto.Path()},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: proto.String("Noted"),
			Method: []*descriptorpb.MethodDescriptorProto{{
				Name: proto.String("Watch"), InputType: text, OutputType: text, ServerStreaming: proto.Bool(true),
				Options: &descriptorpb.MethodOptions{IdempotencyLevel: descriptorpb.MethodOptions_NO_SIDE_EFFECTS.Enum()},
			}},
		}},
	}, protoregistry.GlobalFiles)
	if err == nil {
		err = protoregistry.GlobalFiles.RegisterFile(file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestHandlerWithoutACursorIsCalledAnewIfItsMethodHasNoSideEffects(t *testing.T) {
	declareNoted(t)
	instances := int64(0)
	desc := grpc.StreamDesc{StreamName: "Watch", ServerStreams: true}
	d := newDeploy(t, func(host *duplex.Host) (string, *grpc.Server) {
		instances++
		instance := instances
		described := desc
		described.Handler = func(_ any, stream grpc.ServerStream) error {
			request := &wrapperspb.Int64Value{}
			if err := stream.RecvMsg(request); err != nil {
				return err
			}
			if err := stream.SendMsg(wrapperspb.Int64(100*instance + request.GetValue())); err != nil {
				return err
			}
			<-stream.Context().Done()
			return stream.Context().Err()
		}
		return serve(t, host, &grpc.ServiceDesc{ServiceName: "noted.Noted", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{described}})
	})
	restarted := int64(0)
	stream, err := d.client().NewStream(t.Context(), &desc, "/noted.Noted/Watch", duplex.OnRestarted(func(n int64) { restarted = n }))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(wrapperspb.Int64(7)); err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for instance := int64(1); instance <= 2; instance++ {
		got := &wrapperspb.Int64Value{}
		if err := stream.RecvMsg(got); err != nil || got.GetValue() != 100*instance+7 {
			t.Fatalf("message: %v, %v (expected: that of instance %d)", got, err, instance)
		}
		if instance == 1 {
			d.move(func() {})
		}
	}
	d.moves.Wait()
	if restarted != 1 {
		t.Errorf("restarted behind %d messages (expected: 1)", restarted)
	}
}

func TestJavaClientGoesOnAtAnotherGoServer(t *testing.T) {
	var begun, resumed atomic.Int32
	var deployed atomic.Pointer[deploy] // the handler may not see a plain variable
	d := newDeploy(t, func(host *duplex.Host) (string, *grpc.Server) {
		sum := sumUpFrom(&begun)
		return startServer(t, host, func(stream grpc.ServerStream) error {
			received := 0
			if _, goesOn := duplex.CursorFrom(stream.Context()).Resumed(); goesOn {
				resumed.Add(1)
			}
			return sum(countedStream{stream, func() {
				if received++; received == 50 && resumed.Load() < 2 {
					deployed.Load().move(func() {})
				}
			}})
		})
	})
	deployed.Store(d)
	if said := runJava(t, "TelemetryClient", d.front.Address(), "300"); said != "RESULT readings=300 counted_once=true" {
		t.Errorf("client: %q", said)
	}
	if begun.Load() != 1 || resumed.Load() != 2 {
		t.Errorf("handlers: %d, and %d from a cursor (expected: 1, 2)", begun.Load(), resumed.Load())
	}
	d.moves.Wait()
	awaitNoSessions(t, d.host)
}
