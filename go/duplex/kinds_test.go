package duplex_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/duplex"
	"holdfast.dev/go/internal/telemetry"
)

const kindsMessages = 5000

// So long a step of silence takes that nothing may wait for one.
const longSilence = 2 * time.Minute

// The two kinds of method besides the bidirectional one, with handlers as generated code has them.
var (
	watch = grpc.StreamDesc{StreamName: "Watch", ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
		request := telemetry.NewReading("", 0, 0)
		if err := stream.RecvMsg(request); err != nil {
			return err
		}
		for n := int64(1); n <= request.Number(); n++ {
			if err := stream.SendMsg(telemetry.NewReceipt(n, 0)); err != nil {
				return err
			}
		}
		return nil
	}}
	upload = grpc.StreamDesc{StreamName: "Upload", ClientStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
		reading := telemetry.NewReading("", 0, 0)
		for n := int64(1); ; n++ {
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
		}
	}}
)

// startKinds serves methods of both kinds; a host of nil makes it a server without sessions.
func startKinds(t *testing.T, host *duplex.Host, streams ...grpc.StreamDesc) string {
	t.Helper()
	if streams == nil {
		streams = []grpc.StreamDesc{watch, upload}
	}
	address, _ := serveKinds(t, host, streams...)
	return address
}

func serveKinds(t *testing.T, host *duplex.Host, streams ...grpc.StreamDesc) (string, *grpc.Server) {
	t.Helper()
	return serve(t, host, &grpc.ServiceDesc{ServiceName: "test.Kinds", HandlerType: (*any)(nil), Streams: streams})
}

func serve(t *testing.T, host *duplex.Host, service *grpc.ServiceDesc) (string, *grpc.Server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	registrar := grpc.ServiceRegistrar(server)
	if host != nil {
		server = grpc.NewServer(duplex.ServerOptions(host)...)
		registrar = duplex.Registrar(server)
	}
	registrar.RegisterService(service, struct{}{})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String(), server
}

// receiveAll watches, and calls each after every message.
func receiveAll(t *testing.T, client grpc.ClientConnInterface, messages int64, each func()) {
	t.Helper()
	stream, err := client.NewStream(t.Context(), &watch, "/test.Kinds/Watch")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(telemetry.NewReading("", messages, 0)); err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	receipt := telemetry.NewReceipt(0, 0)
	for n := int64(1); n <= messages; n++ {
		if err := stream.RecvMsg(receipt); err != nil || receipt.Number() != n {
			t.Fatalf("message %d: number %d, %v", n, receipt.Number(), err)
		}
		each()
	}
	if err := stream.RecvMsg(receipt); !errors.Is(err, io.EOF) {
		t.Fatalf("end: %v (expected: EOF)", err)
	}
}

// sendAll uploads, and calls each after every message.
func sendAll(t *testing.T, client grpc.ClientConnInterface, messages int64, each func()) {
	t.Helper()
	stream, err := client.NewStream(t.Context(), &upload, "/test.Kinds/Upload")
	if err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n <= messages; n++ {
		if err := stream.SendMsg(telemetry.NewReading("", n, 0)); err != nil {
			t.Fatalf("message %d: %v", n, err)
		}
		each()
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	receipt := telemetry.NewReceipt(0, 0)
	if err := stream.RecvMsg(receipt); err != nil || receipt.Number() != messages {
		t.Fatalf("response: %d, %v", receipt.Number(), err)
	}
}

var kinds = map[string]func(*testing.T, grpc.ClientConnInterface, int64, func()){"watch": receiveAll, "upload": sendAll}

func TestAllKindsThroughCuts(t *testing.T) {
	for name, run := range kinds {
		t.Run(name, func(t *testing.T) {
			host := newHost(t, duplex.HostOptions{OnlyInstance: true})
			through := startRelay(t, startKinds(t, host))
			client := newClient(t, through.Address(), duplex.ClientOptions{
				Session: duplex.SessionOptions{BackoffBase: time.Millisecond},
			})
			random := rand.New(rand.NewPCG(3, 4))
			n := 0
			run(t, client, kindsMessages, func() {
				// Before it was welcomed, a call whose connection is cut may be that of a plain server.
				if n++; n > 500 && random.Uint64N(100) == 0 {
					through.Cut()
				}
			})
			if cuts := through.Cut(); cuts < 10 {
				t.Errorf("cuts: %d (expected: >= 10)", cuts)
			}
			awaitNoSessions(t, host)
		})
	}
}

func TestAllKindsOfAPlainClient(t *testing.T) {
	client, err := grpc.NewClient("passthrough:///"+startKinds(t, newHost(t, duplex.HostOptions{})),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	for _, messages := range []int64{0, 1, 17, 2000} {
		receiveAll(t, client, messages, func() {})
		sendAll(t, client, messages, func() {})
	}
}

func TestAllKindsAtAPlainServerWaitForNothing(t *testing.T) {
	for _, messages := range []int64{0, 1, 16, 17, 200} {
		client := newClient(t, startKinds(t, nil), duplex.ClientOptions{Session: duplex.SessionOptions{AssumePlain: longSilence}})
		begun := time.Now()
		for range 3 {
			receiveAll(t, client, messages, func() {})
			sendAll(t, client, messages, func() {})
		}
		receiveAll(t, client, kindsMessages, func() {})
		if took := time.Since(begun); took > longSilence-5*time.Second {
			t.Errorf("%d messages: %v", messages, took)
		}
	}
}

func TestUploadBeyondItsBufferIsHeldUpByThePlainServersFirstCallOnly(t *testing.T) {
	const silence = 4 * time.Second
	client := newClient(t, startKinds(t, nil), duplex.ClientOptions{Session: duplex.SessionOptions{AssumePlain: silence}})
	begun := time.Now()
	const calls = 10
	for range calls {
		sendAll(t, client, 2000, func() {})
	}
	// Each would have taken the time that an unknown server is given.
	if took := time.Since(begun); took < silence || took > (calls-1)*silence {
		t.Errorf("%d calls: %v (expected: %v for the first)", calls, took, silence)
	}
}

// A server without sessions beside one with them is served too, where some were expected.
func TestAllKindsAtAnInstanceWithoutSessions(t *testing.T) {
	for name, run := range kinds {
		t.Run(name, func(t *testing.T) {
			through := startRelay(t, startKinds(t, newHost(t, duplex.HostOptions{})))
			client := newClient(t, through.Address(), duplex.ClientOptions{})
			run(t, client, 30, func() {})
			through.Redirect(startKinds(t, nil))
			through.Cut()
			awaitReady(t, client)
			for range 2 {
				run(t, client, 30, func() {})
			}
		})
	}
}

// awaitReady waits until the channel has found out that its connection was cut, and has another one.
func awaitReady(t *testing.T, client *duplex.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client.Conn().WaitForStateChange(ctx, connectivity.Ready)
	for state := client.Conn().GetState(); state != connectivity.Ready; state = client.Conn().GetState() {
		client.Conn().Connect()
		if !client.Conn().WaitForStateChange(ctx, state) {
			t.Fatal("no connection")
		}
	}
}

func TestOneCallCarriesAServerStreamOnceItsMethodIsKnownToHaveSessions(t *testing.T) {
	var calls atomic.Int32
	host := newHost(t, duplex.HostOptions{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	counted := grpc.ChainStreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		calls.Add(1)
		return handler(srv, ss)
	})
	server := grpc.NewServer(append([]grpc.ServerOption{counted}, duplex.ServerOptions(host)...)...)
	duplex.Registrar(server).RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Kinds", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{watch},
	}, struct{}{})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client := newClient(t, listener.Addr().String(), duplex.ClientOptions{})
	receiveAll(t, client, 3, func() {})
	awaitNoSessions(t, host)
	before := calls.Load()
	receiveAll(t, client, 2000, func() {})
	awaitNoSessions(t, host)
	if made := calls.Load() - before; made != 1 {
		t.Errorf("calls: %d (expected: 1)", made)
	}
}

func TestCutOfAPlainServersCallIsToldAtOnce(t *testing.T) {
	silent := grpc.StreamDesc{StreamName: "Watch", ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
		request := telemetry.NewReading("", 0, 0)
		if err := stream.RecvMsg(request); err != nil || request.Number() == 0 {
			return err
		}
		<-stream.Context().Done()
		return stream.Context().Err()
	}}
	through := startRelay(t, startKinds(t, nil, silent))
	client := newClient(t, through.Address(), duplex.ClientOptions{})
	for range 2 {
		stream, err := client.NewStream(t.Context(), &silent, "/test.Kinds/Watch")
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.SendMsg(telemetry.NewReading("", 1, 0)); err != nil {
			t.Fatal(err)
		}
		// For so long a server with sessions says nothing but a welcome.
		time.AfterFunc(1500*time.Millisecond, func() { through.Cut() })
		ended := make(chan error, 1)
		go func() { ended <- stream.RecvMsg(telemetry.NewReceipt(0, 0)) }()
		select {
		case err := <-ended:
			if status.Code(err) != codes.Unavailable {
				t.Errorf("end: %v (expected: UNAVAILABLE)", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("not told within 10 s")
		}
	}
}

func TestHandlerOfOneResponseSendsNoSecondOneAndNotNone(t *testing.T) {
	respond := func(times int) grpc.StreamDesc {
		return grpc.StreamDesc{StreamName: "Upload", ClientStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
			for {
				if err := stream.RecvMsg(telemetry.NewReading("", 0, 0)); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					return err
				}
			}
			for range times {
				_ = stream.SendMsg(telemetry.NewReceipt(1, 0)) // The second one is refused, whatever the handler makes of it.
			}
			return nil
		}}
	}
	for times, said := range map[int]string{0: "Completed without a response", 2: "Too many responses"} {
		for _, clientHas := range []bool{true, false} {
			for _, serverHas := range []bool{true, false} {
				var host *duplex.Host
				if serverHas {
					host = newHost(t, duplex.HostOptions{})
				}
				address := startKinds(t, host, respond(times))
				client := grpc.ClientConnInterface(newClient(t, address, duplex.ClientOptions{}))
				if !clientHas {
					plain, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = plain.Close() }()
					client = plain
				}
				stream, err := client.NewStream(t.Context(), &upload, "/test.Kinds/Upload")
				if err != nil {
					t.Fatal(err)
				}
				for n := int64(1); n <= 3; n++ {
					if err := stream.SendMsg(telemetry.NewReading("", n, 0)); err != nil {
						t.Fatal(err)
					}
				}
				if err := stream.CloseSend(); err != nil {
					t.Fatal(err)
				}
				err = stream.RecvMsg(telemetry.NewReceipt(0, 0))
				if status.Code(err) != codes.Internal || (serverHas && status.Convert(err).Message() != said) {
					t.Errorf("%d responses, client %t, server %t: %v (expected: INTERNAL %s)", times, clientHas, serverHas, err, said)
				}
			}
		}
	}
}

func TestSecondRequestOfAServerStreamIsRefused(t *testing.T) {
	address := startKinds(t, newHost(t, duplex.HostOptions{}))
	plain, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	for name, client := range map[string]grpc.ClientConnInterface{"session": newClient(t, address, duplex.ClientOptions{}), "plain": plain} {
		asBidirectional := grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
		stream, err := client.NewStream(t.Context(), &asBidirectional, "/test.Kinds/Watch")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := stream.SendMsg(telemetry.NewReading("", 100_000_000, 0)); err != nil {
				t.Fatal(err)
			}
		}
		for receipt := telemetry.NewReceipt(0, 0); err == nil; {
			err = stream.RecvMsg(receipt)
		}
		if status.Code(err) != codes.Internal || status.Convert(err).Message() != "Too many requests" {
			t.Errorf("%s: %v (expected: INTERNAL Too many requests)", name, err)
		}
	}
}
