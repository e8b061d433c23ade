package duplex_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/duplex"
	"holdfast.dev/go/internal/telemetry"
)

// sumUp answers each reading with the sum of all, as the examples' TelemetryServer does.
func sumUp(stream grpc.ServerStream) error {
	sum := 0.0
	reading := telemetry.NewReading("", 0, 0)
	for {
		err := stream.RecvMsg(reading)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		sum += reading.Value()
		if err := stream.SendMsg(telemetry.NewReceipt(reading.Number(), sum)); err != nil {
			return err
		}
	}
}

// startServer serves the telemetry method; a host of nil makes it a server without sessions.
func startServer(t *testing.T, host *duplex.Host, handler func(grpc.ServerStream) error) (string, *grpc.Server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var options []grpc.ServerOption
	if host != nil {
		options = duplex.ServerOptions(host)
	}
	server := grpc.NewServer(options...)
	described := telemetry.Desc
	described.Handler = func(_ any, stream grpc.ServerStream) error { return handler(stream) }
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "holdfast.examples.v1.Telemetry", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{described},
	}, struct{}{})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String(), server
}

func newHost(t *testing.T, options duplex.HostOptions) *duplex.Host {
	t.Helper()
	host, err := duplex.NewHost(options)
	if err != nil {
		t.Fatal(err)
	}
	return host
}

func TestGoClientGoServer(t *testing.T) {
	host := newHost(t, duplex.HostOptions{OnlyInstance: true})
	var handlers atomic.Int32
	address, _ := startServer(t, host, func(stream grpc.ServerStream) error {
		handlers.Add(1)
		return sumUp(stream)
	})
	reportThroughCuts(t, address, 300)
	if handlers.Load() != 1 {
		t.Errorf("handlers: %d (expected: 1)", handlers.Load())
	}
	awaitNoSessions(t, host)
}

func awaitNoSessions(t *testing.T, host *duplex.Host) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); host.Sessions() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("sessions: %d (expected: 0)", host.Sessions())
		}
	}
}

func TestPlainServer(t *testing.T) {
	address, _ := startServer(t, nil, sumUp)
	client := newClient(t, address, duplex.ClientOptions{})
	if err := report(t.Context(), client, upTo(1000), func(int64) {}); err != nil {
		t.Fatal(err)
	}
}

func TestPlainClient(t *testing.T) {
	host := newHost(t, duplex.HostOptions{})
	address, _ := startServer(t, host, sumUp)
	client, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := report(t.Context(), client, upTo(1000), func(int64) {}); err != nil {
		t.Fatal(err)
	}
}

func TestStatusHeadersAndTrailers(t *testing.T) {
	host := newHost(t, duplex.HostOptions{})
	address, _ := startServer(t, host, func(stream grpc.ServerStream) error {
		if err := grpc.SetHeader(stream.Context(), metadata.Pairs("shard", "7")); err != nil {
			return err
		}
		stream.SetTrailer(metadata.Pairs("detail-bin", "\x00\x80"))
		if err := stream.RecvMsg(telemetry.NewReading("", 0, 0)); err != nil {
			return err
		}
		return status.Error(codes.NotFound, "no such device")
	})
	client := newClient(t, address, duplex.ClientOptions{})
	var header, trailer metadata.MD
	stream, err := client.NewStream(t.Context(), &telemetry.Desc, telemetry.Method, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(telemetry.NewReading("d", 1, 1)); err != nil {
		t.Fatal(err)
	}
	err = stream.RecvMsg(telemetry.NewReceipt(0, 0))
	if st := status.Convert(err); st.Code() != codes.NotFound || st.Message() != "no such device" {
		t.Errorf("status: %v", err)
	}
	if got := header.Get("shard"); len(got) != 1 || got[0] != "7" {
		t.Errorf("header: %v", header)
	}
	if got := trailer.Get("detail-bin"); len(got) != 1 || got[0] != "\x00\x80" {
		t.Errorf("trailer: %v", trailer)
	}
}

func TestCancel(t *testing.T) {
	host := newHost(t, duplex.HostOptions{})
	ended := make(chan error, 1)
	address, _ := startServer(t, host, func(stream grpc.ServerStream) error {
		ended <- sumUp(stream)
		return nil
	})
	client := newClient(t, address, duplex.ClientOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := client.NewStream(ctx, &telemetry.Desc, telemetry.Method)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(telemetry.NewReading("d", 1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(telemetry.NewReceipt(0, 0)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := stream.RecvMsg(telemetry.NewReceipt(0, 0)); status.Code(err) != codes.Canceled {
		t.Errorf("client: %v", err)
	}
	if err := <-ended; status.Code(err) != codes.Canceled {
		t.Errorf("server: %v", err)
	}
	awaitNoSessions(t, host)
}

func TestDrainEndsAsMoved(t *testing.T) {
	host := newHost(t, duplex.HostOptions{})
	address, server := startServer(t, host, sumUp)
	client := newClient(t, address, duplex.ClientOptions{})
	stream, err := client.NewStream(t.Context(), &telemetry.Desc, telemetry.Method)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(telemetry.NewReading("d", 1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(telemetry.NewReceipt(0, 0)); err != nil {
		t.Fatal(err)
	}
	drained := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		drained <- host.Drain(ctx)
	}()
	err = stream.RecvMsg(telemetry.NewReceipt(0, 0))
	var moved *duplex.MovedError
	if !errors.As(err, &moved) || moved.ProcessedByPeer != 1 || status.Code(err) != codes.Unavailable {
		t.Errorf("end: %v", err)
	}
	if err := <-drained; err != nil {
		t.Errorf("drain: %v", err)
	}
	server.GracefulStop()
}

func TestRestartedServerLosesTheSession(t *testing.T) {
	address, server := startServer(t, newHost(t, duplex.HostOptions{}), sumUp)
	through := startRelay(t, address)
	client := newClient(t, through.Address(), duplex.ClientOptions{Session: duplex.SessionOptions{BackoffBase: time.Millisecond}})
	stream, err := client.NewStream(t.Context(), &telemetry.Desc, telemetry.Method)
	if err != nil {
		t.Fatal(err)
	}
	for i := int64(1); i <= 2; i++ {
		if err := stream.SendMsg(telemetry.NewReading("d", i, 1)); err != nil {
			t.Fatal(err)
		}
		if err := stream.RecvMsg(telemetry.NewReceipt(0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	next, _ := startServer(t, newHost(t, duplex.HostOptions{}), sumUp)
	through.Redirect(next)
	server.Stop()
	through.Cut()
	err = stream.RecvMsg(telemetry.NewReceipt(0, 0))
	var lost *duplex.LostError
	// The second message counts when the next one is asked for, which may be after the end.
	if !errors.As(err, &lost) || lost.Reason != "LOST_UNKNOWN" || lost.ProcessedHere < 1 || lost.ProcessedHere > 2 {
		t.Errorf("end: %v", err)
	}
	if err := stream.SendMsg(telemetry.NewReading("d", 3, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("send after the end: %v (expected: EOF)", err)
	}
}

func TestRetryPolicyIsRefused(t *testing.T) {
	address, _ := startServer(t, newHost(t, duplex.HostOptions{}), sumUp)
	client, err := duplex.NewClient("passthrough:///"+address, duplex.ClientOptions{},
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, `+
			`"initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	err = report(t.Context(), client, upTo(1), func(int64) {})
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("stream: %v (expected: FAILED_PRECONDITION)", err)
	}
}
