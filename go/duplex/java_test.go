package duplex_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"holdfast.dev/go/duplex"
	"holdfast.dev/go/internal/examples"
	"holdfast.dev/go/internal/relay"
	"holdfast.dev/go/internal/telemetry"
)

func startRelay(t *testing.T, target string) *relay.Relay {
	t.Helper()
	r, err := relay.Start(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func newClient(t *testing.T, address string, options duplex.ClientOptions) *duplex.Client {
	t.Helper()
	client, err := duplex.NewClient("passthrough:///"+address, options,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// report sends readings while more says so, and checks that each was taken into account once, in order.
// It calls each after every receipt.
func report(ctx context.Context, client grpc.ClientConnInterface, more func(number int64) bool, each func(number int64)) error {
	stream, err := client.NewStream(ctx, &telemetry.Desc, telemetry.Method)
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	var last int64
	go func() {
		for ; more(last + 1); last++ {
			if err := stream.SendMsg(telemetry.NewReading("device", last+1, float64(last+1))); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	receipt := telemetry.NewReceipt(0, 0)
	n := int64(0)
	for {
		err := stream.RecvMsg(receipt)
		if errors.Is(err, io.EOF) {
			break
		}
		n++
		if err != nil {
			return fmt.Errorf("receipt %d: %w", n, err)
		}
		if sum := float64(n) * float64(n+1) / 2; receipt.Number() != n || receipt.Sum() != sum {
			return fmt.Errorf("receipt %d: number %d, sum %v (expected: %v)", n, receipt.Number(), receipt.Sum(), sum)
		}
		each(n)
	}
	if err := <-sent; err != nil {
		return err
	}
	if n != last {
		return fmt.Errorf("receipts: %d (expected: %d)", n, last)
	}
	return nil
}

func upTo(readings int64) func(int64) bool { return func(n int64) bool { return n <= readings } }

// reportThroughCuts reports until so many cuts were survived, each a few receipts after the one before.
func reportThroughCuts(t *testing.T, address string, cuts int) {
	t.Helper()
	through := startRelay(t, address)
	client := newClient(t, through.Address(), duplex.ClientOptions{
		Session: duplex.SessionOptions{BackoffBase: time.Millisecond},
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	random := rand.New(rand.NewPCG(1, 2))
	var made atomic.Int64
	next := int64(1)
	err := report(ctx, client, func(int64) bool { return made.Load() < int64(cuts) }, func(n int64) {
		if n >= next {
			made.Store(int64(through.Cut()))
			next = n + 1 + random.Int64N(100)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestGoClientJavaServer(t *testing.T) {
	port := examples.Start(t, examples.Command(t, "TelemetryServer"))
	reportThroughCuts(t, "127.0.0.1:"+port, 300)
}

// runJava runs a class of the examples to its end and returns its last line.
func runJava(t *testing.T, class string, args ...string) string {
	t.Helper()
	out, err := examples.Command(t, class, args...).Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil {
		t.Errorf("%s: %v", class, err)
	}
	return lines[len(lines)-1]
}

func TestJavaClientGoServer(t *testing.T) {
	host := newHost(t, duplex.HostOptions{OnlyInstance: true})
	var handlers atomic.Int32
	var relayed atomic.Pointer[relay.Relay] // the handler may not see a plain variable
	var received atomic.Int64
	address, _ := startServer(t, host, func(stream grpc.ServerStream) error {
		handlers.Add(1)
		return sumUp(countedStream{stream, func() {
			// Each tenth reading is received by a connection that ends.
			if received.Add(1)%10 == 0 {
				relayed.Load().Cut()
			}
		}})
	})
	through := startRelay(t, address)
	relayed.Store(through)
	if said := runJava(t, "TelemetryClient", through.Address(), "600"); said != "RESULT readings=600 counted_once=true" {
		t.Errorf("client: %q", said)
	}
	// Readings that one connection brought together are received after its end, and cut nothing; on a busy machine that is most.
	if cuts := through.Cut(); cuts < 5 {
		t.Errorf("cuts: %d (expected: >= 5)", cuts)
	}
	if handlers.Load() != 1 || received.Load() != 600 {
		t.Errorf("handlers: %d, readings: %d (expected: 1, 600)", handlers.Load(), received.Load())
	}
	awaitNoSessions(t, host)
}

// countedStream calls a function after each message that is received.
type countedStream struct {
	grpc.ServerStream
	received func()
}

func (s countedStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.received()
	}
	return err
}
