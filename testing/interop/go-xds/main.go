// Command go-xds is a client of xDS made with grpc-go, for Holdfast's tests: steady calls whose
// answers are names.
//
//	go-xds TARGET CALLS_PER_SECOND
//
// prints "first <name>" at the first answer of each name and "failed <code> <details>" for each call
// that fails, and obeys the lines on stdin:
//
//	count                prints "counts <name>=<answers> .." of the time since the last one
//	header <name> <text> sends it with every call from now on
//	method <path>        calls this method from now on
//
// It ends with its stdin and prints "ended <answered> <failed>".
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	// All that xDS asks for in a program of Go.
	_ "google.golang.org/grpc/xds"
)

const patience = 60 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-xds:", err)
		os.Exit(1)
	}
}

// raw is a codec for messages that are bytes.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

// caller makes the calls, and counts their answers. Its mutex guards all that changes.
type caller struct {
	conn     *grpc.ClientConn
	underWay sync.WaitGroup

	mu       sync.Mutex
	method   string
	headers  map[string]string
	seen     map[string]bool
	counts   map[string]int
	answered int
	failed   int
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: go-xds TARGET CALLS_PER_SECOND")
	}
	rate, err := strconv.ParseFloat(args[1], 64)
	if err != nil || rate <= 0 {
		return fmt.Errorf("calls per second: %s (expected: > 0)", args[1])
	}
	conn, err := grpc.NewClient(args[0],
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))
	if err != nil {
		return err
	}
	defer conn.Close()
	c := &caller{
		conn:    conn,
		method:  "/holdfast.interop.Names/Who",
		headers: map[string]string{},
		seen:    map[string]bool{},
		counts:  map[string]int{},
	}
	over := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.callUntil(over, time.Duration(float64(time.Second)/rate))
	}()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		c.obey(strings.TrimSpace(lines.Text()))
	}
	close(over)
	<-ended
	c.underWay.Wait()
	fmt.Println("ended", c.answered, c.failed)
	return nil
}

func (c *caller) callUntil(over chan struct{}, pause time.Duration) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-over:
			return
		case <-ticker.C:
			c.underWay.Add(1)
			go c.call()
		}
	}
}

func (c *caller) call() {
	defer c.underWay.Done()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c.mu.Lock()
	method := c.method
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(c.headers))
	c.mu.Unlock()
	var request, answer []byte
	err := c.conn.Invoke(ctx, method, &request, &answer)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed++
		fmt.Println("failed", status.Code(err), status.Convert(err).Message())
		return
	}
	c.answered++
	name := string(answer)
	c.counts[name]++
	if !c.seen[name] {
		c.seen[name] = true
		fmt.Println("first", name)
	}
}

func (c *caller) obey(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	order, rest, _ := strings.Cut(line, " ")
	switch order {
	case "count":
		words := []string{"counts"}
		for name, times := range c.counts {
			words = append(words, fmt.Sprintf("%s=%d", name, times))
		}
		fmt.Println(strings.Join(words, " "))
		c.counts = map[string]int{}
	case "header":
		name, text, _ := strings.Cut(rest, " ")
		c.headers[name] = text
	case "method":
		c.method = rest
	default:
		fmt.Println("unknown", line)
	}
}
