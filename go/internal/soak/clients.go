package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"holdfast.dev/go/duplex"
)

const (
	answersWithin = 2 * time.Minute
	pollInterval  = 20 * time.Millisecond
)

// counts are what the applications of this process have seen; see SoakCounts of the test.
type counts struct {
	sent, taken, missing, duplicated, reordered, ended, open int64
	cause                                                    string
}

func (c *counts) add(o counts) {
	c.sent += o.sent
	c.taken += o.taken
	c.missing += o.missing
	c.duplicated += o.duplicated
	c.reordered += o.reordered
	c.ended += o.ended
	c.open += o.open
	if c.cause == "" {
		c.cause = o.cause
	}
}

func (c *counts) line() string {
	return fmt.Sprintf("%d %d %d %d %d %d %d %s", c.sent, c.taken, c.missing, c.duplicated, c.reordered, c.ended, c.open,
		strings.ReplaceAll(c.cause, "\n", " "))
}

// talk is a stream as an application has it.
type talk struct {
	method string
	ports  string
	stream grpc.ClientStream
	finish chan struct{}

	mu       sync.Mutex
	seen     counts
	lastCame bool
	over     bool
}

func (t *talk) isAnswered() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over || t.seen.taken > 0 || t.method == upload.StreamName
}

func (t *talk) counts() (c counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c = t.seen
	if !t.over {
		c.open = 1
	}
	if c.cause != "" {
		c.ended = 1
	}
	defer func() {
		if t.over && c.cause == "" && c.missing+c.duplicated+c.reordered > 0 {
			c.cause = fmt.Sprintf("go: %s to %s: sent %d, taken %d, last %t", t.method, t.ports, c.sent, c.taken, t.lastCame)
		}
	}()
	switch {
	case t.method != subscribe.StreamName:
		c.missing = max(c.sent-c.taken, c.taken-c.sent)
	case !t.lastCame:
		c.missing = 1
	}
	return c
}

// send writes numbers until it is to finish.
func (t *talk) send(interval time.Duration) {
	wait := time.Duration(0)
	for {
		select {
		case <-t.finish:
			_ = t.stream.CloseSend() // RecvMsg says what is wrong.
			return
		case <-time.After(wait):
		}
		t.mu.Lock()
		t.seen.sent++
		number := t.seen.sent
		t.mu.Unlock()
		if t.stream.SendMsg(message(number, false)) != nil {
			return // RecvMsg says why.
		}
		if wait = interval; number == 1 {
			wait = rand.N(interval)
		}
	}
}

func (t *talk) receive() {
	for {
		var m wrapperspb.BytesValue
		err := t.stream.RecvMsg(&m)
		number, last := int64(0), false
		if err == nil {
			number, last, err = read(&m)
		}
		if err != nil {
			t.end(err)
			return
		}
		t.take(number, last)
	}
}

func (t *talk) take(number int64, last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastCame = t.lastCame || last
	if t.method == upload.StreamName {
		t.seen.taken += number
		return
	}
	if number <= t.seen.taken {
		t.seen.duplicated++
	} else if number > t.seen.taken+1 {
		t.seen.reordered++
	}
	t.seen.taken = max(t.seen.taken, number)
}

func (t *talk) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	select {
	case <-t.finish:
		if err == io.EOF {
			return
		}
	default:
	}
	t.seen.cause = "go: " + t.method + " to " + t.ports + ": " + err.Error()
}

// connect returns a client of a fleet, of whose servers it takes one after the other.
func connect(ports string) (*duplex.Client, error) {
	fleet := manual.NewBuilderWithScheme("soak")
	var state resolver.State
	for port := range strings.SplitSeq(ports, ",") {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: "127.0.0.1:" + port})
	}
	fleet.InitialState(state)
	return duplex.NewClient("soak:///servers", duplex.ClientOptions{Session: sessions},
		grpc.WithResolvers(fleet),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
}

func open(client *duplex.Client, ports string, desc *grpc.StreamDesc, interval time.Duration) (*talk, error) {
	stream, err := client.NewStream(context.Background(), desc, "/"+service+"/"+desc.StreamName)
	if err != nil {
		return nil, err
	}
	t := &talk{method: desc.StreamName, ports: ports, stream: stream, finish: make(chan struct{})}
	if desc.ClientStreams {
		go t.send(interval)
	} else {
		if err := stream.SendMsg(message(interval.Milliseconds(), false)); err != nil {
			return nil, err
		}
		if err := stream.CloseSend(); err != nil {
			return nil, err
		}
	}
	go t.receive()
	return t, nil
}

func beClients(fleets []string) error {
	var talks []*talk
	sum := func() counts {
		var c counts
		for _, t := range talks {
			c.add(t.counts())
		}
		return c
	}
	orders(func(words []string) (string, error) {
		switch words[0] {
		case "OPEN":
			for _, ports := range fleets {
				opened, err := openAll(ports, words[1:])
				talks = append(talks, opened...)
				if err != nil {
					return "", err
				}
			}
			return "", nil
		case "FINISH":
			for _, t := range talks {
				close(t.finish)
			}
			return "", nil
		case "COUNT":
			c := sum()
			return c.line(), nil
		}
		return "", fmt.Errorf("unknown (expected: OPEN, COUNT or FINISH)")
	})
	return nil
}

// openAll opens streams of each kind to a fleet: how many, how many on a connection, and the milliseconds
// between two messages of one.
func openAll(ports string, size []string) ([]*talk, error) {
	var numbers [3]int
	if len(size) != len(numbers) {
		return nil, fmt.Errorf("%v (expected: STREAMS PER_CONNECTION INTERVAL_MILLIS)", size)
	}
	for i := range numbers {
		number, err := strconv.Atoi(size[i])
		if err != nil || number < 1 {
			return nil, fmt.Errorf("%s (expected: a number from 1)", size[i])
		}
		numbers[i] = number
	}
	interval := time.Duration(numbers[2]) * time.Millisecond
	var talks []*talk
	for from := 0; from < numbers[0]; from += numbers[1] {
		client, err := connect(ports)
		if err != nil {
			return talks, err
		}
		for _, desc := range []*grpc.StreamDesc{&chat, &subscribe, &upload} {
			for range min(numbers[1], numbers[0]-from) {
				t, err := open(client, ports, desc, interval)
				if err != nil {
					return talks, err
				}
				talks = append(talks, t)
			}
		}
		if err := awaitAnswers(talks); err != nil {
			return talks, err
		}
	}
	return talks, nil
}

func awaitAnswers(talks []*talk) error {
	for end := time.Now().Add(answersWithin); time.Now().Before(end); time.Sleep(pollInterval) {
		waiting := 0
		for _, t := range talks {
			if !t.isAnswered() {
				waiting++
			}
		}
		if waiting == 0 {
			return nil
		}
	}
	return fmt.Errorf("streams were not answered within %v", answersWithin)
}
