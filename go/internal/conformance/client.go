package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/duplex"
)

const largest = 16 << 20

// client is a stream of a client, on a channel of its own or that of another stream.
type client struct {
	*talk
	channel *duplex.Client
	stream  grpc.ClientStream
	cancel  context.CancelFunc
	shares  bool // the channel is another stream's
}

func open(c command, shared *client) (*client, error) {
	var channel *duplex.Client
	var err error
	if shared != nil {
		channel = shared.channel
	} else if channel, err = duplex.NewClient(c.Target, duplex.ClientOptions{Session: c.Options.session()},
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest))); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	if c.Options.DeadlineMs > 0 {
		ctx, cancel = context.WithTimeout(context.Background(), millis(c.Options.DeadlineMs))
	}
	desc := describe(c.Method[strings.LastIndex(c.Method, "/")+1:])
	var callOptions []grpc.CallOption
	if c.Options.Restart == 1 {
		callOptions = append(callOptions, duplex.OnRestarted(func(messages int64) {
			say("restarted", event{"stream": c.Stream, "messages": messages})
		}))
	}
	stream, err := channel.NewStream(ctx, &desc, "/"+c.Method, callOptions...)
	if err != nil {
		cancel()
		return nil, err
	}
	opened := &client{newTalk(c.Stream, stream, c.Options), channel, stream, cancel, shared != nil}
	go func() { opened.tell(opened.receive()) }()
	return opened, nil
}

func (c *client) tell(err error) {
	var lost *duplex.LostError
	var moved *duplex.MovedError
	switch {
	case errors.As(err, &lost):
		say("lost", event{
			"stream": c.name, "reason": strings.TrimPrefix(lost.Reason, "LOST_"),
			"processed": lost.ProcessedByPeer,
		})
	case errors.As(err, &moved):
		say("moved", event{"stream": c.name, "processed": moved.ProcessedByPeer})
	default:
		if err == io.EOF {
			err = nil
		}
		trailers := map[string]string{}
		for key, values := range c.stream.Trailer() {
			trailers[key] = strings.Join(values, ",")
		}
		end := status.Convert(err)
		say("ended", event{
			"stream": c.name, "status": end.Code(), "description": end.Message(), "trailers": trailers,
		})
	}
}

func (c *client) command(cmd command) {
	switch cmd.Do {
	case "half-close":
		c.sends <- func() {
			if err := c.stream.CloseSend(); err != nil {
				say("error", event{"message": err.Error()})
			}
		}
	case "cancel":
		c.cancel()
	default:
		c.talk.command(cmd)
	}
}

func (c *client) close() {
	c.cancel()
	if c.shares {
		return
	}
	if err := c.channel.Close(); err != nil {
		say("error", event{"message": err.Error()})
	}
}
