package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"holdfast.dev/go/duplex"
)

// server has the handlers of its streams by name.
type server struct {
	options options
	host    *duplex.Host
	grpc    *grpc.Server
	port    int

	mu       sync.Mutex
	handlers map[string]*handler
}

// handler is a stream of a server.
type handler struct {
	*talk
	finish chan command
	cursor duplex.Cursor
}

var numbers struct {
	sync.Mutex
	last int
}

func listen(o options) (*server, error) {
	key, err := hex.DecodeString(o.TokenKey)
	if err != nil {
		return nil, err
	}
	host := duplex.HostOptions{
		Session: o.session(), Address: o.Address, OnlyInstance: o.OnlyInstance == 1,
		MaxRecvMsgSize: largest,
	}
	if len(key) > 0 {
		host.TokenKey = key
	}
	if o.PrincipalHeader != "" {
		host.Principal = func(ctx context.Context) string {
			return strings.Join(metadata.ValueFromIncomingContext(ctx, o.PrincipalHeader), "")
		}
	}
	s := &server{options: o, handlers: map[string]*handler{}}
	if s.host, err = duplex.NewHost(host); err != nil {
		return nil, err
	}
	s.grpc = grpc.NewServer(duplex.ServerOptions(s.host)...)
	service := &grpc.ServiceDesc{ServiceName: serviceName, HandlerType: (*any)(nil)}
	for _, name := range []string{"Talk", "List", "Collect"} {
		desc := describe(name)
		desc.Handler = func(_ any, stream grpc.ServerStream) error { return s.handle(stream) }
		service.Streams = append(service.Streams, desc)
	}
	duplex.Registrar(s.grpc).RegisterService(service, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		if err := s.grpc.Serve(listener); err != nil {
			say("error", event{"message": err.Error()})
		}
	}()
	s.port = listener.Addr().(*net.TCPAddr).Port
	say("listening", event{"port": s.port})
	return s, nil
}

func (s *server) handle(stream grpc.ServerStream) error {
	numbers.Lock()
	numbers.last++
	name := fmt.Sprintf("h%d", numbers.last)
	numbers.Unlock()
	h := &handler{newTalk(name, stream, s.options), make(chan command, 1), duplex.CursorFrom(stream.Context())}
	s.mu.Lock()
	s.handlers[name] = h
	s.mu.Unlock()
	opened := event{"stream": name}
	if cursor, resumed := h.cursor.Resumed(); resumed {
		opened["cursor"] = string(cursor)
	}
	say("opened", opened)
	go func() {
		if h.receive() == io.EOF {
			say("half-closed", event{"stream": name})
		}
	}()
	select {
	case c := <-h.finish:
		stream.SetTrailer(metadata.New(c.Trailers))
		// That the client acknowledged it no handler is told.
		say("closed", event{"stream": name, "reason": "FINISHED"})
		return status.Error(codes.Code(c.Status), c.Description)
	case <-stream.Context().Done():
		say("closed", event{"stream": name, "reason": reason(stream.Context())})
		return stream.Context().Err()
	}
}

// reason is why the context of a handler ended.
func reason(ctx context.Context) string {
	cause := context.Cause(ctx)
	var lost *duplex.LostError
	var moved *duplex.MovedError
	switch {
	case errors.As(cause, &lost):
		return strings.TrimPrefix(lost.Reason, "LOST_")
	case errors.As(cause, &moved):
		return "MOVED"
	case errors.Is(cause, context.DeadlineExceeded) || status.Code(cause) == codes.DeadlineExceeded:
		return "DEADLINE"
	}
	return "CANCELLED"
}

func (s *server) command(c command) {
	if c.Do == "drain" {
		ctx, cancel := context.WithTimeout(context.Background(), 2*millis(c.GraceMs))
		go func() {
			defer cancel()
			// Whoever is left when the time is over is the scenario's own affair.
			if s.host.Drain(ctx) == nil {
				say("drained", event{"port": s.port})
			}
		}()
		return
	}
	s.mu.Lock()
	h := s.handlers[c.Stream]
	s.mu.Unlock()
	switch {
	case h == nil:
		say("error", event{"message": "stream: " + c.Stream + " (expected: an open one)"})
	case c.Do == "finish":
		h.sends <- func() { h.finish <- c }
	case c.Do == "mark":
		h.sends <- func() {
			if err := h.cursor.Mark([]byte(c.Cursor)); err != nil {
				say("error", event{"message": err.Error()})
			} else {
				say("marked", event{"stream": c.Stream})
			}
		}
	default:
		h.command(c)
	}
}

func (s *server) close() { s.grpc.Stop() }
