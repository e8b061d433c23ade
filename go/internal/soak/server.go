package main

import (
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

// finishing says that subscriptions end from now on.
var finishing atomic.Bool

func serve() error {
	host, err := duplex.NewHost(duplex.HostOptions{Session: sessions, OnlyInstance: true})
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
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
		case "MOVED": // No stream moves to a server whose sessions stay in memory.
		default:
			return "", fmt.Errorf("unknown (expected: FINISH or MOVED)")
		}
		return "0", nil
	})
	server.Stop()
	return nil
}

// requests calls a function with each message of a client, which have to come one after the other, and
// returns the number of the last one.
func requests(stream grpc.ServerStream, each func(*wrapperspb.BytesValue) error) (last int64, err error) {
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
	interval := time.Duration(millis) * time.Millisecond
	wait := rand.N(interval)
	for number := int64(1); ; number++ {
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
	}
}
