package session_test

import (
	"testing"
	"time"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

// heldResponse is what a server hears and says on an attachment, and when the attachment ends.
type heldResponse struct {
	name       string
	comesBack  bool // the hello has a token
	halfCloses time.Duration
	says       time.Duration // never if negative
	shown      bool          // the client shows the welcome before its half-close
	wasHeld    bool          // another attachment was ended so
	ends       time.Duration // never if negative
}

func TestAttachmentWhoseResponseAHopMayHoldEnds(t *testing.T) {
	o := session.Defaults()
	late, idle := o.AssumePlain/2, o.Handshake/2
	minute := time.Minute
	for _, each := range []heldResponse{
		{name: "late, first", halfCloses: late, says: minute, ends: minute + o.AssumePlain},
		{name: "late, again", comesBack: true, halfCloses: late, says: 2 * late, ends: 2 * late},
		{name: "late, said before", comesBack: true, halfCloses: late, ends: late},
		{name: "late, silent", comesBack: true, halfCloses: late, says: -1, ends: late + idle},
		{name: "late, first, silent", halfCloses: late, says: -1, ends: -1},
		{name: "at once, first", says: minute, ends: minute + 2*o.AssumePlain},
		{name: "at once, held before", comesBack: true, wasHeld: true, says: 2 * late, ends: 2 * late},
		{name: "at once, held before, silent", comesBack: true, wasHeld: true, says: -1, ends: idle},
		{name: "at once, again", comesBack: true, says: late, ends: -1},
		{name: "welcome shown", comesBack: true, halfCloses: late, shown: true, ends: -1},
	} {
		t.Run(each.name, func(t *testing.T) { each.run(t) })
	}
}

func (c *heldResponse) run(t *testing.T) {
	i := newInstance(t, "0123456789abcdef0123456789abcdef")
	a := i.admit(&wire.Hello{Attach: 1, Low: 1, Credit: 9, Untouched: true}, nil)
	i.server.Request(9)
	i.frame(a, wire.Header{Seq: 1})
	i.server.Processed(i.now, 1)
	if c.wasHeld {
		i.server.OnHalfClosed(0, a)
		i.server.Offer(text{1})
		i.drive()
		i.now = i.server.NextDeadline()
		i.server.OnTimeout(i.now)
		i.drive()
		i.now = 0
	}
	ended := i.ends(session.ResponseHeld)
	got := int64(ended) // one message each
	if c.comesBack {
		a = i.admit(&wire.Hello{Attach: 2, Watermark: got, Low: 1, Credit: 9, Token: i.welcome().Token}, nil)
	}
	if c.shown {
		i.frame(a, wire.Header{Credit: 9})
	}
	ends := time.Duration(-1)
	for at := time.Duration(0); at <= 2*time.Minute; at += 50 * time.Millisecond {
		i.now = int64(at)
		if at == c.halfCloses {
			i.server.OnHalfClosed(i.now, a)
			i.drive()
		}
		if at == max(c.says, 0) && c.says >= 0 {
			i.server.Offer(text{1})
			i.drive()
		}
		if i.server.NextDeadline() <= i.now {
			i.server.OnTimeout(i.now)
		}
		i.drive()
		if ends < 0 && i.ends(session.ResponseHeld) > ended {
			ends = at
		}
	}
	if ends != c.ends {
		t.Errorf("ended at %v (expected: %v)", ends, c.ends)
	}
}

// welcome is the last one that was said.
func (i *instance) welcome() *wire.Welcome {
	i.t.Helper()
	for at := len(i.said) - 1; at >= 0; at-- {
		if i.said[at].Op == session.OpAccept {
			return i.said[at].Welcome
		}
	}
	i.t.Fatal("no welcome")
	return nil
}

// ends is how many attachments were ended for a reason.
func (i *instance) ends(why session.CloseReason) int {
	n := 0
	for _, o := range i.said {
		if o.Op == session.OpEnd && o.Why == why {
			n++
		}
	}
	return n
}
