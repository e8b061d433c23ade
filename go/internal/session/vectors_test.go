package session_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

// text is a body of a test.
type text []byte

func (b text) Len() int      { return len(b) }
func (b text) Bytes() []byte { return []byte(b) }

func (b text) Retain()  {}
func (b text) Release() {}

type hexBytes []byte

func (b *hexBytes) UnmarshalText(encoded []byte) error {
	decoded, err := hex.DecodeString(string(encoded))
	*b = decoded
	return err
}

// dialog is a file of the protocol's vectors.
type dialog struct {
	Principal, Method string
	Steps             []dialogStep
}

type dialogStep struct {
	MS              int64
	From, What, How string
	End             string
	Attachment      int64
	Bytes           hexBytes
	Hello           struct{ Tag uint64 }
}

func (s dialogStep) String() string {
	return fmt.Sprintf("%s of attachment %d: %x%s%s", s.What, s.Attachment, []byte(s.Bytes), s.How, s.End)
}

func readDialog(t *testing.T, file string) dialog {
	t.Helper()
	data, err := os.ReadFile("../../../libraries/streams/vectors/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var d dialog
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Steps) < 10 {
		t.Fatalf("%s: %d steps", file, len(d.Steps))
	}
	return d
}

// check compares what a side said with what the dialog has next.
func check(t *testing.T, file string, at int, want []dialogStep, got []dialogStep) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			t.Fatalf("%s: step %d: unexpected %v", file, at+i, got[i])
		case i >= len(got):
			t.Fatalf("%s: step %d: missing %v", file, at+i, want[i])
		case got[i].String() != want[i].String():
			t.Fatalf("%s: step %d:\n got %v\nwant %v", file, at+i, got[i], want[i])
		}
	}
}

func parse(t *testing.T, message []byte, tag uint64) (*wire.Header, session.Body) {
	t.Helper()
	h, length, err := wire.ParseHeader(message)
	if err != nil {
		t.Fatal(err)
	}
	if length == 0 || h.Tag != tag {
		return nil, text(message)
	}
	return &h, text(message[length:])
}

func message(o session.Output) []byte {
	var out []byte
	if o.HasHeader {
		out = o.Header.Append(nil)
	}
	if o.Body != nil {
		out = append(out, o.Body.Bytes()...)
	}
	return out
}

const vectorKey = "0123456789abcdef0123456789abcdef"

// echoServer answers each message with itself, and a half-close with OK.
type echoServer struct {
	t        *testing.T
	table    *session.Table
	sessions *session.Server
	said     []dialogStep
}

func (e *echoServer) say(what string, attachment int64, data []byte) {
	e.said = append(e.said, dialogStep{What: what, Attachment: attachment, Bytes: data})
}

func (e *echoServer) pump() {
	s := e.sessions
	for {
		o, ok := s.Poll(0)
		if !ok {
			break
		}
		switch o.Op {
		case session.OpAccept:
			e.say("welcome", o.To.Number(), o.Welcome.Append(nil))
		case session.OpRefuse:
			e.say("refusal", o.To.Number(), o.Refusal.Append(nil))
		case session.OpSend:
			e.say("message", o.To.Number(), message(o))
		case session.OpEnd:
			if o.Why == session.Replaced {
				refusal := wire.Refusal{Code: wire.CodeFenced}
				e.say("refusal", o.To.Number(), refusal.Append(nil))
			} else {
				e.say("close", o.To.Number(), nil)
			}
		case session.OpStartHandler:
			s.Request(1000)
		case session.OpDeliver:
			if !s.Offer(o.Body) {
				e.t.Fatal("the session is full")
			}
			s.Processed(0, o.Seq)
		case session.OpHalfClosed:
			s.Finish(0, nil)
		}
	}
	if s.Over() {
		e.table.Retire(0, s)
	}
}

func TestServerDialogs(t *testing.T) {
	for _, file := range []string{"dialog.json", "half-open.json"} {
		d := readDialog(t, file)
		e := &echoServer{t: t}
		issuer, err := wire.NewIssuer([]byte(vectorKey))
		if err != nil {
			t.Fatal(err)
		}
		options := session.Defaults()
		options.AckEvery = 16
		options.AckDelay = 50 * time.Millisecond // As the dialogs have it.
		host := session.TableOptions{Address: "10.0.0.1:50051", MaxSessions: 10, MaxPerPrincipal: 10}
		e.table = session.NewTable(host, issuer, options, nil, func(s *session.Server) sync.Locker {
			e.sessions = s
			return &sync.Mutex{}
		})
		attachments := map[int64]*session.Attachment{}
		for i := 0; i < len(d.Steps); {
			step := d.Steps[i]
			i++
			e.said = nil
			switch {
			case step.From == "network":
				e.sessions.OnClosed(0, attachments[step.Attachment])
				e.pump()
			case step.What == "hello":
				hello, err := wire.ParseHello(step.Bytes)
				if err != nil {
					t.Fatal(err)
				}
				a := session.NewAttachment(0, hello.Attach, hello.Tag)
				if attachments[hello.Attach] == nil {
					attachments[hello.Attach] = a
				}
				caller := session.Caller{Principal: d.Principal, Method: d.Method}
				if refusal := e.table.Admit(0, a, &hello, nil, caller, func(*session.Server) {}); refusal != nil {
					e.say("refusal", hello.Attach, refusal.Append(nil))
				} else {
					e.pump()
				}
			case step.What == "message":
				a := attachments[step.Attachment]
				h, body := parse(t, step.Bytes, a.Tag())
				e.sessions.OnFrame(0, a, h, body)
				e.pump()
			default:
				t.Fatalf("%s: step %d: %v", file, i, step)
			}
			begin := i
			for i < len(d.Steps) && d.Steps[i].From == "server" {
				i++
			}
			check(t, file, begin, d.Steps[begin:i], e.said)
		}
	}
}

// script gives the tags and delays that a dialog has.
type script struct {
	tags   []uint64
	delays []int64
}

func (s *script) Uint64N(n uint64) uint64 {
	if n == wire.MaxTag {
		next := s.tags[0]
		s.tags = s.tags[1:]
		return next - 1
	}
	if n == 1 || len(s.delays) == 0 {
		return 0
	}
	next := s.delays[0]
	s.delays = s.delays[1:]
	return uint64(next)
}

func TestClientDialogs(t *testing.T) {
	for _, tc := range []struct {
		file     string
		options  func(*session.Options)
		deadline time.Duration
		delays   []int64
	}{
		{"client-dialog.json", func(*session.Options) {}, time.Minute, []int64{178_500_000}},
		{"client-half-open.json", func(o *session.Options) {
			o.Heartbeat, o.Suspect, o.Dead = 10*time.Second, 25*time.Second, 30*time.Second
		}, 0, nil},
	} {
		d := readDialog(t, tc.file)
		random := &script{delays: tc.delays}
		for _, step := range d.Steps {
			if step.From == "client" && step.What == "hello" {
				random.tags = append(random.tags, step.Hello.Tag)
			}
		}
		options := session.Defaults()
		tc.options(&options)
		hello, err := wire.ParseHello(firstHello(d))
		if err != nil {
			t.Fatal(err)
		}
		runClientDialog(t, tc.file, d, session.NewClient(hello.Session, options, random, nil), tc.deadline)
	}
}

func firstHello(d dialog) []byte {
	for _, step := range d.Steps {
		if step.What == "hello" {
			return step.Bytes
		}
	}
	return nil
}

func runClientDialog(t *testing.T, file string, d dialog, c *session.Client, deadline time.Duration) {
	t.Helper()
	attachments := map[int64]*session.Attachment{}
	var said []dialogStep
	pump := func(now int64) {
		for {
			o, ok := c.Poll(now)
			if !ok {
				return
			}
			switch o.Op {
			case session.OpStart:
				attachments[o.To.Number()] = o.To
				said = append(said, dialogStep{What: "hello", Attachment: o.To.Number(), Bytes: o.Hello.Append(nil)})
			case session.OpSend:
				said = append(said, dialogStep{What: "message", Attachment: o.To.Number(), Bytes: message(o)})
			case session.OpEnd:
				how := "cancel"
				if o.Why == session.Done {
					how = "half-close"
				}
				said = append(said, dialogStep{What: "close", Attachment: o.To.Number(), How: how})
			case session.OpEnded:
				said = append(said, dialogStep{What: "ended", End: o.End.Kind.String()})
			case session.OpDeliver:
				c.Processed(now, o.Seq)
			}
		}
	}
	c.Request(1000)
	started := false
	start := func(now int64) {
		if !started {
			started = true
			c.Start(now, deadline, session.PeerWelcomes, session.Bidirectional)
		}
	}
	for i := 0; i < len(d.Steps); {
		step := d.Steps[i]
		now := step.MS * int64(time.Millisecond)
		for at := c.NextDeadline(); started && at < now; at = c.NextDeadline() {
			c.OnTimeout(at)
			pump(at)
		}
		said = said[:0]
		if step.From != "client" {
			i++
		}
		a := attachments[step.Attachment]
		switch step.From + " " + step.What {
		case "application message":
			c.Offer(text(step.Bytes))
			start(now)
		case "application half-close":
			c.HalfClose()
		case "network cut":
			c.OnClosed(now, a, session.Closure{Scope: session.ScopeConnection, Status: 14})
		case "server welcome":
			w, err := wire.ParseWelcome(step.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			c.OnWelcome(now, a, &w)
		case "server message":
			h, body := parse(t, step.Bytes, a.Tag())
			c.OnFrame(now, a, h, body)
		case "server close":
			c.OnClosed(now, a, session.Closure{Scope: session.ScopeStatus})
		default:
			start(now)
			// The dialog says whole milliseconds.
			if at := c.NextDeadline(); at < now+int64(time.Millisecond) {
				now = at
			}
			c.OnTimeout(now)
		}
		pump(now)
		begin := i
		for i < len(d.Steps) && d.Steps[i].From == "client" && d.Steps[i].MS == step.MS {
			i++
		}
		check(t, file, begin, d.Steps[begin:i], said)
	}
}
