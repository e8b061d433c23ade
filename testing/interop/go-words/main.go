// Command go-words is a grpc-go peer of Holdfast's tests, with the default settings of grpc-go: a
// server and a client of test.Words, whose messages are plain text.
//
//	go-words serve              prints "port <n>", serves until stdin ends
//	go-words client <address>   connects, prints "ready", then obeys the lines on stdin:
//	                            "get" prints "word <answer>", "follow" prints "word <answer>" per message
//	                            and "ended <code>"
//
// Both print "go-words: .." to stderr and end with 1 when something goes wrong.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const (
	patience = 20 * time.Second
	every    = "every:"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-words:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "serve":
		return serve()
	case len(args) == 2 && args[0] == "client":
		return client(args[1])
	default:
		return fmt.Errorf("usage: go-words serve | go-words client <address>")
	}
}

// text is a codec for messages that are strings.
type text struct{}

func (text) Name() string { return "proto" }

func (text) Marshal(v any) ([]byte, error) { return []byte(*v.(*string)), nil }

func (text) Unmarshal(data []byte, v any) error {
	*v.(*string) = string(data)
	return nil
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.ForceServerCodec(text{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "test.Words",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: get}, {MethodName: "Place", Handler: get}},
		Streams:     []grpc.StreamDesc{{StreamName: "Follow", Handler: follow, ServerStreams: true}},
	}, nil)
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		untilStdinEnds(func(string) {})
		server.Stop()
	}()
	return server.Serve(listener)
}

func get(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var request string
	if err := decode(&request); err != nil {
		return nil, err
	}
	answer := "go"
	return &answer, nil
}

// follow answers once and then stays silent, or every so many milliseconds when asked "every:<ms>".
func follow(_ any, stream grpc.ServerStream) error {
	var request string
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	answer := "go"
	if err := stream.SendMsg(&answer); err != nil {
		return err
	}
	millis, err := strconv.Atoi(strings.TrimPrefix(request, every))
	if err != nil {
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	ticker := time.NewTicker(time.Duration(millis) * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-ticker.C:
			if err := stream.SendMsg(&answer); err != nil {
				return err
			}
		}
	}
}

func client(address string) error {
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(text{})))
	if err != nil {
		return err
	}
	defer conn.Close()
	callGet(conn)
	fmt.Println("ready")
	untilStdinEnds(func(line string) {
		switch line {
		case "get":
			callGet(conn)
		case "follow":
			go callFollow(conn)
		default:
			fmt.Println("unknown", line)
		}
	})
	return nil
}

func callGet(conn *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, answer := "word", ""
	if err := conn.Invoke(ctx, "/test.Words/Get", &request, &answer); err != nil {
		fmt.Println("ended", status.Code(err))
		return
	}
	fmt.Println("word", answer)
}

func callFollow(conn *grpc.ClientConn) {
	stream, err := conn.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, "/test.Words/Follow")
	request, answer := "deaf", ""
	if err == nil {
		err = stream.SendMsg(&request)
	}
	if err == nil {
		err = stream.CloseSend()
	}
	for err == nil {
		if err = stream.RecvMsg(&answer); err == nil {
			fmt.Println("word", answer)
		}
	}
	if err == io.EOF {
		fmt.Println("ended OK")
		return
	}
	fmt.Println("ended", status.Code(err))
}

func untilStdinEnds(obey func(string)) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		obey(lines.Text())
	}
}
