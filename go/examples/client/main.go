// Client says words over one stream and checks that each was counted once.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"holdfast.dev/go/duplex"
)

func main() {
	client, err := duplex.NewClient(os.Args[1], duplex.ClientOptions{},
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	// Generated code takes the client as its connection: talk.NewTalkClient(client).Count(ctx).
	desc := &grpc.StreamDesc{StreamName: "Count", ClientStreams: true, ServerStreams: true}
	stream, err := client.NewStream(context.Background(), desc, "/talk.Talk/Count")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for range 500 {
			if err := stream.SendMsg(wrapperspb.String("word")); err != nil {
				return // RecvMsg says why.
			}
			time.Sleep(2 * time.Millisecond)
		}
		_ = stream.CloseSend() // RecvMsg says what is wrong.
	}()
	for n := int64(1); n <= 500; n++ {
		words := &wrapperspb.Int64Value{}
		if err := stream.RecvMsg(words); err != nil {
			explain(err)
			os.Exit(1)
		}
		if words.Value != n {
			log.Fatalf("word %d was counted as %d", n, words.Value)
		}
	}
	fmt.Println("RESULT counted_once=500")
}

// explain tells the ends of a session apart.
func explain(err error) {
	var moved *duplex.MovedError
	var lost *duplex.LostError
	switch {
	case errors.As(err, &moved):
		log.Printf("begin again after message %d", moved.ProcessedByPeer)
	case errors.As(err, &lost):
		log.Printf("lost (%s): messages after %d may have been processed", lost.Reason, lost.ProcessedByPeer)
	default:
		log.Print(err)
	}
}
