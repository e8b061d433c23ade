// Server counts what each client says, over streams that outlive their connections.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"holdfast.dev/go/duplex"
)

// count answers each word with how many there were. A word counts once, whatever happens on the way.
func count(_ any, stream grpc.ServerStream) error {
	for words := int64(1); ; words++ {
		word := &wrapperspb.StringValue{}
		if err := stream.RecvMsg(word); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(wrapperspb.Int64(words)); err != nil {
			return err
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	host, err := duplex.NewHost(duplex.HostOptions{OnlyInstance: true})
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(duplex.ServerOptions(host)...)
	// Generated code registers the same: talk.RegisterTalkServer(server, service).
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "talk.Talk", HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{StreamName: "Count", Handler: count, ClientStreams: true, ServerStreams: true}},
	}, struct{}{})
	fmt.Println("READY", listener.Addr())
	go func() {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
		<-stop
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := host.Drain(ctx); err != nil {
			log.Printf("drain: %v", err)
		}
		server.GracefulStop()
	}()
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
