package duplex_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"

	"holdfast.dev/go/duplex"
	"holdfast.dev/go/internal/telemetry"
)

// Streams whose delays are longer than the test go on as soon as their server has welcomed another one.
func TestStreamsGoOnWhenTheirServerHasWelcomedOne(t *testing.T) {
	const streams = 10
	address, _ := startServer(t, newHost(t, duplex.HostOptions{}), sumUp)
	through := startRelay(t, address)
	client := newClient(t, through.Address(), duplex.ClientOptions{
		Session: duplex.SessionOptions{BackoffBase: 9 * time.Hour, BackoffCap: 9 * time.Hour},
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	open := func(ctx context.Context) (grpc.ClientStream, error) {
		return client.NewStream(ctx, &telemetry.Desc, telemetry.Method)
	}
	say := func(stream grpc.ClientStream, number int64) error {
		if err := stream.SendMsg(telemetry.NewReading("device", number, 1)); err != nil {
			return err
		}
		return stream.RecvMsg(telemetry.NewReceipt(0, 0))
	}
	all := make([]grpc.ClientStream, streams)
	for i := range all {
		stream, err := open(ctx)
		if err == nil {
			err = say(stream, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		all[i] = stream
	}

	through.Cut()
	done := make(chan error, streams)
	for _, stream := range all {
		go func() { done <- say(stream, 2) }()
	}
	// A new one that was still sent into the cut waits like the others.
	go func() {
		for ctx.Err() == nil {
			soon, end := context.WithTimeout(ctx, time.Second)
			if stream, err := open(soon); err == nil {
				_ = say(stream, 1)
			}
			end()
		}
	}()
	for range all {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
