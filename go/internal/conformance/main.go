// Command conformance is the adapter of docs/duplex-conformance.md: commands on standard input, events
// on standard output, JSON objects in lines.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"holdfast.dev/go/duplex"
)

// command is a line of the kit.
type command struct {
	Do          string            `json:"do"`
	Stream      string            `json:"stream"`
	Target      string            `json:"target"`
	Method      string            `json:"method"`
	Channel     string            `json:"channel"`
	Text        string            `json:"text"`
	Size        int               `json:"size"`
	Count       int               `json:"count"`
	Status      uint32            `json:"status"`
	Description string            `json:"description"`
	Trailers    map[string]string `json:"trailers"`
	GraceMs     int               `json:"graceMs"`
	Cursor      string            `json:"cursor"`
	Options     options           `json:"options"`
}

// options are those of open and listen; zero for what the kit does not say.
type options struct {
	BackoffBaseMs   int    `json:"backoffBaseMs"`
	BackoffCapMs    int    `json:"backoffCapMs"`
	HandshakeMs     int    `json:"handshakeMs"`
	AssumePlainMs   int    `json:"assumePlainMs"`
	DeadlineMs      int    `json:"deadlineMs"`
	Reading         string `json:"reading"`
	SendMessages    int    `json:"sendMessages"`
	ReceiveMessages int    `json:"receiveMessages"`
	AckEvery        int    `json:"ackEvery"`
	AckDelayMs      int    `json:"ackDelayMs"`
	TTLMs           int    `json:"ttlMs"`
	TokenKey        string `json:"tokenKey"`
	Address         string `json:"address"`
	PrincipalHeader string `json:"principalHeader"`
	OnlyInstance    int    `json:"onlyInstance"`
	Restart         int    `json:"restart"`
}

var supported = []string{
	"backoffBaseMs", "backoffCapMs", "handshakeMs", "assumePlainMs", "deadlineMs", "reading",
	"sendMessages", "receiveMessages", "ackEvery", "ackDelayMs", "ttlMs", "tokenKey", "address",
	"principalHeader", "onlyInstance", "drain", "channel", "server-streaming", "client-streaming", "half-duplex", "held-response",
	"hand-over", "restart", "cursor", "no-side-effects",
}

// describe is a method of the scenarios by its name.
func describe(name string) grpc.StreamDesc {
	return grpc.StreamDesc{StreamName: name, ClientStreams: name != "List", ServerStreams: name != "Collect"}
}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func (o options) session() duplex.SessionOptions {
	return duplex.SessionOptions{
		BackoffBase: millis(o.BackoffBaseMs), BackoffCap: millis(o.BackoffCapMs),
		Handshake: millis(o.HandshakeMs), AssumePlain: millis(o.AssumePlainMs),
		SendMessages: o.SendMessages, ReceiveMessages: o.ReceiveMessages,
		AckEvery: o.AckEvery, AckDelay: millis(o.AckDelayMs), TTL: millis(o.TTLMs),
	}
}

type event map[string]any

var output sync.Mutex

// say writes an event. Nobody but the kit reads it, so a failure to write ends the process.
func say(name string, fields event) {
	line := event{"event": name}
	for key, value := range fields {
		line[key] = value
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	if _, err := fmt.Printf("%s\n", text); err != nil {
		os.Exit(1)
	}
}

func message(c command) *wrapperspb.BytesValue {
	text := c.Text
	if c.Size > len(text) {
		text += strings.Repeat(".", c.Size-len(text))
	}
	return wrapperspb.Bytes([]byte(text))
}

// transport is what both kinds of stream have.
type transport interface {
	SendMsg(m any) error
	RecvMsg(m any) error
}

// talk sends and receives on one stream.
type talk struct {
	name   string
	stream transport
	sends  chan func()
	reads  chan struct{}
	byHand bool
}

const mostPending = 100_000

func newTalk(name string, stream transport, o options) *talk {
	t := &talk{
		name: name, stream: stream, byHand: o.Reading == "manual",
		sends: make(chan func(), mostPending), reads: make(chan struct{}, mostPending),
	}
	go func() {
		for send := range t.sends {
			send()
		}
	}()
	return t
}

func (t *talk) command(c command) {
	switch c.Do {
	case "send":
		t.sends <- func() {
			if t.stream.SendMsg(message(c)) == nil {
				say("sent", event{"stream": t.name, "text": c.Text})
			}
		}
	case "read":
		for range c.Count {
			t.reads <- struct{}{}
		}
	default:
		say("error", event{"message": "do: " + c.Do})
	}
}

// receive tells messages until the stream ends, and returns how.
func (t *talk) receive() error {
	for {
		if t.byHand {
			<-t.reads
		}
		var m wrapperspb.BytesValue
		if err := t.stream.RecvMsg(&m); err != nil {
			return err
		}
		say("message", event{"stream": t.name, "text": string(m.GetValue())})
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	if err := declareService(); err != nil {
		panic(err)
	}
	a := &adapter{clients: map[string]*client{}}
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			say("error", event{"message": err.Error()})
			continue
		}
		if err := a.command(c); err != nil {
			say("error", event{"message": err.Error()})
		}
	}
}

// adapter has the streams and the server of one scenario.
type adapter struct {
	clients map[string]*client
	server  *server
}

func (a *adapter) command(c command) (err error) {
	switch c.Do {
	case "describe":
		say("describe", event{"name": "go", "options": supported})
	case "open":
		a.clients[c.Stream], err = open(c, a.clients[c.Channel])
	case "listen":
		a.server, err = listen(c.Options)
	case "reset":
		for _, each := range a.clients {
			each.close()
		}
		if a.server != nil {
			a.server.close()
		}
		*a = adapter{clients: map[string]*client{}}
		say("reset", nil)
	default:
		if client := a.clients[c.Stream]; client != nil {
			client.command(c)
		} else if a.server != nil {
			a.server.command(c)
		} else {
			err = fmt.Errorf("%s: %q (expected: an open stream)", c.Do, c.Stream)
		}
	}
	return err
}
