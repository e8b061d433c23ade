// Command soak has clients, or a server, of the soak test (bench/run soak): streams of each kind that
// count what was lost, came twice or out of order. It speaks with the test by lines on standard input
// and output, and ends with its input.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"

	"holdfast.dev/go/duplex"
)

const service = "holdfast.bench.Soak"

// sessions have heartbeats, as paths go silent here.
var sessions = duplex.SessionOptions{Heartbeat: 2 * time.Second}

// The methods, one of each kind that streams: each message is said back; numbers come from 1 on, one in
// so many milliseconds as the number of the request says; the last number is the answer.
var (
	chat      = grpc.StreamDesc{StreamName: "Chat", ClientStreams: true, ServerStreams: true}
	subscribe = grpc.StreamDesc{StreamName: "Subscribe", ServerStreams: true}
	upload    = grpc.StreamDesc{StreamName: "Upload", ClientStreams: true}
)

// orders calls a function with the words of each line of standard input, and says its answer behind the
// first word.
func orders(obey func(words []string) (string, error)) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		answer, err := obey(words)
		if err != nil {
			log.Fatalf("%s: %v", words[0], err)
		}
		fmt.Println(strings.TrimSpace(words[0] + " " + answer))
	}
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("arguments: none (expected: server PORT REACHED_AT, or clients PORT,PORT ...)")
	}
	var err error
	switch os.Args[1] {
	case "server":
		err = serve(os.Args[2:])
	case "clients":
		err = beClients(os.Args[2:])
	default:
		err = fmt.Errorf("argument: %s (expected: server or clients)", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}
