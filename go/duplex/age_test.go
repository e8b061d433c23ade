package duplex

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"holdfast.dev/go/internal/wire"
)

// A call waits for its connection while the machine sleeps: the hello says the age of the time at which it is written.
func TestHelloSaysTheAgeOfItsWriting(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hellos, received := make(chan wire.Hello, 2), make(chan struct{}, 1)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(stream.Context())
		value, err := metadataValue(md, wire.MetadataKey)
		if err != nil {
			return err
		}
		hello, err := wire.ParseHello(value)
		if err != nil {
			return err
		}
		hellos <- hello
		if err := stream.RecvMsg(&wrapperspb.StringValue{}); err != nil {
			return err
		}
		received <- struct{}{}
		<-stream.Context().Done()
		return nil
	}))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)

	dialed, connect := make(chan net.Conn), make(chan struct{})
	client, err := NewClient("passthrough:///"+listener.Addr().String(), ClientOptions{},
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return nil, err
			}
			dialed <- conn
			<-connect
			return conn, nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	var slept atomic.Int64
	client.calls.wall = func() time.Time { return time.Now().Add(time.Duration(slept.Load())) }

	stream, err := client.NewStream(
		t.Context(), &grpc.StreamDesc{StreamName: "Talk", ClientStreams: true, ServerStreams: true}, "/test.Wire/Talk")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(wrapperspb.String("word")); err != nil {
		t.Fatal(err)
	}
	conn := <-dialed
	connect <- struct{}{}
	if first := <-hellos; first.AgeMillis != 0 {
		t.Fatalf("age of the first hello: %d ms (expected: 0)", first.AgeMillis)
	}
	<-received
	_ = conn.Close()
	// The call itself lets the idle channel connect, so its hello was made.
	<-dialed
	slept.Store(int64(time.Hour))
	close(connect)
	if second := <-hellos; second.AgeMillis < time.Hour.Milliseconds() {
		t.Errorf("age: %d ms (expected: >= %d)", second.AgeMillis, time.Hour.Milliseconds())
	}
}
