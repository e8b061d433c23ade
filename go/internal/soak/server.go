package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"holdfast.dev/go/duplex"
)

const (
	// Longer than the longest faults together that hit one path in a row.
	drainWithin = 90 * time.Second
	stopWithin  = 5 * time.Second
	// The key of all servers of a run. It protects nothing here.
	tokenKey = "the key of a benchmark's servers"
)

// finishing says that subscriptions end from now on.
var finishing atomic.Bool

// resumed counts the handlers that went on where one of another server was.
var resumed atomic.Int64

// serve takes the port to listen on, 0 for any, and the port at which clients reach it.
func serve(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("arguments: %v (expected: PORT REACHED_AT)", args)
	}
	host, err := duplex.NewHost(duplex.HostOptions{
		Session: sessions, TokenKey: []byte(tokenKey), Address: "127.0.0.1:" + args[1],
	})
	if err != nil {
		return err
	}
	server := grpc.NewServer(duplex.ServerOptions(host)...)
	description := &grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil)}
	for _, method := range []struct {
		desc   grpc.StreamDesc
		handle func(grpc.ServerStream) error
	}{{chat, sayBack}, {subscribe, feed}, {upload, count}} {
		desc := method.desc
		desc.Handler = func(_ any, stream grpc.ServerStream) error { return method.handle(stream) }
		description.Streams = append(description.Streams, desc)
	}
	duplex.Registrar(server).RegisterService(description, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:"+args[0])
	if err != nil {
		return err
	}
	go func() {
		if err := server.Serve(listener); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	fmt.Println("PORT", listener.Addr().(*net.TCPAddr).Port)
	orders(func(words []string) (string, error) {
		switch words[0] {
		case "FINISH":
			finishing.Store(true)
			return "0", nil
		case "MOVED":
			return fmt.Sprint(resumed.Load()), nil
		case "DRAIN":
			// What follows from a drain that is late is a stream that ended, which its client counts.
			_ = drain(host)
			limit := time.AfterFunc(stopWithin, server.Stop)
			server.GracefulStop()
			limit.Stop()
			return fmt.Sprint(resumed.Load()), nil
		}
		return "", fmt.Errorf("unknown (expected: FINISH, MOVED or DRAIN)")
	})
	server.Stop()
	return nil
}

func drain(host *duplex.Host) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	return host.Drain(ctx)
}

// cursor is the number of the last message that a handler is done with.
type cursor struct{ duplex.Cursor }

// cursorOf returns the cursor of a stream, and the number behind which its handler goes on.
func cursorOf(stream grpc.ServerStream) (cursor, int64) {
	c := cursor{duplex.CursorFrom(stream.Context())}
	place, was := c.Resumed()
	if !was {
		return c, 0
	}
	resumed.Add(1)
	return c, int64(binary.BigEndian.Uint64(place))
}

func (c cursor) mark(number int64) error {
	return c.Mark(binary.BigEndian.AppendUint64(nil, uint64(number)))
}

// requests calls a function with each message of a client, which have to come one after the other, and
// returns the number of the last one.
func requests(stream grpc.ServerStream, each func(*wrapperspb.BytesValue) error) (last int64, err error) {
	place, last := cursorOf(stream)
	for {
		var m wrapperspb.BytesValue
		if err := stream.RecvMsg(&m); err == io.EOF {
			return last, nil
		} else if err != nil {
			return last, err
		}
		number, _, err := read(&m)
		if err == nil && number != last+1 {
			err = fmt.Errorf("request %d (expected: %d)", number, last+1)
		}
		if err != nil {
			return last, status.Error(codes.DataLoss, err.Error())
		}
		last = number
		if err := each(&m); err != nil {
			return last, err
		}
		if err := place.mark(last); err != nil {
			return last, err
		}
	}
}

func sayBack(stream grpc.ServerStream) error {
	_, err := requests(stream, func(m *wrapperspb.BytesValue) error { return stream.SendMsg(m) })
	return err
}

func count(stream grpc.ServerStream) error {
	last, err := requests(stream, func(*wrapperspb.BytesValue) error { return nil })
	if err != nil {
		return err
	}
	return stream.SendMsg(message(last, true))
}

func feed(stream grpc.ServerStream) error {
	var request wrapperspb.BytesValue
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	millis, _, err := read(&request)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	place, sent := cursorOf(stream)
	interval := time.Duration(millis) * time.Millisecond
	wait := rand.N(interval)
	for number := sent + 1; ; number++ {
		select {
		case <-time.After(wait):
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
		wait = interval
		last := finishing.Load()
		if err := stream.SendMsg(message(number, last)); err != nil || last {
			return err
		}
		if err := place.mark(number); err != nil {
			return err
		}
	}
}
