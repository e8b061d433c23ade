package session

import (
	"math"
	"time"

	"holdfast.dev/go/internal/wire"
)

// never is a time that does not come.
const never = math.MaxInt64

func after(at int64, d time.Duration) int64 {
	if d == 0 {
		return never
	}
	return at + int64(d)
}

// Attachment is one physical call that carries a session for a while, with the state that ends
// with the call. Carrier is the owner's.
type Attachment struct {
	Carrier any

	number    int64
	tag       uint64
	opened    int64
	handshook bool
	plain     bool

	// Until a server answered a client's attachment.
	first         bool // no attachment before it can have reached a server
	mayWriteEarly bool // before the welcome
	mayExceed     bool // the initial credit
	touched       bool // messages were written on it
	touchedAt     int64
	queued        bool // waits for its turn among other sessions that resume
	helloSent     int64
	helloUnsent   bool  // its call waits for a connection: no server can have heard of it
	silentSince   int64 // from then on a silence is that of a server

	// From the peer.
	heardAny    bool
	headerSeen  bool
	welcomeSeen bool
	lastSeq     int64
	heard       int64
	requested   bool
	readPaused  bool
	comesBack   bool // its hello showed the welcome of an earlier attachment
	wasHeld     bool // a hop may have held the response of an earlier attachment
	ended       bool // the peer has ended its half of the call
	endedAt     int64

	// To the peer.
	headerSent bool
	halfClosed bool
	sparing    bool // acks wait for credit or the peer's silence, as each costs an attachment
	full       bool
	cursor     int64 // the position that is sent next; 0 while none may be
	sentAck    int64
	sentCredit int64
	sentFlags  wire.Flag
	wrote      int64
	ackRepeat  bool

	// Probes of both sides.
	peerProbes   bool
	ackAsked     int64
	echoDue      int64
	lastProbe    int64
	probeDue     bool
	suspectSeq   int64
	suspectProbe int64
	arrivedSeq   int64
}

// NewAttachment is a call whose hello had these numbers.
func NewAttachment(now, number int64, tag uint64) *Attachment {
	return &Attachment{number: number, tag: tag, opened: now, helloSent: now, silentSince: now, heard: now, wrote: now}
}

// silentUntil is when a server that says nothing has been silent for so long: while a call waits for a
// connection, its silence says nothing of a server.
func (a *Attachment) silentUntil(d time.Duration) int64 {
	if a.helloUnsent {
		return never
	}
	return a.silentSince + int64(d)
}

// Number is the fencing token of the attachment.
func (a *Attachment) Number() int64 { return a.number }

// Tag is what the headers of the attachment's frames carry.
func (a *Attachment) Tag() uint64 { return a.tag }

// Handshook reports whether both sides know that the other one speaks the protocol.
func (a *Attachment) Handshook() bool { return a.handshook }

// Plain reports whether the peer was found or taken to be one without sessions.
func (a *Attachment) Plain() bool { return a.plain }

func (a *Attachment) silent(now int64, d time.Duration) bool {
	return d != 0 && !a.readPaused && now-a.heard >= int64(d)
}

func (a *Attachment) silence(d time.Duration) int64 {
	if a.readPaused {
		return never
	}
	return after(a.heard, d)
}

// Scope is how much ended together with a call.
type Scope int

// The scopes of an end.
const (
	// ScopeConnection is the end of the connection with all its streams.
	ScopeConnection Scope = iota
	// ScopeUnreached is an end of which the transport proves that no server got anything.
	ScopeUnreached
	// ScopeStream is a reset of the stream alone, without a status.
	ScopeStream
	// ScopeStatus is a status of the peer or of a hop, in trailers.
	ScopeStatus
)

const (
	codePermissionDenied  = 7
	codeResourceExhausted = 8
	codeUnimplemented     = 12
	codeUnavailable       = 14
	codeUnauthenticated   = 16
)

// Closure is the end of an attachment's call.
type Closure struct {
	Scope  Scope
	Status uint32
	// Trailers, for a plain peer's status.
	Trailers any
}

func (c Closure) transient() bool {
	return c.Scope == ScopeStatus && (c.Status == codeResourceExhausted ||
		c.Status == codeUnauthenticated || c.Status == codePermissionDenied)
}

func (c Closure) permanent() bool {
	return c.transient() || (c.Scope == ScopeStatus && c.Status == codeUnimplemented)
}

// CloseReason is why a session ends a call itself.
type CloseReason int

// The reasons.
const (
	Done CloseReason = iota
	Unneeded
	Replaced
	ProtocolError
	Silent
	// ResponseHeld: a hop may hold the response until it is complete.
	ResponseHeld
)

// Op is the kind of an output.
type Op int

// What a session asks its owner for, in this order.
const (
	// OpStart: a client begins a call with Hello, to Address or where the channel leads.
	OpStart Op = iota
	// OpAccept: a server sends response headers with Welcome.
	OpAccept
	// OpRefuse: a server ends the call with Refusal in its trailers.
	OpRefuse
	// OpSend: one gRPC message, Header if HasHeader, then Body, which is retained for the writer.
	OpSend
	// OpRequest: read one more message of the call.
	OpRequest
	// OpHalfClose: a client ends the request side, as a plain peer may wait for that.
	OpHalfClose
	// OpEnd: end the call for Why.
	OpEnd
	// OpStartHandler: a server starts the application's handler.
	OpStartHandler
	// OpDeliver: the message Body at Seq is the application's.
	OpDeliver
	// OpHalfClosed: a server's application has got all.
	OpHalfClosed
	// OpReady: there is room again.
	OpReady
	// OpWaiting: the application is told that there has been no attachment for a while.
	OpWaiting
	// OpResumed: the end of OpWaiting.
	OpResumed
	// OpRestarted: what is delivered from now on comes from a handler that began anew, after Seq messages of
	// handlers before it.
	OpRestarted
	// OpEnded: the application is told End, once.
	OpEnded
)

// Output is something to do for the owner of a session.
type Output struct {
	Op        Op
	To        *Attachment
	Hello     *wire.Hello
	Handover  wire.Handover // shown beside Hello
	Address   string
	Welcome   *wire.Welcome
	Refusal   *wire.Refusal
	HasHeader bool
	Header    wire.Header
	Body      Body
	Seq       int64
	Why       CloseReason
	End       *End
}
